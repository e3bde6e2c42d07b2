"""What threads tell the desk: they work on the store and post these, and touch no screen."""

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter
    from kitloan_tui.lookups import Board


class StoreOpened(Message):
    """The store is open: its counter, today's lists, and what is wrong with the clock."""

    def __init__(self, counter: "Counter", board: "Board", clock: str = "") -> None:
        super().__init__()
        self.counter = counter
        self.board = board
        self.clock = clock


class Looked(Message):
    """The store was looked at: today's lists, as of when, what stood in the way; and the clock."""

    def __init__(
        self, board: "Board | None", pulse: object, trouble: str = "", clock: str = ""
    ) -> None:
        super().__init__()
        self.board = board
        self.pulse = pulse
        self.trouble = trouble
        self.clock = clock


class StoreFailed(Message):
    """The store could not be opened."""

    def __init__(self, message: str, hint: str, code: str = "") -> None:
        super().__init__()
        self.code = code
        self.message = message
        self.hint = hint


class Chosen(Message):
    """Somebody chose whose store to start; `play` for something to play with."""

    def __init__(self, college: str) -> None:
        super().__init__()
        self.college = college
