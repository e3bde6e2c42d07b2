"""Bars of text: a name, a bar, the number (pure).

Drawn here and not by a plotting library: every bar carries its own number, so nothing has to be
read off an axis; a line is a line for a screen reader too; the characters are in every font; and
the colours are the theme's, which are tested for contrast.
"""

from collections.abc import Sequence

from textual.content import Content

from kitloan_tui.widgets.pages import MUTED, TITLE, cell

_NUMBER, _MOST_NAME = 10, 30


def bars(title: str, lines: Sequence[tuple[str, int, str]], width: int) -> Content:
    """A chart.

    Args:
        title: what it shows.
        lines: a name, how much, and a word to say after the number.
        width: how many cells it may take.
    """
    most = max((amount for _, amount, _ in lines), default=0)
    after = max((len(word) for _, _, word in lines), default=0)
    name = min(_MOST_NAME, max((len(label) for label, _, _ in lines), default=0) + 1)
    room = max(8, width - name - _NUMBER - after - 1)
    drawn = [Content.styled(title, TITLE)]
    for label, amount, word in lines:
        drawn.append(
            Content.assemble(
                cell(label, name),
                (_bar(amount, most, room), "$primary"),
                (f" {amount:,}", "bold"),
                (f" {word}" if word else "", MUTED),
            )
        )
    if not lines:
        drawn.append(Content.styled("nothing yet", MUTED))
    return Content("\n").join(drawn)


def _bar(amount: int, most: int, room: int) -> str:
    """In proportion; something is never drawn as nothing."""
    return "#" * (max(1, round(amount * room / most)) if amount else 0)
