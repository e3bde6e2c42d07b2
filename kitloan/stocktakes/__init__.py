"""Stocktakes: a list that is frozen, scans from any number of desks, and what it comes to."""

from collections.abc import Sequence
from pathlib import Path

from kitloan.answers import Page
from kitloan.errors import BadInput, Refused
from kitloan.paging import PAGE
from kitloan.session import Session
from kitloan.stocktakes import opening, scan_files, scanning, taking
from kitloan.stocktakes.answers import RESULTS, Outcome, OutcomeLine, Result, Stocktake
from kitloan.stocktakes.opening import Opened
from kitloan.stocktakes.outcome import lines_of, outcome_of, stocktakes, the_stocktake
from kitloan.stocktakes.scanning import Scanned, ScansRead
from kitloan.stocktakes.taking import Confirmed


class Stocktakes:
    """The verbs of a stocktake, for one person in one college.

    Several stocktakes may be open at once. `stocktake` is everywhere an id, or a name that only
    one has; one that is not there is refused with `unknown_stocktake`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(
        self,
        name: str,
        *,
        place: str | None = None,
        sample: int | None = None,
        challenge: str | None = None,
        code: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> Opened:
        """Freeze the list of what should be found, and begin.

        On the list is every holding that is not withdrawn or on its way to another college: what
        is on loan, and what is on record as missing, too.

        Args:
            name: what people call it.
            place: only what is kept there.
            sample: only so many, drawn at random.
            challenge: ESP's challenge that it answers; where ESP's ledger is here, the list is
                what the challenge asks for, else it is as `place` and `sample` say.
            code: the challenge's one-time code.
            id: the request's id; None makes one.

        Raises:
            BadInput: `challenge_and_code`, when one of them is given alone; `bad_quantity`.
            Refused: `nothing_expected`; `wrong_code`, or `not_yours` for another college's
                challenge.
        """
        with self._session.writing(id) as writer:
            return opening.open_stocktake(writer, name, place, sample, challenge, code)

    def scan(
        self,
        stocktake: str,
        text: str,
        *,
        place: str | None = None,
        desk: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> Scanned:
        """Keep one scan, and tell what it is; also when the stocktake is closed already.

        Args:
            stocktake: which.
            text: a tag, a second tag, an asset number, or any other code.
            place: where it was scanned, if somebody knows.
            desk: which desk scanned it; None is the person's name.
            id: the scan's id, so that the same one said twice is one; None makes one.

        Raises:
            BadInput: `bad_text`, for a code that cannot be kept.
        """
        with self._session.writing(id) as writer:
            return scanning.scan(writer, stocktake, text, place, desk or self._session.actor)

    def read_scans(
        self,
        stocktake: str,
        path: Path,
        desk: str,
        *,
        place: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> ScansRead:
        """Take in what a batch scanner or a desk without the store has scanned; all or nothing.

        A line that was read before, for the same desk and place, is not taken again.

        Args:
            stocktake: which.
            path: a file with a code a line, or `code,time,place`; see `scan_files`.
            desk: which desk scanned it.
            place: where, for lines that do not say.
            id: the request's id; None makes one.

        Raises:
            BadInput: `lines_in_error`, with every line that cannot be read, lies in the future, or
                was scanned before the stocktake was opened; or the file is none that can be read.
        """
        scans, problems = scan_files.read_scans(path)
        with self._session.writing(id) as writer:
            return scanning.read_in(writer, stocktake, scans, problems, desk, place, str(path))

    def join(self, stocktake: str, desk: str, *, id: str | None = None) -> None:  # noqa: A002
        """Say that a desk scans without the store: the stocktake waits for what it has.

        Raises:
            Refused: `closed`.
        """
        with self._session.writing(id) as writer:
            taking.tell_desk(writer, stocktake, desk, waiting=True)

    def hand_in(self, stocktake: str, desk: str, *, id: str | None = None) -> None:  # noqa: A002
        """Say that all a desk scanned has been read in.

        Raises:
            BadInput: `unknown_desk`, for one that did not join.
        """
        with self._session.writing(id) as writer:
            taking.tell_desk(writer, stocktake, desk, waiting=False)

    def confirm(self, stocktake: str, tag: str, *, id: str | None = None) -> Confirmed:  # noqa: A002
        """Put on record that a borrower says they have what is on loan to them.

        Raises:
            Refused: `not_out`, or `not_expected` for what is not on the list.
        """
        with self._session.writing(id) as writer:
            return taking.confirm(writer, stocktake, tag)

    def close(
        self,
        stocktake: str,
        *,
        without: Sequence[str] = (),
        id: str | None = None,  # noqa: A002
    ) -> Outcome:
        """End a stocktake. No holding changes by it; scans that come later still count.

        Args:
            stocktake: which.
            without: desks that it no longer waits for.
            id: the request's id; None makes one.

        Raises:
            Refused: `desks_waiting`, with their names; `closed`, when it is already.
            BadInput: `unknown_desk`, in `without`.
        """
        with self._session.writing(id) as writer:
            return taking.close(writer, stocktake, without)

    def list(self) -> tuple[Stocktake, ...]:
        """Every stocktake, the newest first."""
        with self._session.reading() as connection:
            return tuple(stocktakes(connection, self._session.college))

    def current(self) -> Stocktake:
        """The stocktake that is open, to go on with.

        Raises:
            Refused: `no_stocktake_open`; `which_stocktake`, when several are open.
        """
        opened = [each for each in self.list() if each.closed_at is None]
        if len(opened) == 1:
            return opened[0]
        if opened:
            raise Refused(
                "which_stocktake",
                "Several stocktakes are open: "
                + ", ".join(f"{each.id} ({each.name})" for each in opened)
                + ".",
                f"Say which: --stocktake {opened[0].id}",
                stocktakes=[each.id for each in opened],
            )
        raise Refused(
            "no_stocktake_open",
            "No stocktake is open.",
            "Open one: kitloan stocktake open NAME; or name one that is closed, with --stocktake.",
        )

    def outcome(self, stocktake: str) -> Outcome:
        """What a stocktake comes to now."""
        with self._session.reading() as connection:
            college = self._session.college
            return outcome_of(connection, college, the_stocktake(connection, college, stocktake))

    def lines(
        self, stocktake: str, result: Result, after: str | None = None, limit: int = PAGE
    ) -> Page[OutcomeLine]:
        """What came of a stocktake, holding by holding or code by code.

        Args:
            stocktake: which.
            result: which of them; one of `RESULTS`.
            after: the `next` of the page before.
            limit: the most lines on a page.

        Raises:
            BadInput: `unknown_result`, `bad_cursor`.
        """
        if result not in RESULTS:
            raise BadInput("unknown_result", f"{result!r} is not one of {', '.join(RESULTS)}.")
        with self._session.reading() as connection:
            college = self._session.college
            which = the_stocktake(connection, college, stocktake)
            return lines_of(connection, college, which, result, after, limit)
