"""`kitloan labels`, `relabel`, `read` and `cards`: what is printed for kits, and read back.

The commands that print share three groups of options, each given to them as one value: `Paper`
(which stock, from which label, which printer), `Output` (which file, whether to print it) and
`Texts` (what a user adds to every label). `draw_labels` draws on a sheet or a roll, and
`print_drawn` answers. What is drawn goes to a file; a picture of its first page can be had too, or
instead: a preview, which puts nothing on record.

`LabelPress`, at the end, prints for the desk, and reads its photos.
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
from kitloan.storage.files import whole_file
from kitloan.text.dates import parse_date, parse_due, uk
from kitloan.text.names import clean, fold
from kitloan.text.scans import COMMANDS, describe_code
from kitloan.text.tags import grouped, mint, parse
from kitloan.values import plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.stocktakes.scanning import PictureScans
    from kitloan.values import Holding
    from kitloan_labels.adjust import Adjustment, LabelSettings
    from kitloan_labels.card import Contents
    from kitloan_labels.layout import Sheet
    from kitloan_labels.pdf import Placed
    from kitloan_labels.photos import Codes
    from kitloan_labels.rolls import Roll
    from kitloan_labels.template import Label, Subject
    from kitloan_tui.labels import LabelStock, OnPaper, Order

CARDS = "cards"
"""The stock that is plain paper; for what people cut and laminate."""

USUAL_STOCK = "l7160"
"""What the desk prints on until another stock is chosen."""

MOST_BLANK = 100_000
"""Labels in one file."""

_MOST_NOTES = 20


# -- options that several commands share -----------------------------------------------------------


def gather(options: Sequence[Any], kind: type[Any], name: str) -> Callable[[Any], Any]:
    """Give a command its options as one value, of a class whose fields have their names."""

    def decorate(function: Callable[..., None]) -> Any:
        @wraps(function)
        def command(*args: Any, **given: Any) -> None:
            one = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            function(*args, **given, **{name: one})

        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@dataclass(frozen=True, slots=True)
class Paper:
    """What to print on: the options of `paper_options`."""

    stock: str
    start: int
    printer: str | None
    offset_x: float | None
    offset_y: float | None
    scale: str | None
    save_printer: bool

    def check(self) -> None:
        """Refuse a stock that is not known."""
        if self.roll() is None:
            self.sheet()

    def must_suit_a_roll(self) -> None:
        """Refuse options for sheets only; a roll's printer finds its labels itself."""
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
        """The stock's id in the ledger: `l7160`, `zebra100x50`."""
        roll = self.roll()
        return (roll.id if roll else self.sheet()[0].id)[:60]

    def roll(self) -> "Roll | None":
        """The roll of this name; None for a sheet, and for a name that is not known."""
        from kitloan_labels.rolls import find

        return find(self.stock)

    def sheet(self) -> "tuple[Sheet, list[str]]":
        """The sheet, and what a person should check before printing on it."""
        from kitloan_labels.stock import find_or_read

        found = find_or_read(self.stock)
        return found.sheet, list(found.warnings)

    def adjustment(self, sheet: "Sheet") -> "Adjustment":
        """The printer's figures: those given here, else those saved for it and this stock."""
        from kitloan.storage.user_files import settings_file
        from kitloan_labels.adjust import EXACT, load_label_settings, parse_scale

        given: dict[str, Any] = {"offset_x": self.offset_x, "offset_y": self.offset_y}
        given["scale"] = None if self.scale is None else parse_scale(self.scale)
        given = {name: value for name, value in given.items() if value is not None}
        if self.printer is None:
            if self.save_printer:
                raise BadInput(
                    "which_printer",
                    "Which printer are these figures for?",
                    "Name it: --printer NAME.",
                )
            return replace(EXACT, **given)
        settings = load_label_settings(settings_file())
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

    def save(self, sheet: "Sheet", adjust: "Adjustment") -> None:
        """Save the printer's figures, with `--save-printer`."""
        from kitloan.storage.user_files import settings_file
        from kitloan_labels.adjust import load_label_settings, save_label_settings

        if self.save_printer and self.printer is not None:
            path = settings_file()
            settings = load_label_settings(path)
            save_label_settings(path, settings.with_printer(self.printer, sheet.id, adjust))


def paper_options(default: str | None = None) -> Callable[[Callable[..., None]], Any]:
    """`--stock`, `--start` and the printer's figures, given to the command as `paper`.

    Args:
        default: the stock when none is named; None makes the option required.
    """
    options = (
        click.option(
            "--stock",
            # To click, None is a default too: a required option must have none at all.
            **({"required": True} if default is None else {"default": default}),
            show_default=True,
            help="The sheet or roll, by any maker's number (l7160, dk11209); a Zebra's size in mm "
            "and dpi (zebra:100x50@300); or a TOML file of your own.",
        ),
        click.option(
            "--start", type=int, default=1, help="The first free label of a part-used sheet."
        ),
        click.option("--printer", metavar="NAME", help="Use the figures saved for this printer."),
        click.option("--offset-x", type=float, metavar="MM", help="Move the print to the right."),
        click.option("--offset-y", type=float, metavar="MM", help="Move the print down."),
        click.option("--scale", metavar="S", help="100 / what the 100 mm ruler measures: 1.015."),
        click.option("--save-printer", is_flag=True, help="Save the figures for next time."),
    )
    return gather(options, Paper, "paper")


@dataclass(frozen=True, slots=True)
class Output:
    """Where to write and print: the options of `output_options`."""

    out: Path | None
    preview: Path | None
    print_on: str | None = None

    def check(self) -> None:
        """Refuse what cannot be done before anything is drawn."""
        if self.out is None and self.preview is None:
            raise BadInput(
                "where_to", "No file was named.", "Add --out FILE.pdf, or --preview FILE.png."
            )
        if self.print_on is not None and self.out is None:
            raise BadInput("where_to", "What is printed is saved too.", "Add --out FILE.pdf.")
        if self.print_on:
            from kitloan_labels.printer import check_name

            check_name(self.print_on)

    @contextmanager
    def file(self) -> Iterator[Path]:
        """The PDF to write: `--out`, or one that is removed when the preview has been made."""
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

    def write_preview(self, pdf: Path) -> None:
        """Write the picture of the first page, with `--preview`."""
        if self.preview is not None:
            from kitloan_labels.pdf import write_preview

            write_preview(pdf, self.preview)

    def send(self, placed: "Sequence[Placed]") -> bool | None:
        """Print what was written; None without `--print`, False where there is no way to print."""
        if self.print_on is None or self.out is None:
            return None
        from kitloan_labels.printer import send
        from kitloan_labels.rolls import files

        return send(files(placed, self.out), self.print_on)


def output_options(function: Callable[..., None]) -> Any:
    """`--out`, `--print` and `--preview`, given to the command as `output`."""
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
    return gather(options, Output, "output")(function)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a user adds to every label: the options of `text_options`."""

    return_to: str | None
    acknowledge: tuple[str, ...]
    save_words: bool

    def settings(self) -> "LabelSettings":
        """The texts given here, else those saved."""
        from kitloan.storage.user_files import settings_file
        from kitloan_labels.adjust import load_label_settings

        saved = load_label_settings(settings_file())
        if self.return_to is not None:
            address = clean(self.return_to, "The address") if self.return_to.strip() else ""
            saved = replace(saved, return_to=address)
        if self.acknowledge:
            given = dict(map(_parse_donor, self.acknowledge))
            saved = replace(saved, acknowledge={**(saved.acknowledge or {}), **given})
        return saved

    @property
    def address(self) -> str:
        """The address for finders, after the college's name; empty where there is none."""
        return self.settings().return_to

    def save(self) -> None:
        """Save them for next time, with `--save-words`."""
        from kitloan.storage.user_files import settings_file
        from kitloan_labels.adjust import save_label_settings

        if self.save_words:
            save_label_settings(settings_file(), self.settings())


def text_options(function: Callable[..., None]) -> Any:
    """`--return-to`, `--acknowledge` and `--save-words`, given to the command as `texts`."""
    options = (
        click.option("--return-to", metavar="TEXT", help="An address or phone for finders."),
        click.option(
            "--acknowledge",
            multiple=True,
            metavar="DONOR[=WORDS]",
            help="Thank a donor on their gifts, where the gift's terms have no words for it.",
        ),
        click.option("--save-words", is_flag=True, help="Save these words for next time."),
    )
    return gather(options, Texts, "texts")(function)


_AS_SAVED = Texts(None, (), save_words=False)


def _parse_donor(text: str) -> tuple[str, str]:
    """`RAF` or `RAF=Given by the Royal Air Force`, as a donor and the words for them."""
    donor, _, words = text.partition("=")
    donor = clean(donor, "The donor")
    return donor, clean(words, "The acknowledgement") if words.strip() else f"Given by {donor}"


# -- drawing ---------------------------------------------------------------------------------------


def draw_labels(
    subjects: "Sequence[Subject]",
    template: str,
    paper: Paper,
    output: Output,
    record: Callable[[], object] | None = None,
    *,
    before_paper: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> "tuple[list[Placed], list[str]]":
    """Draw labels on sheets or a roll; returns where each is, and notes for the user.

    Args:
        subjects: what gets a label.
        template: the name of what is on them.
        paper: on which stock, from which label, by which printer.
        output: the files.
        record: records that they were printed; not called for a preview.
        before_paper: record first: a blank label that is not on record can never be claimed.
        progress: called with how many are drawn, of how many; None shows it on stderr.
    """
    from kitloan_labels import edges
    from kitloan_labels.pdf import write_sheets

    report, total = progress or Progress("Drawing labels"), len(subjects)
    roll = paper.roll()
    if roll is not None:
        return _draw_roll(roll, subjects, template, paper, output, record, report)
    sheet, notes = paper.sheet()
    adjust = paper.adjustment(sheet)
    notes += edges.notes(sheet, adjust, paper.start, total)

    def draw(path: Path) -> "list[Placed]":
        return write_sheets(
            subjects,
            sheet,
            path,
            paper.start,
            lambda done: report(done, total),
            template=template,
            adjust=adjust,
        )

    on_record = record if record is not None and output.out is not None else None
    with output.file() as out:
        with whole_file(out) as new:
            placed = draw(new)
            output.write_preview(new)
            if on_record and before_paper:
                on_record()
        if on_record and not before_paper:
            on_record()
    paper.save(sheet, adjust)
    return placed, notes + list_notes(placed)


def _draw_roll(
    roll: "Roll",
    subjects: "Sequence[Subject]",
    template: str,
    paper: Paper,
    output: Output,
    record: Callable[[], object] | None,
    progress: Callable[[int, int], None],
) -> "tuple[list[Placed], list[str]]":
    """Draw labels of a roll; arguments and result as of `draw_labels`."""
    from kitloan_labels.pdf import Placed
    from kitloan_labels.rolls import draw, saving

    output.check()
    paper.must_suit_a_roll()
    if output.preview is not None:
        first = draw(subjects[0], roll, template)
        with whole_file(output.preview) as new:
            first.picture.save(new, "PNG")
        if output.out is None:
            shown = Placed(subjects[0].tag, 1, 0.0, 0.0, first.missing, first.left_out)
            return [shown], list_notes([shown])
    out = cast("Path", output.out)  # `check` refuses None without a preview
    total = len(subjects)
    with saving(subjects, roll, out, lambda done: progress(done, total), template) as placed:
        # Recorded before the file is in place: a label not on record can never be claimed.
        if record is not None:
            record()
    return placed, list_notes(placed)


def list_notes(placed: "Sequence[Placed]") -> list[str]:
    """What labels could not show, as sentences."""
    lacking = [
        f"{grouped(p.tag) + ': ' if p.tag else ''}the font has no {p.missing!r}; shown as '?'."
        for p in placed
        if p.missing
    ]
    more = [f"... and {len(lacking) - _MOST_NOTES:,} more."] if len(lacking) > _MOST_NOTES else []
    left_out = Counter(text for p in placed for text in p.left_out)
    no_room = [f"{plural(n, 'label')} had no room for: {what}." for what, n in left_out.items()]
    return [*lacking[:_MOST_NOTES], *more, *no_room]


def print_drawn(
    app: App,
    what: str,
    placed: "Sequence[Placed]",
    output: Output,
    notes: Sequence[str],
    pages: int,
    batch: str | None = None,
) -> None:
    """Send what was drawn to a printer, with `--print`, and answer where it is.

    `batch` is the id under which a printing of labels is on record.
    """
    file = output.out or output.preview
    sent = output.send(placed)
    if app.json:
        labels = [{"tag": p.tag, "page": p.page, "x_mm": p.x_mm, "y_mm": p.y_mm} for p in placed]
        extra: dict[str, Any] = {} if sent is None else {"sent": sent}
        extra |= {} if batch is None else {"batch": batch}
        preview = {"preview": str(output.preview)} if output.preview else {}
        answer = {"file": str(file), "pages": pages, "labels": labels, "notes": list(notes)}
        print_json(answer | preview | extra)
        return
    many = plural(max(len(placed), 1), what)
    on_sheets = f" on {plural(pages, 'sheet')}" if str(file).casefold().endswith(".pdf") else ""
    print_text(f"{many}{on_sheets} in {file}{f', batch {batch}' if batch else ''}.")
    if sent is not None:
        print_text("Sent to the printer." if sent else f"This system cannot print: print {file}.")
    if output.out and output.preview:
        print_text(f"The first sheet is shown in {output.preview}.")
    for note in notes:
        print_text(f"  {note}")


# -- labels of holdings, and their bags ------------------------------------------------------------


def make_labels(
    opened: "College", holdings: "Sequence[Holding]", texts: Texts, template: str
) -> "tuple[list[Label], list[str]]":
    """The labels of holdings, or of their bags, and notes for the user."""
    from kitloan_labels.template import Label

    saved = texts.settings()
    thanks = {fold(donor): text for donor, text in (saved.acknowledge or {}).items()}
    kits = [
        Label(
            each.tag,
            each.type,
            opened.college_name,
            each.asset_number,
            return_to=saved.return_to,
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
            f"The contents list of {', '.join(without[:5])} names no bags.",
            "Name each component's bag in the list, and read it: kitloan types import FILE.",
        )
    notes = [f"{tag}: its contents list names no bags." for tag in without]
    return [bag for of_kit in bags for bag in of_kit], notes


def _bags(opened: "College", kit: "Label") -> "Iterator[Label]":
    names = list(dict.fromkeys(part.bag for part in opened.loans.contents(kit.tag) if part.bag))
    for number, name in enumerate(names, start=1):
        yield replace(kit, bag=name, which=f"{number} of {len(names)}")


def _thanks(holding: "Holding", thanks: dict[str, str]) -> str:
    """The words of the gift's terms; else the user's words for the donor."""
    terms = holding.gift
    return terms.acknowledgement or (thanks.get(fold(terms.donor), "") if terms.donor else "")


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
@text_options
@paper_options()
@output_options
@pass_app
def labels(
    app: App,
    tags: tuple[str, ...],
    every: bool,
    unlabelled: bool,
    blank: int | None,
    template: str,
    calibrate: bool,
    texts: Texts,
    paper: Paper,
    output: Output,
) -> None:
    """Print label sheets as PDF. Print the file at 100 %, never "fit to page".

    Each label has the tag as a QR code and in words, the kit type and the college's name. Labels
    for other things are in `kitloan cards`.
    """
    if sum([bool(tags), every, unlabelled, blank is not None, calibrate]) != 1:
        raise BadInput(
            "which_labels",
            "Choose one of: TAGs, --all, --unlabelled, --blank N, --calibrate.",
            "For example: kitloan labels --unlabelled --stock l7160 --out labels.pdf",
        )
    if calibrate:
        _calibrate(app, paper, output)
        return
    if blank is not None and (output.out is None or template != "kit"):
        raise BadInput(
            "which_labels",
            "Blank labels are for kits, and are always written to a file.",
            "Add --out FILE.pdf; for a look first, preview the label of any kit.",
        )
    paper.check()  # before the store is opened
    with app.open() as opened:
        notes: list[str] = []
        if blank is not None:
            wanted = _mint_labels(opened, blank, texts)
        else:
            holdings = _find_holdings(opened, tags, every, unlabelled)
            wanted, notes = make_labels(opened, holdings, texts, template)
        recorded = [label.tag for label in wanted] if template == "kit" else []

        batch: str | None = None

        def record() -> None:
            nonlocal batch
            if recorded:
                batch = opened.holdings.labels_printed(
                    recorded, blank=blank is not None, stock=paper.stock_id
                )

        # Recorded before printing: a blank label that is not on record can never be claimed.
        before_paper = blank is not None
        placed, more = draw_labels(
            wanted, template, paper, output, record, before_paper=before_paper
        )
    texts.save()
    print_drawn(app, "label", placed, output, [*notes, *more], placed[-1].page, batch)


def _calibrate(app: App, paper: Paper, output: Output) -> None:
    from kitloan_labels import edges
    from kitloan_labels.pdf import write_calibration

    sheet, notes = paper.sheet()
    adjust = paper.adjustment(sheet)
    notes += edges.notes(sheet, adjust)
    with output.file() as out, whole_file(out) as new:
        write_calibration(sheet, new, adjust)
        output.write_preview(new)
    paper.save(sheet, adjust)
    print_drawn(app, "calibration page", [], output, notes, 1)


def _find_holdings(
    opened: "College", tags: Sequence[str], every: bool, unlabelled: bool
) -> "list[Holding]":
    """The holdings to label, each once."""
    if every or unlabelled:
        tags = opened.holdings.tags() if every else opened.holdings.unlabelled()
    if not tags:
        raise BadInput(
            "nothing_to_print",
            "Every holding has its label." if unlabelled else "There is no holding to label.",
            "Print them again with --all, or name the TAGs.",
        )
    return [opened.find.holding(tag) for tag in dict.fromkeys(tags)]


def _mint_labels(opened: "College", blank: int, texts: Texts) -> "list[Label]":
    from kitloan.ledger.session import check_quantity  # the desk paints before SQLAlchemy loads
    from kitloan_labels.template import Label

    count = check_quantity(blank, "The number of labels")
    if count > MOST_BLANK:
        raise BadInput("bad_quantity", f"At most {MOST_BLANK:,} labels at once.")
    name, address = opened.college_name, texts.address
    return [Label(mint(), "", name, return_to=address) for _ in range(count)]


@command("relabel", "kitloan relabel AC0001 KL8B7XAPXYTMZ")
@click.argument("tag")
@click.argument("new", required=False)
@click.option("--move", is_flag=True, help="Take NEW from the holding whose second tag it is.")
@click.option("--free", is_flag=True, help="Take the second tag TAG away from its holding.")
@pass_app
def relabel(app: App, tag: str, new: str | None, move: bool, free: bool) -> None:
    """Give a holding a second tag, from a label that no holding has claimed.

    For a spoilt label without a printer: stick a blank one over it. Both tags are the holding's
    from then on. To print the same tag again: kitloan labels TAG. One that was claimed for the
    wrong holding is moved with --move, or freed with --free.
    """
    if free == (new is not None) or (free and move):
        raise BadInput(
            "usage",
            "Give the holding and its new tag, or --free and the tag to take away.",
            "See: kitloan relabel --help",
        )
    with app.open() as opened:
        if new is None:
            bearer = opened.find.holding(opened.holdings.free_label(tag))
            if app.json:
                print_json({"tag": bearer.tag, "freed": parse(tag)})
            else:
                print_text(f"{grouped(parse(tag))} is free: {bearer.type} has it no more.")
            return
        opened.holdings.claim_label(tag, new, move=move)
        held = opened.find.holding(tag)
    second = parse(new)
    if app.json:
        print_json({"tag": held.tag, "label": second})
    else:
        print_text(f"{grouped(held.tag)} ({held.type}) has the tag {grouped(second)} too.")


# -- reading ---------------------------------------------------------------------------------------


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
        except BadInput as problem:  # the other files are read all the same
            problems.append(problem)
            error = {"code": problem.code, "message": problem.message}
            files.append({"file": str(photo), "error": error})
        else:
            others = {"others": list(codes.others)} if codes.others else {}
            files.append({"file": str(photo), "tags": list(codes.tags)} | others)
            if not app.json:
                print_text(f"{photo}: {_shown(codes)}")
    if problems:
        (first, *_) = problems
        first.details["files"] = files
        raise first
    if not any(each["tags"] for each in files):
        app.exit_code = 1
    if app.json:
        print_json({"files": files})


def _shown(codes: "Codes") -> str:
    """The codes of a file on one line."""
    parts = [", ".join(map(grouped, codes.tags))] if codes.tags else []
    parts += [f"a code that is not kitloan's ({describe_code(each)})" for each in codes.others]
    return "; ".join(parts) or "no tag found"


# -- cards -----------------------------------------------------------------------------------------


@click.group("cards", epilog="Example: kitloan cards commands --out cards.pdf")
def cards() -> None:
    """Print cards to scan, shelf and inspection labels, and contents cards."""


@command("commands", "kitloan cards commands --out cards.pdf", group=cards)
@paper_options(CARDS)
@output_options
@pass_app
def commands(app: App, paper: Paper, output: Output) -> None:
    """The desk's command cards: scan one instead of pressing its key."""
    from kitloan_labels.template import Card
    from kitloan_tui.actions import BY_ID

    subjects = [Card(code, BY_ID[name].label, BY_ID[name].help) for code, name in COMMANDS.items()]
    placed, notes = draw_labels(subjects, "command", paper, output)
    print_drawn(app, "card", placed, output, notes, placed[-1].page)


@command(
    "organisations", "kitloan cards organisations 'Kilmarnock Academy' --out x.pdf", group=cards
)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every organisation that has borrowed.")
@paper_options(CARDS)
@output_options
@pass_app
def organisations(
    app: App, names: tuple[str, ...], every: bool, paper: Paper, output: Output
) -> None:
    """Cards of schools and partners: scan one instead of typing its name."""
    from kitloan_labels.template import LabelOrganisation

    if bool(names) == every:
        raise BadInput("which_organisations", "Name organisations, or add --all; one of them.")
    with app.open() as opened:
        college = opened.college_name
        found = [LabelOrganisation(name, college) for name in _find_organisations(opened, names)]
    placed, notes = draw_labels(found, "organisation", paper, output)
    print_drawn(app, "card", placed, output, notes, placed[-1].page)


def _find_organisations(opened: "College", names: Sequence[str]) -> list[str]:
    """The organisations as the register spells them; all of them when none is named."""
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
                f"No organisation here has the name {name!r}.",
                f"Did you mean {near}?"
                if near
                else "An organisation is known after its first loan.",
                organisation=name,
            )
        found.append(known)
    return list(dict.fromkeys(found))


@command("shelves", "kitloan cards shelves 'Store 3, bay 2' --stock l7163 --out x.pdf", group=cards)
@click.argument("places", nargs=-1, required=True)
@paper_options(CARDS)
@output_options
@pass_app
def shelves(app: App, places: tuple[str, ...], paper: Paper, output: Output) -> None:
    """Labels for shelves and cupboards, in large letters."""
    from kitloan_labels.template import Shelf

    with app.open() as opened:
        college = opened.college_name
    subjects = [Shelf(clean(place, "The place"), college) for place in places]
    placed, notes = draw_labels(subjects, "shelf", paper, output)
    print_drawn(app, "label", placed, output, notes, placed[-1].page)


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
@paper_options()
@output_options
@pass_app
def inspection(
    app: App,
    tags: tuple[str, ...],
    passed: bool | None,
    by: str,
    on: str | None,
    due: str,
    paper: Paper,
    output: Output,
) -> None:
    """Inspection labels: when, by whom, due when, PASS or FAIL. Nothing is recorded."""
    from kitloan_labels.template import InspectedOn

    if passed is None:
        raise BadInput("pass_or_fail", "Did it pass? Add --pass or --fail.")
    who = clean(by, "The inspector's name", 60)
    with app.open() as opened:
        today = opened.session.today
        day, again = parse_date(on) if on else today, parse_due(due, today)
        if day > today:
            raise BadInput("bad_date", f"{uk(day)} is in the future: today is {uk(today)}.")
        found = [opened.find.holding(tag) for tag in dict.fromkeys(tags)]
    subjects = [
        InspectedOn(each.tag, each.asset_number, uk(day), who, uk(again), passed) for each in found
    ]
    placed, notes = draw_labels(subjects, "inspection", paper, output)
    print_drawn(app, "label", placed, output, notes, placed[-1].page)


@command("contents", "kitloan cards contents AC0001 --size a5 --out contents.pdf", group=cards)
@click.argument("tags", nargs=-1, required=True)
@click.option(
    "--size",
    type=click.Choice(["a5", "a6"], case_sensitive=False),
    default="a5",
    show_default=True,
    help="The card's size.",
)
@click.option("--mail", metavar="ADDRESS", help="Add a code that opens a mail to the desk.")
@output_options
@pass_app
def contents(app: App, tags: tuple[str, ...], size: str, mail: str | None, output: Output) -> None:
    """Cards for kits' lids: the parts list, to count against.

    With --mail a second code opens a mail to the desk on a phone, with the kit's tag in it.
    """
    from kitloan.evidence.leaflets import check_mail
    from kitloan_labels.card import write_cards

    address = check_mail(mail)
    with app.open() as opened:
        found = [replace(_find_contents(opened, tag), mail=address) for tag in dict.fromkeys(tags)]
    progress = Progress("Drawing cards")
    with output.file() as out, whole_file(out) as new:
        placed = write_cards(found, size.lower(), new, lambda done: progress(done, len(found)))
        output.write_preview(new)
    print_drawn(app, "contents card", placed, output, list_notes(placed), placed[-1].page)


def _find_contents(opened: "College", tag: str) -> "Contents":
    from kitloan_labels.card import Contents, Line

    kit = opened.find.holding(tag)
    parts = opened.loans.contents(kit.tag)
    if not parts:
        raise BadInput(
            "no_contents_list",
            f"{kit.type} has no contents list.",
            "Read one with `kitloan types import FILE`.",
            tag=kit.tag,
        )
    lines = tuple(Line(p.name, p.quantity, p.bag or "", p.critical) for p in parts)
    return Contents(kit.tag, kit.type, opened.college_name, lines, kit.asset_number or "")


# -- labels at the desk ----------------------------------------------------------------------------


class LabelPress:
    """Prints labels for the desk, and reads photos; see `kitloan_tui.labels.Press`."""

    def stocks(self) -> "list[LabelStock]":
        """Every sheet, then every roll."""
        from kitloan_labels.rolls import rolls
        from kitloan_labels.stock import sheets
        from kitloan_tui.labels import LabelStock  # like all below, when it is needed

        on_sheets = [LabelStock(each.id, each.name, each.columns, each.rows) for each in sheets()]
        return on_sheets + [LabelStock(each.id, each.name) for each in rolls()]

    def stock(self, name: str) -> "LabelStock":
        """The stock with this number, or of this TOML file; the usual one for an empty name.

        Raises:
            BadInput: `no_such_stock`, `no_such_file`, `bad_stock`.
        """
        from kitloan_tui.labels import LabelStock

        paper = _paper(name or USUAL_STOCK)
        if roll := paper.roll():
            return LabelStock(paper.stock, roll.name)
        sheet, _ = paper.sheet()
        return LabelStock(paper.stock, sheet.name, sheet.columns, sheet.rows)

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
        """Draw an order into the folder of labels, record it, and send it to a printer.

        Raises:
            BadInput: `bad_start`, `cannot_write`, ...; `not_printed`, when it is saved and on
                record but the printer refused.
        """
        from kitloan_tui.labels import OnPaper

        paper = _paper(order.stock, order.start)
        out = _free_name(_labels_folder(), order.tags, paper)
        output = Output(out, None, order.printer)
        wanted, notes = make_labels(
            opened, [opened.find.holding(tag) for tag in order.tags], _AS_SAVED, "kit"
        )
        tags = [label.tag for label in wanted]
        placed, more = draw_labels(
            wanted,
            "kit",
            paper,
            output,
            lambda: opened.holdings.labels_printed(tags, blank=False, stock=paper.stock_id),
            progress=progress,
        )
        sheets = 0 if paper.roll() else placed[-1].page
        return OnPaper(out, output.send(placed), sheets, (*notes, *more))

    def scan_photo(
        self, opened: "College", which: str, photo: Path, place: str | None
    ) -> "PictureScans":
        """Record each code of a holding in a picture as seen in a stocktake.

        Raises:
            BadInput: `no_such_file`, `not_a_picture`, ...
        """
        from kitloan.cli.stocktakes import scan_photo

        return scan_photo(opened, which, photo, place=place)

    def print_blank(
        self,
        opened: "College",
        number: int,
        stock: str,
        progress: Callable[[int, int], None] | None = None,
    ) -> "OnPaper":
        """Draw so many labels with new tags into the folder of labels, and put them on record.

        Raises:
            BadInput: `bad_quantity`, `cannot_write`, `no_such_stock`, ...
        """
        from kitloan_tui.labels import OnPaper

        paper = _paper(stock or USUAL_STOCK)
        wanted = _mint_labels(opened, number, _AS_SAVED)
        tags = [label.tag for label in wanted]
        out = _free_name(_labels_folder(), tags, paper)
        placed, notes = draw_labels(
            wanted,
            "kit",
            paper,
            Output(out, None, None),
            lambda: opened.holdings.labels_printed(tags, blank=True, stock=paper.stock_id),
            before_paper=True,
            progress=progress,
        )
        return OnPaper(out, None, 0 if paper.roll() else placed[-1].page, tuple(notes))

    def print_packing_list(self, opened: "College", event: str, out: Path) -> int:
        """Draw an event's packing list; gives how many pages it has.

        Raises:
            BadInput: `unknown_event`, `cannot_write`.
        """
        from kitloan.cli.paper import packing_paper

        return packing_paper(opened, opened.packing.get(event), out).pages

    def print_cards(self, opened: "College", *, schools: bool) -> "OnPaper":
        """Draw the command cards, or a card for every organisation, into the folder of labels.

        Raises:
            BadInput: `cannot_write`; `nothing_to_print`, where no organisation has borrowed yet.
        """
        from kitloan_labels.template import Card, LabelOrganisation
        from kitloan_tui.actions import BY_ID
        from kitloan_tui.labels import OnPaper

        out = _labels_folder() / ("school-cards.pdf" if schools else "command-cards.pdf")
        subjects: list[Card] | list[LabelOrganisation]
        if schools:
            names = _find_organisations(opened, ())
            subjects = [LabelOrganisation(name, opened.college_name) for name in names]
        else:
            subjects = [
                Card(c, BY_ID[name].label, BY_ID[name].help) for c, name in COMMANDS.items()
            ]
        if not subjects:
            raise BadInput("nothing_to_print", "No school has borrowed yet.")
        template = "organisation" if schools else "command"
        paper = _paper(CARDS)
        placed, notes = draw_labels(subjects, template, paper, Output(out, None, None))
        return OnPaper(out, None, placed[-1].page, tuple(notes))

    def print_one(self, opened: "College", held: "Holding") -> str:
        """Draw one label on the stock that the user's desk used last; returns the file."""
        from kitloan_tui import settings
        from kitloan_tui.labels import Order

        chosen, _ = settings.usable(settings.default_place())
        order = Order((held.tag,), chosen.stock or USUAL_STOCK)
        return str(self.print(opened, order).file)


def _paper(stock: str, start: int = 1) -> Paper:
    return Paper(stock, start, None, None, None, None, save_printer=False)


def _labels_folder() -> Path:
    """A folder next to the user's own store, which people find and may empty."""
    from kitloan.storage.places import default_place

    folder = Path(default_place()).parent / "labels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{folder} cannot be made: {problem.strerror or problem}.",
            "Labels are saved there, also those that are printed: check who may write to it.",
            file=str(folder),
        ) from problem
    return folder


def _free_name(folder: Path, tags: Sequence[str], paper: Paper) -> Path:
    """One label has its tag as the name and replaces an older file; several have the day."""
    roll = paper.roll()
    several = len(tags) > 1
    end = ".pdf" if roll is None else ".zpl" if roll.speaks_zpl else "" if several else ".png"
    if not several:
        return folder / f"{tags[0]}{end}"
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    numbers = (folder / f"labels-{day}-{n}{end}" for n in range(1, 100_000))
    return next(file for file in numbers if not file.exists())
