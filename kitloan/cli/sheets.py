"""What every command that fills sheets is told: the stock, where to start, which printer, where to.

Used by `kitloan labels` and `kitloan cards`. What is drawn goes to a PDF, of which a picture of
the first page can be had too, or instead: a look before printing, of which nothing goes on record.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from kitloan.answers import plural
from kitloan.cli.context import App
from kitloan.cli.output import Progress, print_json, print_text
from kitloan.errors import BadInput
from kitloan.files import whole_file
from kitloan.tags import grouped

if TYPE_CHECKING:
    from kitloan_labels.adjust import Adjustment
    from kitloan_labels.pdf import Placed
    from kitloan_labels.roll import Roll
    from kitloan_labels.stock import Sheet
    from kitloan_labels.template import Subject

CARDS = "cards"
"""The stock that is plain paper; for what people cut and laminate."""

_MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class Where:
    """Where to draw: the options of `to_file`, as they were given."""

    out: Path | None
    preview: Path | None
    print_on: str | None = None

    def check(self) -> None:
        """Refuse what cannot be done before anything is drawn."""
        if self.out is None and self.preview is None:
            raise BadInput(
                "where_to", "Say where to: --out FILE.pdf, or --preview FILE.png for a look."
            )
        if self.print_on is not None and self.out is None:
            raise BadInput("where_to", "What is printed is saved too: say --out FILE as well.")
        if self.print_on:
            from kitloan_labels.printing import check_name

            check_name(self.print_on)

    @contextmanager
    def file(self) -> Iterator[Path]:
        """The PDF to write: `--out`, or one that is gone again when the picture has been made."""
        self.check()
        for path in (self.out, self.preview):
            if path is not None and path.is_dir():
                raise BadInput(
                    "cannot_write", f"{path} is a folder.", "Name a file in it.", file=str(path)
                )
        if self.out is not None:
            yield self.out
            return
        with tempfile.TemporaryDirectory(prefix="kitloan-") as folder:
            yield Path(folder) / "preview.pdf"

    def show(self, pdf: Path) -> None:
        """Make the picture, if one was asked for."""
        if self.preview is not None:
            from kitloan_labels.preview import write_preview

            write_preview(pdf, self.preview)

    def send(self, placed: "Sequence[Placed]") -> bool | None:
        """Print what was written; None when nobody asked for it, False when there is no way to."""
        if self.print_on is None or self.out is None:
            return None
        from kitloan_labels.printing import send
        from kitloan_labels.rollfiles import files

        return send(files(placed, self.out), self.print_on)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `sheet_options`, as they were given."""

    stock: str
    start: int
    printer: str | None
    offset_x: float | None
    offset_y: float | None
    scale: str | None
    save_printer: bool

    def check(self) -> None:
        """Refuse a stock that there is not."""
        if self.roll() is None:
            self.sheet()

    def must_suit_a_roll(self) -> None:
        """Refuse what has a meaning on sheets only; a roll's printer finds its labels itself."""
        moved = (self.printer, self.offset_x, self.offset_y, self.scale)
        if self.start != 1 or any(each is not None for each in moved) or self.save_printer:
            raise BadInput(
                "not_for_rolls",
                "--start, --printer, --offset-x, --offset-y, --scale and --save-printer are for "
                "sheets; this stock is a roll.",
                "Leave them out. To print at once: --print PRINTER.",
            )

    @property
    def stock_id(self) -> str:
        """What the ledger calls the stock: `l7160`, `zebra100x50`."""
        roll = self.roll()
        return (roll.id if roll else self.sheet()[0].id)[:60]

    def roll(self) -> "Roll | None":
        """The roll that the stock's name means; None when it is a sheet, or nothing."""
        from kitloan_labels.roll import find

        return find(self.stock)

    def sheet(self) -> "tuple[Sheet, list[str]]":
        """The stock, and what a person should look at before printing on it."""
        from kitloan_labels.own_stock import find

        found = find(self.stock)
        return found.sheet, list(found.warnings)

    def adjustment(self, sheet: "Sheet") -> "Adjustment":
        """What was given for the printer, over what was saved for it and this stock."""
        from kitloan_labels.adjust import EXACT, load_settings, parse_scale, settings_path

        given: dict[str, Any] = {"offset_x": self.offset_x, "offset_y": self.offset_y}
        given["scale"] = None if self.scale is None else parse_scale(self.scale)
        given = {name: value for name, value in given.items() if value is not None}
        if self.printer is None:
            if self.save_printer:
                raise BadInput(
                    "which_printer", "Say whose figures these are.", "Name it: --printer NAME."
                )
            return replace(EXACT, **given)
        settings = load_settings(settings_path())
        saved = settings.adjustment(self.printer, sheet.id)
        if saved is None and not given:
            known = ", ".join(settings.printers) or "none"
            raise BadInput(
                "no_such_printer",
                f"Nothing is saved for printer {self.printer!r} and stock {sheet.id} "
                f"(printers with figures: {known}).",
                "Print the calibration page, then give --offset-x, --offset-y, --scale and "
                "--save-printer.",
                printer=self.printer,
                stock=sheet.id,
            )
        return replace(saved or EXACT, **given)

    def keep(self, sheet: "Sheet", adjust: "Adjustment") -> None:
        """Save the printer's figures, if that was asked for."""
        from kitloan_labels.adjust import load_settings, save_settings, settings_path

        if self.save_printer and self.printer is not None:
            path = settings_path()
            settings = load_settings(path)
            save_settings(path, settings.with_printer(self.printer, sheet.id, adjust))


def sheet_options(default: str | None = None) -> Callable[[Callable[..., None]], Any]:
    """`--stock`, `--start` and the printer's figures, given to the command as `asked`.

    Args:
        default: the stock when none is named; None asks for it.
    """
    options = (
        click.option(
            "--stock",
            # To click, a default of None is one: what is required must not have it.
            **({"required": True} if default is None else {"default": default}),
            show_default=True,
            help="The sheet or roll, by any of its maker's numbers (l7160, dk11209); a Zebra's "
            "size in mm and dpi (zebra:100x50@300); or a TOML file of your own.",
        ),
        click.option(
            "--start", type=int, default=1, help="The first free label of a part-used sheet."
        ),
        click.option("--printer", metavar="NAME", help="Use the figures saved for this printer."),
        click.option("--offset-x", type=float, metavar="MM", help="Move the print to the right."),
        click.option("--offset-y", type=float, metavar="MM", help="Move the print down."),
        click.option("--scale", metavar="S", help="100 / what the 100 mm ruler measures: 1.015."),
        click.option("--save-printer", is_flag=True, help="Keep the figures for next time."),
    )
    return gathered(options, Asked, "asked")


def to_file(function: Callable[..., None]) -> Any:
    """`--out`, `--print` and `--preview`, given to the command as `where`."""
    options = (
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            metavar="FILE.pdf",
            help="The file to write; an older one is replaced. For a roll a folder for pictures, "
            "or a file that ends in .zpl.",
        ),
        click.option(
            "--print",
            "print_on",
            is_flag=False,
            flag_value="",
            metavar="[PRINTER]",
            help="Print it as well, on the system's own printer or the one named.",
        ),
        click.option(
            "--preview",
            type=click.Path(path_type=Path),
            metavar="FILE.png",
            help="A picture of the first page; without --out nothing else is written.",
        ),
    )
    return gathered(options, Where, "where")(function)


def gathered(options: Sequence[Any], kind: type[Any], name: str) -> Callable[[Any], Any]:
    """Options that a command gets as one value of a class whose fields bear their names."""

    def decorate(function: Callable[..., None]) -> Any:
        @wraps(function)
        def command(*args: Any, **given: Any) -> None:
            one = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            function(*args, **given, **{name: one})

        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def fill(
    subjects: "Sequence[Subject]",
    template: str,
    asked: Asked,
    where: Where,
    record: Callable[[], object] | None = None,
    *,
    before_paper: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> "tuple[list[Placed], list[str]]":
    """Draw labels on sheets; gives where they lie, and what a person should know.

    Args:
        subjects: what gets a label.
        template: what the labels say.
        asked: on which stock, from which label, by which printer.
        where: the files.
        record: puts on record that they were printed; not called for a mere look.
        before_paper: record first: a label that nobody knows of could never be claimed.
        progress: told how many are drawn, of how many; a line on stderr when None.
    """
    from kitloan_labels import edges
    from kitloan_labels.pdf import write_sheets

    tell_progress, total = progress or Progress("Drawing labels"), len(subjects)
    roll = asked.roll()
    if roll is not None:
        return fill_roll(roll, subjects, template, asked, where, record, tell_progress)
    sheet, notes = asked.sheet()
    adjust = asked.adjustment(sheet)
    notes += edges.notes(sheet, adjust, asked.start, total)

    def draw(path: Path) -> "list[Placed]":
        return write_sheets(
            subjects,
            sheet,
            path,
            asked.start,
            lambda done: tell_progress(done, total),
            template=template,
            adjust=adjust,
        )

    put_on_record = record if record is not None and where.out is not None else None
    with where.file() as out:
        with whole_file(out) as beside:
            placed = draw(beside)
            where.show(beside)
            if put_on_record and before_paper:
                put_on_record()
        if put_on_record and not before_paper:
            put_on_record()
    asked.keep(sheet, adjust)
    return placed, notes + notes_of(placed)


def fill_roll(
    roll: "Roll",
    subjects: "Sequence[Subject]",
    template: str,
    asked: Asked,
    where: Where,
    record: Callable[[], object] | None,
    progress: Callable[[int, int], None],
) -> "tuple[list[Placed], list[str]]":
    """Draw labels of a roll; the arguments and what it gives are those of `fill`."""
    from kitloan_labels.pdf import Placed
    from kitloan_labels.roll import draw
    from kitloan_labels.rollfiles import saving

    where.check()
    asked.must_suit_a_roll()
    if where.preview is not None:
        first = draw(subjects[0], roll, template)
        with whole_file(where.preview) as beside:
            first.picture.save(beside, "PNG")
        if where.out is None:
            looked_at = Placed(subjects[0].tag, 1, 0.0, 0.0, first.missing, first.left_out)
            return [looked_at], notes_of([looked_at])
    out = cast("Path", where.out)  # `check` saw to it
    total = len(subjects)
    with saving(subjects, roll, out, lambda done: progress(done, total), template) as placed:
        # On record before in its place: a label that nobody knows of could never be claimed.
        if record is not None:
            record()
    return placed, notes_of(placed)


def notes_of(placed: "Sequence[Placed]") -> list[str]:
    """What labels could not show, in words."""
    lacking = [
        f"{grouped(p.tag) + ': ' if p.tag else ''}the font has no {p.missing!r}; shown as '?'."
        for p in placed
        if p.missing
    ]
    more = [f"... and {len(lacking) - _MOST_NOTES:,} more."] if len(lacking) > _MOST_NOTES else []
    left_out = Counter(text for p in placed for text in p.left_out)
    no_room = [f"{plural(n, 'label')} had no room for: {what}." for what, n in left_out.items()]
    return [*lacking[:_MOST_NOTES], *more, *no_room]


def tell(
    app: App,
    what: str,
    placed: "Sequence[Placed]",
    where: Where,
    notes: Sequence[str],
    pages: int,
    batch: str | None = None,
) -> None:
    """Print what was drawn, where that was asked for; answer where it is.

    `batch` is what a printing of labels is on record as.
    """
    file = where.out or where.preview
    sent = where.send(placed)
    if app.json:
        labels = [{"tag": p.tag, "page": p.page, "x_mm": p.x_mm, "y_mm": p.y_mm} for p in placed]
        told: dict[str, Any] = {} if sent is None else {"sent": sent}
        told |= {} if batch is None else {"batch": batch}
        preview = {"preview": str(where.preview)} if where.preview else {}
        answer = {"file": str(file), "pages": pages, "labels": labels, "notes": list(notes)}
        print_json(answer | preview | told)
        return
    many = plural(max(len(placed), 1), what)
    on_sheets = f" on {plural(pages, 'sheet')}" if str(file).casefold().endswith(".pdf") else ""
    print_text(f"{many}{on_sheets} in {file}{f', batch {batch}' if batch else ''}.")
    if sent is not None:
        print_text("Sent to the printer." if sent else f"No way to print here: print {file}.")
    if where.out and where.preview:
        print_text(f"The first sheet is shown in {where.preview}.")
    for note in notes:
        print_text(f"  {note}")
