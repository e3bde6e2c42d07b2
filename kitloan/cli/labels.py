"""What every command that fills sheets is told: the stock, where to start, which printer, where to.

Used by `kitloan labels` and `kitloan cards`. What is drawn goes to a PDF, of which a picture of
the first page can be had too, or instead: a look before printing, of which nothing goes on record.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, print_json, print_text
from kitloan.errors import BadInput
from kitloan.ledger.session import check_quantity
from kitloan.storage.files import whole_file
from kitloan.text.dates import parse_date, parse_due, uk
from kitloan.text.names import clean, fold
from kitloan.text.scans import COMMANDS, describe_code
from kitloan.text.tags import grouped, mint, parse
from kitloan.values import plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.values import Holding
    from kitloan_labels.adjust import Adjustment, Settings
    from kitloan_labels.card import Contents
    from kitloan_labels.layout import Sheet
    from kitloan_labels.pdf import Placed
    from kitloan_labels.photos import Codes
    from kitloan_labels.rolls import Roll
    from kitloan_labels.template import Label, Subject
    from kitloan_tui.labels import OnPaper, Order, Stock

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
            from kitloan_labels.printer import check_name

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
            from kitloan_labels.pdf import write_preview

            write_preview(pdf, self.preview)

    def send(self, placed: "Sequence[Placed]") -> bool | None:
        """Print what was written; None when nobody asked for it, False when there is no way to."""
        if self.print_on is None or self.out is None:
            return None
        from kitloan_labels.printer import send
        from kitloan_labels.rolls import files

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
        from kitloan_labels.rolls import find

        return find(self.stock)

    def sheet(self) -> "tuple[Sheet, list[str]]":
        """The stock, and what a person should look at before printing on it."""
        from kitloan_labels.stock import find_or_read

        found = find_or_read(self.stock)
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
    from kitloan_labels.rolls import draw, saving

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


@dataclass(frozen=True, slots=True)
class Words:
    """The options of `word_options`, as they were given."""

    return_to: str | None
    acknowledge: tuple[str, ...]
    save_words: bool

    def settings(self) -> "Settings":
        """What was given, over what was saved."""
        from kitloan_labels.adjust import load_settings, settings_path

        saved = load_settings(settings_path())
        if self.return_to is not None:
            address = clean(self.return_to, "The address") if self.return_to.strip() else ""
            saved = replace(saved, return_to=address)
        if self.acknowledge:
            given = dict(map(_donor, self.acknowledge))
            saved = replace(saved, acknowledge={**(saved.acknowledge or {}), **given})
        return saved

    @property
    def address(self) -> str:
        """Where a finder is to bring a kit, besides the college; empty when nobody said."""
        return self.settings().return_to

    def keep(self) -> None:
        """Save them for next time, if that was asked for."""
        from kitloan_labels.adjust import save_settings, settings_path

        if self.save_words:
            save_settings(settings_path(), self.settings())


def word_options(function: Callable[..., None]) -> Any:
    """`--return-to`, `--acknowledge` and `--save-words`, given to the command as `words`."""
    options = (
        click.option("--return-to", metavar="TEXT", help="An address or phone for finders."),
        click.option(
            "--acknowledge",
            multiple=True,
            metavar="DONOR[=WORDS]",
            help="Say on a donor's gifts whose they are, where their terms have no words for it.",
        ),
        click.option("--save-words", is_flag=True, help="Keep these words for next time."),
    )
    return gathered(options, Words, "words")(function)


def labels_of(
    opened: "College", holdings: "Sequence[Holding]", words: Words, template: str
) -> "tuple[list[Label], list[str]]":
    """The labels of holdings, or of their bags, and what a person should know about them."""
    from kitloan_labels.template import Label

    said = words.settings()
    thanks = {fold(donor): text for donor, text in (said.acknowledge or {}).items()}
    kits = [
        Label(
            each.tag,
            each.type,
            opened.college_name,
            each.asset_number,
            return_to=said.return_to,
            thanks=_thanks(each, thanks),
        )
        for each in holdings
    ]
    if template == "kit":
        return kits, []
    bags = [list(_bags(opened, kit)) for kit in kits]
    without = [grouped(kit.tag) for kit, of_kit in zip(kits, bags, strict=True) if not of_kit]
    if len(without) == len(kits):
        raise BadInput(
            "no_bags",
            f"No bags are known of {', '.join(without[:5])}.",
            "Say in which bag each component lies: kitloan types import FILE.",
        )
    notes = [f"{tag}: its contents list names no bags." for tag in without]
    return [bag for of_kit in bags for bag in of_kit], notes


def _bags(opened: "College", kit: "Label") -> "Iterator[Label]":
    names = list(dict.fromkeys(part.bag for part in opened.loans.contents(kit.tag) if part.bag))
    for number, name in enumerate(names, start=1):
        yield replace(kit, bag=name, which=f"{number} of {len(names)}")


def _thanks(holding: "Holding", thanks: dict[str, str]) -> str:
    """What the gift's terms ask for; else what the user says of the donor's gifts."""
    terms = holding.gift
    return terms.acknowledgement or (thanks.get(fold(terms.donor), "") if terms.donor else "")


def _donor(text: str) -> tuple[str, str]:
    """`RAF` or `RAF=Given by the Royal Air Force`, as a donor and what to say."""
    donor, _, words = text.partition("=")
    donor = clean(donor, "The donor")
    return donor, clean(words, "The acknowledgement") if words.strip() else f"Given by {donor}"


USUAL_STOCK = "l7160"
_AS_SAVED = Words(None, (), save_words=False)


class LabelPress:
    """What the desk asks for labels; see `kitloan_tui.labels.Press`."""

    def stocks(self) -> "list[Stock]":
        """Every sheet, then every roll."""
        from kitloan_labels.rolls import rolls
        from kitloan_labels.stock import sheets
        from kitloan_tui.labels import Stock  # like all below, when the desk asks

        on_sheets = [Stock(each.id, each.name, each.columns, each.rows) for each in sheets()]
        return on_sheets + [Stock(each.id, each.name) for each in rolls()]

    def stock(self, name: str) -> "Stock":
        """The stock that goes by this name, or is described in this file.

        Raises:
            BadInput: `no_such_stock`, `no_such_file`, `bad_stock`.
        """
        from kitloan_tui.labels import Stock

        asked = _asked(name or USUAL_STOCK)
        if roll := asked.roll():
            return Stock(asked.stock, roll.name)
        sheet, _ = asked.sheet()
        return Stock(asked.stock, sheet.name, sheet.columns, sheet.rows)

    def printers(self) -> list[str]:
        """The printers' names, as the system has them."""
        from kitloan_labels.printer import printers

        return printers()

    def print(
        self,
        opened: "College",
        order: "Order",
        progress: Callable[[int, int], None] | None = None,
    ) -> "OnPaper":
        """Draw an order into the folder of labels, put it on record, and send it to a printer.

        Raises:
            BadInput: `bad_start`, `cannot_write`, ...; `not_printed`, when it is saved and on
                record but the printer refused.
        """
        from kitloan_tui.labels import OnPaper

        asked = _asked(order.stock, order.start)
        out = _free_name(_folder(), order.tags, asked)
        where = Where(out, None, order.printer)
        wanted, notes = labels_of(
            opened, [opened.find.holding(tag) for tag in order.tags], _AS_SAVED, "kit"
        )
        tags = [label.tag for label in wanted]
        placed, more = fill(
            wanted,
            "kit",
            asked,
            where,
            lambda: opened.holdings.labels_printed(tags, blank=False, stock=asked.stock_id),
            progress=progress,
        )
        sheets = 0 if asked.roll() else placed[-1].page
        return OnPaper(out, where.send(placed), sheets, (*notes, *more))

    def print_one(self, opened: "College", held: "Holding") -> str:
        """Draw one holding's label on the stock that the user's desk used last; gives the file."""
        from kitloan_tui import settings
        from kitloan_tui.labels import Order

        chosen, _ = settings.usable(settings.default_place())
        order = Order((held.tag,), chosen.stock or USUAL_STOCK)
        return str(self.print(opened, order).file)


def _asked(stock: str, start: int = 1) -> Asked:
    return Asked(stock, start, None, None, None, None, save_printer=False)


def _folder() -> Path:
    """Beside the user's own store: a folder that people find, and may empty."""
    from kitloan.storage.places import default_place

    folder = Path(default_place()).parent / "labels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{folder} cannot be made: {problem.strerror or problem}.",
            "Labels are saved there, also those that are printed: kitloan labels --out FILE.pdf "
            "writes them elsewhere.",
            file=str(folder),
        ) from problem
    return folder


def _free_name(folder: Path, tags: Sequence[str], asked: Asked) -> Path:
    """One label bears its tag and takes the place of an older one; several bear the day."""
    roll = asked.roll()
    several = len(tags) > 1
    end = ".pdf" if roll is None else ".zpl" if roll.speaks_zpl else "" if several else ".png"
    if not several:
        return folder / f"{tags[0]}{end}"
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    numbers = (folder / f"labels-{day}-{n}{end}" for n in range(1, 100_000))
    return next(file for file in numbers if not file.exists())


MOST_BLANK = 100_000


@command("labels", "kitloan labels --unlabelled --stock l7160 --out labels.pdf")
@click.argument("tags", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Of every holding.")
@click.option("--unlabelled", is_flag=True, help="Of every holding that has had none printed.")
@click.option("--blank", type=int, metavar="N", help="N new tags, to be claimed later.")
@click.option(
    "--template",
    type=click.Choice(["kit", "bag"]),
    default="kit",
    help="A label for each kit, or one for each bag of its contents list.",
)
@click.option("--calibrate", is_flag=True, help="A page with rulers and the labels' outlines.")
@word_options
@sheet_options()
@to_file
@pass_app
def labels(
    app: App,
    tags: tuple[str, ...],
    every: bool,
    unlabelled: bool,
    blank: int | None,
    template: str,
    calibrate: bool,
    words: Words,
    asked: Asked,
    where: Where,
) -> None:
    """Print label sheets as PDF. Print the file at 100 %, never "fit to page".

    Each label has the tag as a QR code and in words, the kit type and the college's name. Other
    things that want a label have theirs in `kitloan cards`.
    """
    if sum([bool(tags), every, unlabelled, blank is not None, calibrate]) != 1:
        raise BadInput(
            "which_labels",
            "Say which labels: TAGs, --all, --unlabelled, --blank N or --calibrate; one of them.",
            "For example: kitloan labels --unlabelled --stock l7160 --out labels.pdf",
        )
    if calibrate:
        _calibrate(app, asked, where)
        return
    if blank is not None and (where.out is None or template != "kit"):
        raise BadInput(
            "which_labels",
            "Labels to be claimed later are minted for paper, and are of kits.",
            "Give --out FILE.pdf; to look first, preview any kit's label.",
        )
    asked.check()  # a slip here is told before the store is opened
    with app.open() as opened:
        notes: list[str] = []
        if blank is not None:
            wanted = _minted(opened, blank, words)
        else:
            holdings = _wanted(opened, tags, every, unlabelled)
            wanted, notes = labels_of(opened, holdings, words, template)
        recorded = [label.tag for label in wanted] if template == "kit" else []

        batch: str | None = None

        def record() -> None:
            nonlocal batch
            if recorded:
                batch = opened.holdings.labels_printed(
                    recorded, blank=blank is not None, stock=asked.stock_id
                )

        # On record before on paper: a label that nobody knows of could never be claimed.
        before_paper = blank is not None
        placed, more = fill(wanted, template, asked, where, record, before_paper=before_paper)
    words.keep()
    tell(app, "label", placed, where, [*notes, *more], placed[-1].page, batch)


def _calibrate(app: App, asked: Asked, where: Where) -> None:
    from kitloan_labels import edges
    from kitloan_labels.pdf import write_calibration

    sheet, notes = asked.sheet()
    adjust = asked.adjustment(sheet)
    notes += edges.notes(sheet, adjust)
    with where.file() as out, whole_file(out) as beside:
        write_calibration(sheet, beside, adjust)
        where.show(beside)
    asked.keep(sheet, adjust)
    tell(app, "calibration page", [], where, notes, 1)


def _wanted(
    opened: "College", tags: Sequence[str], every: bool, unlabelled: bool
) -> "list[Holding]":
    """The holdings to label, each once."""
    if every or unlabelled:
        tags = opened.holdings.tags() if every else opened.holdings.unlabelled()
    if not tags:
        raise BadInput(
            "nothing_to_print",
            "Every holding has its label." if unlabelled else "There is no holding to label.",
            "Say --all to print them again, or name the TAGs.",
        )
    return [opened.find.holding(tag) for tag in dict.fromkeys(tags)]


def _minted(opened: "College", blank: int, words: Words) -> "list[Label]":
    from kitloan_labels.template import Label

    count = check_quantity(blank, "The number of labels")
    if count > MOST_BLANK:
        raise BadInput("bad_quantity", f"At most {MOST_BLANK:,} labels at once.")
    name, address = opened.college_name, words.address
    return [Label(mint(), "", name, return_to=address) for _ in range(count)]


@command("relabel", "kitloan relabel AC0001 KL8B7XAPXYTMZ")
@click.argument("tag")
@click.argument("new")
@pass_app
def relabel(app: App, tag: str, new: str) -> None:
    """Give a holding a second tag, off a label that nothing has claimed.

    For a spoilt label where no printer is at hand: stick a blank one over it. The holding answers
    to both tags from then on. To print the same tag again: kitloan labels TAG.
    """
    with app.open() as opened:
        opened.holdings.claim_label(tag, new)
        held = opened.find.holding(tag)
    second = parse(new)
    if app.json:
        print_json({"tag": held.tag, "label": second})
    else:
        print_text(f"{grouped(held.tag)} ({held.type}) answers to {grouped(second)} too.")


@command("read", "kitloan read photo.jpg")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_app
def read(app: App, photos: tuple[Path, ...]) -> None:
    """Find the tags in pictures: photographs, screenshots, scans, PDFs of several pages.

    Codes that are not kitloan's are listed too. The exit code is 1 when there is no tag in any of
    them.
    """
    from kitloan_labels.photos import read_codes

    files: list[dict[str, Any]] = []
    problems: list[BadInput] = []
    for photo in photos:
        try:
            codes = read_codes(photo, Progress(f"Reading {photo.name}, page"))
        except BadInput as problem:  # a file that is no picture does not keep the others out
            problems.append(problem)
            error = {"code": problem.code, "message": problem.message}
            files.append({"file": str(photo), "error": error})
        else:
            others = list(codes.others)
            files.append({"file": str(photo), "tags": list(codes.tags), "others": others})
            if not app.json:
                print_text(f"{photo}: {_found(codes)}")
    if problems:
        (first, *_) = problems
        first.details["files"] = files
        raise first
    if not any(each["tags"] for each in files):
        app.exit_code = 1
    if app.json:
        print_json({"files": files})


def _found(codes: "Codes") -> str:
    """The codes of a file on one line."""
    parts = [", ".join(map(grouped, codes.tags))] if codes.tags else []
    parts += [f"a code that is not kitloan's ({describe_code(each)})" for each in codes.others]
    return "; ".join(parts) or "no tag found"


@click.group("cards", epilog="Example: kitloan cards commands --out cards.pdf")
def cards() -> None:
    """Print cards to scan, shelf and inspection labels, and contents cards."""


@command("commands", "kitloan cards commands --out cards.pdf", group=cards)
@sheet_options(CARDS)
@to_file
@pass_app
def commands(app: App, asked: Asked, where: Where) -> None:
    """The desk's command cards: scan one to do what it says."""
    from kitloan_labels.template import Card
    from kitloan_tui.actions import BY_ID

    subjects = [Card(code, BY_ID[name].label, BY_ID[name].help) for code, name in COMMANDS.items()]
    placed, notes = fill(subjects, "command", asked, where)
    tell(app, "card", placed, where, notes, placed[-1].page)


@command(
    "organisations", "kitloan cards organisations 'Kilmarnock Academy' --out x.pdf", group=cards
)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every organisation that has borrowed.")
@sheet_options(CARDS)
@to_file
@pass_app
def organisations(
    app: App, names: tuple[str, ...], every: bool, asked: Asked, where: Where
) -> None:
    """Cards of schools and partners: scan one in the place of typing its name."""
    from kitloan_labels.template import Organisation

    if bool(names) == every:
        raise BadInput("which_organisations", "Name organisations, or say --all.")
    with app.open() as opened:
        college = opened.college_name
        found = [Organisation(name, college) for name in _known(opened, names)]
    placed, notes = fill(found, "organisation", asked, where)
    tell(app, "card", placed, where, notes, placed[-1].page)


def _known(opened: "College", names: Sequence[str]) -> list[str]:
    """The organisations as the register spells them; every one when none is named."""
    from kitloan_tui.lookups import organisation_called, organisations, spelt_nearly_like

    if not names:
        return organisations(opened.session)
    found: list[str] = []
    for name in names:
        known = organisation_called(opened.session, clean(name, "The organisation"))
        if known is None:
            near = " or ".join(spelt_nearly_like(opened.session, name))
            raise BadInput(
                "unknown_organisation",
                f"No organisation here is called {name!r}.",
                f"Did you mean {near}?" if near else "It is known from its first loan on.",
                organisation=name,
            )
        found.append(known)
    return list(dict.fromkeys(found))


@command("shelves", "kitloan cards shelves 'Store 3, bay 2' --stock l7163 --out x.pdf", group=cards)
@click.argument("places", nargs=-1, required=True)
@sheet_options(CARDS)
@to_file
@pass_app
def shelves(app: App, places: tuple[str, ...], asked: Asked, where: Where) -> None:
    """Labels for shelves and cupboards, in large letters."""
    from kitloan_labels.template import Shelf

    with app.open() as opened:
        college = opened.college_name
    subjects = [Shelf(clean(place, "The place"), college) for place in places]
    placed, notes = fill(subjects, "shelf", asked, where)
    tell(app, "label", placed, where, notes, placed[-1].page)


@command(
    "inspection",
    "kitloan cards inspection AC0001 --pass --by 'J. Bain' --due 365d --stock l7160 --out x.pdf",
    group=cards,
)
@click.argument("tags", nargs=-1, required=True)
@click.option("--pass/--fail", "passed", default=None, help="What the inspection found.")
@click.option("--by", required=True, metavar="WHO", help="Who inspected it.")
@click.option("--on", metavar="DATE", help="When; today when not given.")
@click.option("--due", required=True, metavar="365d|DATE", help="When it is due again.")
@sheet_options()
@to_file
@pass_app
def inspection(
    app: App,
    tags: tuple[str, ...],
    passed: bool | None,
    by: str,
    on: str | None,
    due: str,
    asked: Asked,
    where: Where,
) -> None:
    """Inspection labels: when, by whom, due when, PASS or FAIL. Nothing goes on record."""
    from kitloan_labels.template import Inspected

    if passed is None:
        raise BadInput("pass_or_fail", "Say what the inspection found: --pass or --fail.")
    who = clean(by, "The inspector's name", 60)
    with app.open() as opened:
        today = opened.session.today
        day, again = parse_date(on) if on else today, parse_due(due, today)
        if day > today:
            raise BadInput("bad_date", f"{uk(day)} is still to come: today is {uk(today)}.")
        found = [opened.find.holding(tag) for tag in dict.fromkeys(tags)]
    subjects = [
        Inspected(each.tag, each.asset_number, uk(day), who, uk(again), passed) for each in found
    ]
    placed, notes = fill(subjects, "inspection", asked, where)
    tell(app, "label", placed, where, notes, placed[-1].page)


@command("contents", "kitloan cards contents AC0001 --size a5 --out contents.pdf", group=cards)
@click.argument("tags", nargs=-1, required=True)
@click.option(
    "--size",
    type=click.Choice(["a5", "a6"], case_sensitive=False),
    default="a5",
    show_default=True,
    help="The card's size.",
)
@to_file
@pass_app
def contents(app: App, tags: tuple[str, ...], size: str, where: Where) -> None:
    """Cards for kits' lids: the parts list, to count against."""
    from kitloan_labels.card import write_cards

    with app.open() as opened:
        found = [_contents(opened, tag) for tag in dict.fromkeys(tags)]
    progress = Progress("Drawing cards")
    with where.file() as out, whole_file(out) as beside:
        placed = write_cards(found, size.lower(), beside, lambda done: progress(done, len(found)))
        where.show(beside)
    tell(app, "contents card", placed, where, notes_of(placed), placed[-1].page)


def _contents(opened: "College", tag: str) -> "Contents":
    from kitloan_labels.card import Contents, Line

    kit = opened.find.holding(tag)
    parts = opened.loans.contents(kit.tag)
    if not parts:
        raise BadInput(
            "no_contents_list",
            f"{kit.type} has no contents list.",
            "Say what it should hold with `kitloan types import FILE`.",
            tag=kit.tag,
        )
    lines = tuple(Line(p.name, p.quantity, p.bag or "", p.critical) for p in parts)
    return Contents(kit.tag, kit.type, opened.college_name, lines, kit.asset_number or "")
