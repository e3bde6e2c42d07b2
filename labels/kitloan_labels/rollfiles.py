"""Labels of a roll as files: a picture each, or one file of ZPL for all of them.

What the file's name ends in says which: `labels.zpl`, `one.png`, or else a folder. Nothing appears
in its place before all of it is drawn.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from kitloan.errors import BadInput
from kitloan.files import whole_file, whole_folder
from kitloan_labels import zpl
from kitloan_labels.document import READABLE
from kitloan_labels.pdf import Placed
from kitloan_labels.roll import Roll, draw
from kitloan_labels.template import Subject

_FILES = (".zpl", ".png")


@contextmanager
def saving(
    labels: Sequence[Subject],
    roll: Roll,
    out: Path,
    progress: Callable[[int], None] | None = None,
    template: str = "kit",
) -> Iterator[list[Placed]]:
    """Draws the labels; they are in their place when the block ends well, and not before.

    Args:
        labels: in the order in which they are to come off the roll.
        roll: the stock, from `roll.find`.
        out: a file that ends in `.zpl`; one that ends in `.png`, for one label; or a folder.
        progress: called after each label with the number drawn.
        template: what the labels say.

    Raises:
        BadInput: `nothing_to_print`, `wrong_file`, `bad_tag`, `too_long` or `cannot_write`.
    """
    kind = out.suffix.casefold()
    _must_suit(kind, len(labels), roll, out)
    whole = whole_file(out, READABLE) if kind in _FILES else whole_folder(out)
    with whole as beside:
        placed: list[Placed] = []
        for each in _drawn(labels, roll, template, beside, kind):
            placed.append(each)
            if progress:
                progress(len(placed))
        yield placed


def files(placed: Sequence[Placed], out: Path) -> list[Path]:
    """What lies where `out` says: the one file, or those in the folder, in the roll's order."""
    if not out.is_dir():
        return [out]
    return [out / _name(each.page, each.tag, len(placed)) for each in placed]


def _must_suit(kind: str, count: int, roll: Roll, out: Path) -> None:
    if not count:
        raise BadInput("nothing_to_print", "There are no labels to print.", "Name some.")
    problem = {
        ".zpl": "" if roll.speaks_zpl else f"{roll.name} is not for a printer that takes ZPL",
        ".png": "" if count == 1 else f"{count:,} labels do not go into one picture",
        ".pdf": f"{roll.name} is a roll, and its labels are pictures",
    }.get(kind, "")
    if problem:
        raise BadInput("wrong_file", f"{problem}.", "Name a folder for them.", file=str(out))


def _drawn(
    labels: Sequence[Subject], roll: Roll, template: str, beside: Path, kind: str
) -> Iterator[Placed]:
    keep = _in_one_file if kind == ".zpl" else _in_pictures
    with keep(beside, roll, len(labels)) as take:
        for number, subject in enumerate(labels, start=1):
            drawn = draw(subject, roll, template)
            take(number, subject.tag, drawn.picture)
            yield Placed(subject.tag, number, 0.0, 0.0, drawn.missing, drawn.left_out)


Take = Callable[[int, str, Image.Image], None]
"""Keeps a label's picture, given its number on the roll and its tag."""


@contextmanager
def _in_one_file(beside: Path, roll: Roll, total: int) -> Iterator[Take]:
    with beside.open("w", encoding="ascii", newline="\n") as file:

        def take(number: int, tag: str, picture: Image.Image) -> None:
            file.write(zpl.label(picture, roll))

        yield take


@contextmanager
def _in_pictures(beside: Path, roll: Roll, total: int) -> Iterator[Take]:
    folder = beside.is_dir()

    def take(number: int, tag: str, picture: Image.Image) -> None:
        place = beside / _name(number, tag, total) if folder else beside
        picture.save(place, "PNG", dpi=(roll.dpi, roll.dpi))

    yield take


def _name(number: int, tag: str, total: int) -> str:
    """The number first: in the order of their names they come off the roll as was asked."""
    return f"{number:0{len(str(total))}}-{tag or 'label'}.png"
