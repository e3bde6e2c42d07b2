"""Papers on A4: the loan sheet, the return receipt, the overdue letter, the day's list, leaflets.

Each is made of plain values, and is drawn with the labels' fonts. Every text from a user is drawn
as it is: reportlab's markup in it is escaped, and characters that the fonts lack are shown as `?`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, black, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from kitloan.errors import BadInput
from kitloan.evidence.leaflets import CRITICAL as CRITICAL_PARTS
from kitloan.evidence.leaflets import NO_LIST, NOT_RECORDED, Bag, Leaflet
from kitloan.storage.files import whole_file
from kitloan.text import tags
from kitloan_labels import qr
from kitloan_labels.card import CRITICAL
from kitloan_labels.fonts import BOLD, PLAIN, drawable, fonts
from kitloan_labels.pdf import READABLE

WIDTH_MM, HEIGHT_MM = 210, 297
_MARGIN = 18.0
_GREY, _RULE = Color(0.93, 0.93, 0.93), Color(0.45, 0.45, 0.45)
_INNER = (WIDTH_MM - 2 * _MARGIN) * mm

ADDRESS: Final = (22.0, 58.0, 76.0, 22.8)
"""Where the address of a letter is, in millimetres from the top left: left, top, width, height.

A DL envelope (110 x 220 mm) has its window 20 mm from the left and 18 mm from the foot, 90 x 35 mm
(BS 4264). A4 folded in three is 99 mm high, and slides 11 mm up and down in it and 10 mm from side
to side. What is in these 80 x 24 mm is seen wherever the letter has slid to.
"""
FOLDS = (99, 198)
"""Where A4 is folded in three for a DL envelope, in millimetres from the top."""
_ADDRESS_SIZES = (10, 9, 8, 7, 6, 5)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of what is in a kit. `short` is in words what of it is known to be short."""

    component: str
    quantity: int
    bag: str = ""
    critical: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class LentItem:
    """One holding on loan: what it is, and what is in it."""

    tag: str
    kind: str
    quantity: int = 1
    asset_number: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class LoanSheet:
    """What one borrower took at one time. Days are in words."""

    college: str
    to: str
    contact: str
    out_on: str
    due_on: str
    lent: tuple[LentItem, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One loan that came back. `found` is what the count came to; `short` is in words."""

    college: str
    to: str
    kind: str
    tag: str
    asset_number: str
    quantity: int
    out_on: str
    back_on: str
    by: str
    found: str
    short: tuple[str, ...] = ()
    still_out: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter for a window envelope. Line ends within a paragraph stay."""

    college: str
    address: tuple[str, ...]
    date: str
    subject: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a list: what it is, what it says when empty, and its rows."""

    title: str
    empty: str
    headings: tuple[str, ...]
    shares: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PackedRow:
    """A kit to pack, or so many of a type that nobody chose. Days are in words."""

    kind: str
    quantity: int
    tag: str
    asset_number: str
    to: str
    days: str
    note: str = ""
    out: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True)
class PackingSheet:
    """What an event needs: facts in words, a row a kit, and what is in the kits with a list."""

    college: str
    event: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[PackedRow, ...]
    listed: tuple[LentItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many pages were drawn, and the characters that are shown as `?`."""

    pages: int
    missing: str = ""


def write_loan_sheets(sheets: Sequence[LoanSheet], path: Path) -> Drawn:
    """Draw loan sheets: a kit with a contents list is on pages of its own.

    Args:
        sheets: what to draw.
        path: the PDF to write. A failure leaves the old one.

    Raises:
        BadInput: `nothing_to_print`, `cannot_write`.
    """
    paper = _Paper("Loan sheet")
    for sheet in sheets:
        listed = [each for each in sheet.lent if each.items]
        loose = [each for each in sheet.lent if not each.items]
        for each in listed:
            paper.begin(sheet.college, "Loan sheet", f"{each.kind}  {tags.grouped(each.tag)}")
            _loan_head(paper, sheet, each)
            _contents(paper, each)
            _signatures(paper)
        if loose:
            paper.begin(sheet.college, "Loan sheet", sheet.to)
            _loan_head(paper, sheet, None)
            _loose(paper, loose)
            _signatures(paper)
    return paper.write(path)


def write_receipts(receipts: Sequence[Receipt], path: Path) -> Drawn:
    """Draw receipts for what came back, one on a page; as `write_loan_sheets`."""
    paper = _Paper("Return receipt")
    for each in receipts:
        paper.begin(each.college, "Return receipt", f"{each.kind}  {tags.grouped(each.tag)}")
        facts = [
            ("Returned by", each.to),
            ("What", each.kind + (f", {each.quantity}" if each.quantity > 1 else "")),
            ("Tag", tags.grouped(each.tag)),
            ("College's number", each.asset_number),
            ("On loan from", each.out_on),
            ("Came back", each.back_on),
            ("Taken in by", each.by),
        ]
        paper.add(_facts(paper, facts, each.tag))
        paper.gap(6)
        paper.line(each.found, _HEAD)
        for short in each.short:
            paper.line(f"•  {short}", _TEXT)
        if each.short:
            paper.gap(3)
            paper.line("If any of these turn up, please send them with this paper.", _TEXT)
        if each.still_out:
            paper.gap(3)
            paper.line(f"Still on loan: {each.still_out}.", _TEXT)
        paper.gap(12)
        paper.add(_signature_rows(paper, ("Signed for the college",)))
    return paper.write(path)


def write_letters(letters: Sequence[Letter], path: Path) -> Drawn:
    """Draw letters for DL window envelopes, each from a page of its own; as `write_loan_sheets`."""
    paper = _Paper("Letter")
    for each in letters:
        paper.begin(each.college, "", each.address[0] if each.address else "", letter=each)
        paper.line(each.date, _TEXT)
        paper.gap(4)
        paper.line(each.subject, _HEAD)
        paper.gap(2)
        for paragraph in each.paragraphs:
            paper.line(paragraph, _LETTER)
    return paper.write(path)


def write_leaflet(of: Leaflet, path: Path) -> Drawn:
    """Draw the leaflet of a kit type; as `write_loan_sheets`."""
    paper = _Paper(of.type)
    paper.begin(f"Lent by {of.college}", of.type, "")
    paper.line("What is in it", _SECTION)
    if not of.bags:
        paper.line(NO_LIST, _TEXT)
    for bag in of.bags:
        paper.add(CondPageBreak(24 * mm))  # no bag's name alone at the foot of a page
        paper.line(bag.title, _STRONG)
        paper.gap(1)
        paper.add(_parts_of_bag(paper, bag))
        paper.gap(3)
    if of.bags:
        critical = any(part.critical for bag in of.bags for part in bag.parts)
        paper.line(f"{of.total:,} parts in all. {CRITICAL_PARTS if critical else ''}", _TEXT)
    for title, text in (*of.sections, ("A part is missing", of.missing_part)):
        paper.gap(4)
        paper.add(
            KeepTogether([paper.text(title, _SECTION), paper.text(text or NOT_RECORDED, _TEXT)])
        )
    return paper.write(path)


def _parts_of_bag(paper: "_Paper", bag: Bag) -> Table:
    rows: list[list[Any]] = [
        [
            paper.text("Count", _CENTRED),
            *(paper.text(each, _STRONG) for each in ("Part", "Came", "Went back")),
        ]
    ]
    rows += [
        [
            paper.text(f"{part.quantity:,}", _NUMBER),
            paper.text(part.name, _STRONG if part.critical else _TEXT),
            "",
            "",
        ]
        for part in bag.parts
    ]
    shares = (0.1, 0.58, 0.16, 0.16)
    drawn = Table(rows, colWidths=[share * _INNER for share in shares], repeatRows=1)
    drawn.setStyle(TableStyle(_ruled()))
    return drawn


def write_list(college: str, title: str, sections: Sequence[Section], path: Path) -> Drawn:
    """Draw a list to work through, with a box to tick in each row; as `write_loan_sheets`."""
    paper = _Paper(title)
    paper.begin(college, title, "")
    for section in sections:
        paper.add(CondPageBreak(30 * mm))  # no heading alone at the foot of a page
        paper.line(f"{section.title} ({len(section.rows)})", _SECTION)
        if section.rows:
            paper.add(_table(paper, section.headings, section.rows, section.shares, boxes=True))
        else:
            paper.line(section.empty, _TEXT)
        paper.gap(6)
    return paper.write(path)


_PACKED = ("Out", "In", "What", "Tag", "For", "Days", "Note")
_PACKED_SHARES = (0.06, 0.06, 0.2, 0.2, 0.19, 0.14, 0.15)


def write_packing_list(sheet: PackingSheet, path: Path) -> Drawn:
    """Draw what an event needs: a row a kit with boxes to tick out and in, then its contents.

    As `write_loan_sheets`.
    """
    paper = _Paper("Packing list")
    paper.begin(sheet.college, "Packing list", sheet.event)
    paper.line(sheet.event, _HEAD)
    paper.gap(1)
    paper.add(_facts(paper, sheet.facts, None))
    paper.gap(5)
    if not sheet.rows:
        paper.line("Nothing is booked for this event.", _TEXT)
        return paper.write(path)
    drawn: list[list[Any]] = [[paper.text(each, _CELL_HEAD) for each in _PACKED]]
    for row in sheet.rows:
        many = f"{row.quantity:,} x " if row.quantity > 1 else ""
        which = [tags.grouped(row.tag) if row.tag else "_" * 16, row.asset_number]
        words = (
            f"{many}{row.kind}",
            "\n".join(filter(None, which)),
            row.to,
            row.days,
            row.note,
        )
        boxes = [_Box(ticked=row.out), _Box(ticked=row.back)]
        drawn.append([*boxes, *(paper.text(each, _CELL) for each in words)])
    table = Table(drawn, colWidths=[share * _INNER for share in _PACKED_SHARES], repeatRows=1)
    table.setStyle(TableStyle(_ruled()))
    paper.add(table)
    paper.gap(1.5)
    paper.line(f"{sum(row.quantity for row in sheet.rows):,} to pack.", _SMALL)
    for each in sheet.listed:
        which_kit = tags.grouped(each.tag) if each.tag else "any kit of this type"
        paper.begin(sheet.college, "Packing list", f"{sheet.event}: {each.kind}  {which_kit}")
        paper.add(_facts(paper, [("What", each.kind), ("Kit", which_kit)], each.tag or None))
        paper.gap(5)
        _contents(paper, each)
    return paper.write(path)


# -- the page --------------------------------------------------------------------------------------


def _style(name: str, font: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.28, **more)


_HEAD = _style("head", BOLD, 11.5, spaceAfter=2)
_TEXT = _style("text", PLAIN, 9.5)
_STRONG = _style("strong", BOLD, 9.5)
_CELL_HEAD = _style("cell head", BOLD, 8.5)
_CELL = _style("cell", PLAIN, 8.5)
_CENTRED = _style("centred", BOLD, 9.5, alignment=1)
_SECTION = _style("section", BOLD, 11.5, spaceAfter=3)
_SMALL = _style("small", PLAIN, 7.5)
_LETTER = _style("letter", PLAIN, 10.5, spaceAfter=7)
_NUMBER = _style("number", PLAIN, 9.5, alignment=1)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is on every page of a part: whose it is, its title, and what goes on a further page."""

    college: str
    title: str
    further: str
    letter: Letter | None


class _Paper:
    """A document that is made of parts, each from a page of its own."""

    def __init__(self, title: str) -> None:
        fonts()
        self._title = title
        self._parts: list[_Part] = []
        self._story: list[Flowable] = []
        self.missing: set[str] = set()

    def begin(
        self, college: str, title: str, further: str, *, letter: Letter | None = None
    ) -> None:
        """Begin a part on a new page."""
        if self._parts:
            self._story += [NextPageTemplate(f"first{len(self._parts)}"), PageBreak()]
        self._story.append(NextPageTemplate(f"further{len(self._parts)}"))
        self._parts.append(_Part(college, title, further, letter))

    def text(self, words: str, style: ParagraphStyle) -> Paragraph:
        """A paragraph of plain words; line ends in them stay."""
        lines = [escape(drawable(line, style.fontName, self.missing)) for line in words.split("\n")]
        return Paragraph("<br/>".join(lines), style)

    def add(self, what: Flowable) -> None:
        """Go on with something drawn."""
        self._story.append(what)

    def line(self, words: str, style: ParagraphStyle) -> None:
        """Go on with a paragraph."""
        self.add(self.text(words, style))

    def gap(self, height_mm: float) -> None:
        """Leave some room."""
        self.add(Spacer(1, height_mm * mm))

    def write(self, path: Path) -> Drawn:
        """Write the file.

        Raises:
            BadInput: `nothing_to_print`, `cannot_write`.
        """
        if not self._parts:
            raise BadInput("nothing_to_print", "There is nothing to print.", "Name a loan.")
        pages: list[int] = []

        def canvas(*given: Any, **named: Any) -> _Counted:
            return _Counted(pages, *given, **named)

        with whole_file(path, READABLE) as new, new.open("wb") as file:
            document = BaseDocTemplate(
                file,
                pagesize=(WIDTH_MM * mm, HEIGHT_MM * mm),
                title=self._title,
                author="kitloan",
                invariant=1,
                lang="en-GB",
                pageCompression=1,
            )
            for number, part in enumerate(self._parts):
                document.addPageTemplates(
                    [
                        self._template(f"first{number}", part, further=False),
                        self._template(f"further{number}", part, further=True),
                    ]
                )
            document.build(self._story, canvasmaker=canvas)
        return Drawn(sum(pages), "".join(sorted(self.missing)))

    def _template(self, name: str, part: _Part, *, further: bool) -> PageTemplate:
        top = 22.0 if further else 32.0
        if part.letter is not None and not further:
            top = 92.0
        frame = Frame(
            _MARGIN * mm,
            18 * mm,
            _INNER,
            (HEIGHT_MM - top - 18) * mm,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        return PageTemplate(name, [frame], onPage=self._draw(part, further=further))

    def _draw(self, part: _Part, *, further: bool) -> Callable[[Canvas, Any], None]:
        def words(canvas: Canvas, font: str, size: float, x: float, y: float, text: str) -> None:
            canvas.setFont(font, size)
            canvas.drawString(x * mm, (HEIGHT_MM - y) * mm, drawable(text, font, self.missing))

        def draw(canvas: Canvas, _document: Any) -> None:
            if isinstance(canvas, _Counted):
                canvas.part += not further
            canvas.saveState()
            if further:
                words(
                    canvas,
                    PLAIN,
                    9,
                    _MARGIN,
                    15,
                    _short(f"{part.title}  {part.further}".strip(), 95),
                )
            elif part.letter is not None:
                words(canvas, BOLD, 12, _MARGIN, 20, part.college)
                self._address(canvas, part.letter)
            else:
                words(canvas, BOLD, 18, _MARGIN, 21, part.title)
                words(canvas, PLAIN, 10, _MARGIN, 27, part.college)
            canvas.restoreState()

        return draw

    def _address(self, canvas: Canvas, letter: Letter) -> None:
        left, top, width, height = ADDRESS
        lines = [_short(each, 90) for each in letter.address if each]
        for size in _ADDRESS_SIZES:
            block = [self.text(each, _style("address", PLAIN, size)) for each in lines]
            heights = [each.wrap(width * mm, height * mm)[1] for each in block]
            if sum(heights) <= height * mm:
                break
        y = (HEIGHT_MM - top) * mm
        for each, used in zip(block, heights, strict=True):
            y -= used
            each.drawOn(canvas, left * mm, y)
        canvas.setLineWidth(0.3)
        for fold in FOLDS:
            at = (HEIGHT_MM - fold) * mm
            canvas.line(4 * mm, at, 9 * mm, at)


class _Counted(Canvas):
    """A canvas that numbers the pages of each part, "Page 1 of 3", once all are there."""

    def __init__(self, count: list[int], *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._count = count
        self._kept: list[dict[str, Any]] = []
        self.part = 0

    def showPage(self) -> None:  # noqa: N802  # reportlab's own name
        """Keep the page until all are there."""
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # the stubs leave it out

    def save(self) -> None:
        """Write every page with its number."""
        kept = self._kept
        self._count.append(len(kept))
        of = Counter(state["part"] for state in kept)
        so_far: Counter[int] = Counter()
        for state in kept:
            self.__dict__.update(state)
            so_far[self.part] += 1
            words = f"Page {so_far[self.part]} of {of[self.part]}"
            self.setFont(PLAIN, 8)
            self.drawRightString((WIDTH_MM - _MARGIN) * mm, 10 * mm, words)
            super().showPage()
        super().save()


class _Code(Flowable):
    """The code of a tag, so that the paper can be scanned when the kit comes back."""

    def __init__(self, tag: str, side_mm: float) -> None:
        super().__init__()
        self._matrix = qr.modules(tags.parse(tag))
        self._module = side_mm * mm / (len(self._matrix) + 2 * qr.QUIET)
        self.width = self.height = side_mm * mm

    def draw(self) -> None:
        """Draw it, with its quiet zone."""
        canvas, quiet = self.canv, qr.QUIET
        canvas.saveState()
        canvas.translate(0, self.height)
        canvas.scale(self._module, self._module)
        path = canvas.beginPath()
        for row, column, length in qr.runs(self._matrix):
            path.rect(quiet + column, -(quiet + row + 1), length, 1)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()


# -- parts of a page -------------------------------------------------------------------------------


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _facts(paper: _Paper, facts: Sequence[tuple[str, str]], tag: str | None) -> Table:
    rows = [[paper.text(name, _TEXT), paper.text(value, _STRONG)] for name, value in facts if value]
    side = 26.0 if tag else 0.0
    inner = Table(rows, colWidths=[34 * mm, _INNER - (34 + side) * mm], hAlign="LEFT")
    inner.setStyle(_plain())
    if tag is None:
        return inner
    beside = Table([[inner, _Code(tag, side)]], colWidths=[_INNER - side * mm, side * mm])
    beside.setStyle(_plain())
    return beside


@cache
def _plain() -> TableStyle:
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 0.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
        ]
    )


def _loan_head(paper: _Paper, sheet: LoanSheet, lent: LentItem | None) -> None:
    facts = [("Lent to", sheet.to), ("Contact", sheet.contact)]
    if lent is not None:
        facts += [
            ("What", lent.kind),
            ("Tag", tags.grouped(lent.tag)),
            ("College's number", lent.asset_number),
        ]
    facts += [("Went out", sheet.out_on), ("Due back", sheet.due_on)]
    paper.add(_facts(paper, facts, lent.tag if lent else None))
    paper.gap(5)


_COUNTED = ("", "Part", "Expected", "Out", "In")
_COUNT_SHARES = (0.05, 0.53, 0.14, 0.14, 0.14)


def _contents(paper: _Paper, lent: LentItem) -> None:
    """The contents by bag, to be counted out and counted in."""
    rows: list[list[Any]] = [
        [paper.text(each, _CENTRED if n > 1 else _STRONG) for n, each in enumerate(_COUNTED)]
    ]
    style: list[tuple[Any, ...]] = [*_ruled(), ("LINEBEFORE", (2, 0), (-1, -1), 0.4, _RULE)]
    bag: str | None = None
    for item in lent.items:
        if item.bag != bag and (item.bag or bag):
            style += [("SPAN", (0, len(rows)), (-1, len(rows)))]
            style += [("BACKGROUND", (0, len(rows)), (-1, len(rows)), _GREY)]
            rows.append([paper.text(item.bag or "Without a bag", _STRONG), "", "", "", ""])
        bag = item.bag
        name = paper.text(item.component, _STRONG if item.critical else _TEXT)
        what = [name, paper.text(item.short, _SMALL)] if item.short else name
        mark = paper.text(CRITICAL if item.critical else "", _STRONG)
        rows.append([mark, what, paper.text(f"{item.quantity:,}", _NUMBER), "", ""])
    table = Table(rows, colWidths=[share * _INNER for share in _COUNT_SHARES], repeatRows=1)
    table.setStyle(TableStyle(style))
    paper.add(table)
    total = sum(item.quantity for item in lent.items)
    paper.gap(1.5)
    words = f"{total:,} parts in {len(lent.items)} lines."
    if any(item.critical for item in lent.items):
        words += f"  {CRITICAL} the kit cannot be used without it."
    paper.line(words, _SMALL)


def _loose(paper: _Paper, lent: Sequence[LentItem]) -> None:
    headings = ("What", "Tag", "Number", "Quantity", "Out", "In")
    rows = [
        (each.kind, tags.grouped(each.tag), each.asset_number, f"{each.quantity:,}", "", "")
        for each in lent
    ]
    paper.add(_table(paper, headings, rows, (0.34, 0.22, 0.14, 0.1, 0.1, 0.1)))


def _signatures(paper: _Paper) -> None:
    """Two lines when it goes and two when it comes back, kept together on a page."""
    ends = [
        ("When it goes out", ("For the college", "For the borrower")),
        ("When it comes back", ("For the borrower", "For the college")),
    ]
    paper.gap(5)
    block: list[Flowable] = []
    for title, who in ends:
        block += [paper.text(title, _HEAD), _signature_rows(paper, who), Spacer(1, 3 * mm)]
    paper.add(KeepTogether(block))


def _signature_rows(paper: _Paper, who: Sequence[str]) -> Table:
    rows = [[paper.text(each, _TEXT), "", paper.text("Date", _TEXT), ""] for each in who]
    table = Table(
        rows,
        colWidths=[36 * mm, _INNER - (36 + 14 + 34) * mm, 14 * mm, 34 * mm],
        rowHeights=[11 * mm] * len(rows),
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
                ("LINEBELOW", (1, 0), (1, -1), 0.5, black),
                ("LINEBELOW", (3, 0), (3, -1), 0.5, black),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("LEFTPADDING", (2, 0), (2, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return table


def _ruled() -> list[tuple[Any, ...]]:
    return [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, black),
        ("BACKGROUND", (0, 0), (-1, 0), white),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ]


def _table(
    paper: _Paper,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
    *,
    boxes: bool = False,
) -> Table:
    """A table whose head is on each of its pages; a cell is as high as its words need."""
    style = _ruled()
    widths = [share * _INNER for share in shares]
    head, text = (_CELL_HEAD, _CELL) if boxes else (_STRONG, _TEXT)
    drawn: list[list[Any]] = [[paper.text(each, head) for each in headings]]
    drawn += [[paper.text(cell, text) for cell in row] for row in rows]
    if boxes:
        side = 8 * mm
        widths = [
            side,
            *(width - side * share for width, share in zip(widths, shares, strict=True)),
        ]
        drawn = [["" if not n else _Box(), *row] for n, row in enumerate(drawn)]
    table = Table(drawn, colWidths=widths, repeatRows=1)
    table.setStyle(TableStyle(style))
    return table


class _Box(Flowable):
    """A box to tick, or that is ticked already."""

    def __init__(self, *, ticked: bool = False) -> None:
        super().__init__()
        self._ticked = ticked
        self.width = self.height = 3.4 * mm

    def draw(self) -> None:
        """Draw it."""
        self.canv.setLineWidth(0.7)
        self.canv.rect(0, 0, self.width, self.height)
        if self._ticked:
            low, middle, top = 0.2 * self.height, 0.4 * self.width, 0.8 * self.height
            self.canv.line(0.15 * self.width, 0.5 * self.height, middle, low)
            self.canv.line(middle, low, 0.85 * self.width, top)
