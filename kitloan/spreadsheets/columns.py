"""Which header means which field, and which line of a sheet is its header.

Every college heads its columns in its own words, so the words are a table: for each field, what
people call it, best first. Headers are compared without case, spaces and punctuation. A field
gets one column, the best match; a column gets one field; what is left over is kept as extra.
Words that could as well mean something else ("Number", "Name", "Date") are not in the table: a
map file says what they are.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from kitloan.spreadsheets.sheets import Sheet, Value, letter
from kitloan.spreadsheets.values import as_text
from kitloan.text.names import fold, tidy

WORDS: dict[str, tuple[str, ...]] = {
    "tag": ("tag", "kitloan tag", "kl tag", "kitloan code", "kitloan label"),
    "asset_number": (
        *("asset number", "asset no", "kit number", "kit no", "asset tag", "asset id"),
        *("asset ref", "asset reference", "asset code", "asset", "kit id", "kit ref", "kit code"),
        *("item number", "item no", "item id", "item ref", "item code", "equipment number"),
        *("equipment no", "equipment id", "inventory number", "inventory no", "barcode"),
        *("ref no", "ref", "reference number", "reference no", "reference", "id", "code"),
    ),
    "type": (
        *("kit type", "type of kit", "item type", "equipment type", "resource type", "type"),
        *("kit name", "item name", "resource name", "equipment name", "name of kit"),
        *("name of item", "kit", "kits", "item", "items", "equipment", "resource", "resources"),
        *("product", "kit description", "item description", "description of kit"),
        *("description of item", "equipment description", "description"),
    ),
    "quantity": (
        *("quantity", "qty", "how many", "number of kits", "number of items", "no of kits"),
        *("no of items", "number of", "no of", "number held", "count", "units", "stock level"),
        *("in stock", "stock"),
    ),
    "location": (
        *("location", "where kept", "kept at", "kept in", "where stored", "storage location"),
        *("stored at", "stored in", "where", "store room", "store", "storage", "campus", "site"),
        *("building", "room", "cupboard", "shelf", "place", "base"),
    ),
    "serial": ("serial number", "serial no", "serial", "s/n"),
    "condition": ("condition", "condition of kit", "condition of item", "state of repair", "state"),
    "donor": (
        *("donor", "donated by", "name of donor", "donor name", "given by", "gift of"),
        *("gift from", "gifted by", "presented by", "provided by", "received from", "from"),
        *("source",),
    ),
    "funding_source": (
        *("funding source", "source of funding", "source of funds", "funded by", "funding"),
        *("funder", "fund", "funding stream", "grant"),
    ),
    "title": ("title", "legal title", "title held", "ownership", "terms of gift", "terms"),
    "document": (
        *("document", "document ref", "deed of gift", "gift letter", "gift agreement"),
        *("loan agreement", "agreement", "letter", "paperwork"),
    ),
    "gift": ("gift id", "esp gift", "gift number", "gift no", "gift code", "tranche"),
    "acknowledgement": ("acknowledgement", "donor acknowledgement", "credit line"),
    "value": (
        *("value", "unit value", "value each", "replacement value", "replacement cost"),
        *("insurance value", "current value", "estimated value", "value gbp"),
        *("value in pounds", "cost", "unit cost", "cost each", "purchase cost", "price"),
        *("unit price", "price each", "purchase price"),
    ),
    "value_basis": (
        *("value basis", "basis of value", "basis of valuation", "valuation basis"),
        *("how valued", "basis"),
    ),
    "valued_on": (
        *("valued on", "date valued", "valuation date", "date of valuation", "value date"),
        *("valued",),
    ),
    "received_on": (
        *("received on", "date received", "received", "date of receipt", "receipt date"),
        *("date of gift", "gift date", "date donated", "donated on", "date acquired"),
        *("acquired on", "acquired", "acquisition date", "date purchased", "date of purchase"),
        *("purchase date",),
    ),
    "last_sighted_on": (
        *("last sighted on", "last sighted", "last seen on", "last seen", "last checked on"),
        *("last checked", "date last checked", "date last seen", "checked on", "date checked"),
        *("sighted on", "date sighted", "sighted", "checked", "last check", "last inspected"),
        *("inspected", "last audited", "last audit", "last counted"),
    ),
    "on_loan_to": (
        *("on loan to", "loaned to", "lent to", "loan to", "current borrower", "borrower"),
        *("borrowed by", "issued to", "out to", "currently with", "who has it"),
        *("borrowing school", "name of school", "school name", "school", "organisation"),
    ),
    "due_on": (
        *("due back on", "due back", "date due back", "due on", "due date", "date due"),
        *("return due", "due for return", "return by", "to be returned", "back by"),
        *("return date", "due"),
    ),
    "contact": (
        *("contact", "contact name", "name of contact", "contact person", "borrower contact"),
        *("school contact", "contact teacher", "teacher", "name of teacher", "teacher name"),
        *("lead teacher", "borrowers contact"),
    ),
    "contact_email": ("contact email", "email", "email address", "teacher email"),
    "contact_phone": (
        *("contact phone", "phone", "phone number", "phone no", "telephone", "telephone number"),
        *("telephone no", "contact telephone", "contact number", "contact no", "tel", "tel no"),
        *("mobile", "mobile number"),
    ),
    "home_college": (
        *("home college", "owning college", "college", "college name", "owner", "owned by"),
        *("holding college", "host college", "lead college"),
    ),
}

FIELDS = tuple(WORDS)
HEADER_DEPTH = 30
"""Lines from the top in which a header is looked for."""

# Brackets hold units, "(£)" or "(GBP)"; thousands are the one unit that must not be dropped.
_BRACKETS = re.compile(r"\((?![^)]*000)[^)]*\)")
_PIECES = re.compile(r"\s*(?:[/&\n]|\bor\b|\band\b)\s*")


def squeeze(text: str) -> str:
    """`text` by its letters and digits alone: "Kit No." and "KIT_NO" are one, and so is "Kit #"."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("#", "no")
    return "".join(character for character in text if character.isalnum())


_MEANINGS = {
    squeeze(words): (field, rank)
    for field, phrases in WORDS.items()
    for rank, words in enumerate(phrases)
}


def header_texts(sheet: Sheet, position: int) -> tuple[str, ...]:
    """The headers in the line at a position of a sheet, unlike each other and never empty.

    A column with no header is called by its letter; a header that comes again gets a number.
    """
    line = sheet.lines[position]
    seen: dict[str, int] = {}
    headers = []
    for index in range(len(line.values)):
        header = _text(sheet.value(line, index)) or f"Column {letter(index)}"
        key = fold(header)
        seen[key] = seen.get(key, 0) + 1
        headers.append(header if seen[key] == 1 else f"{header} ({seen[key]})")
    return tuple(headers)


def recognise(headers: Sequence[str], told: Mapping[str, str]) -> tuple[str | None, ...]:
    """The field that each header means, None for an extra column.

    Args:
        headers: as `header_texts` gives them.
        told: by folded header, the field that the user's map gives it; empty for an extra column.
    """
    fields: list[str | None] = [told.get(fold(header)) or None for header in headers]
    taken = {field for field in fields if field}
    candidates = sorted(
        (cost, index, field)
        for index, header in enumerate(headers)
        if fold(header) not in told
        for cost, field in _meanings(header)
    )
    for _, index, field in candidates:
        if fields[index] is None and field not in taken:
            fields[index] = field
            taken.add(field)
    return tuple(fields)


def find_header(sheet: Sheet, told: Mapping[str, str]) -> int | None:
    """The position of the line that is recognised best as a header; None when none is.

    It must name the kind of thing or its number, and one field more, unless a map names them.
    """
    best, best_score = None, 0
    for position in range(min(len(sheet.lines), HEADER_DEPTH)):
        headers = header_texts(sheet, position)
        fields = {field for field in recognise(headers, told) if field}
        mapped = any(fold(header) in told for header in headers)
        if not fields & {"type", "asset_number"} or (len(fields) < 2 and not mapped):
            continue
        if len(fields) > best_score:
            best, best_score = position, len(fields)
    return best


def _meanings(header: str) -> Iterator[tuple[tuple[int, int], str]]:
    """What a header may mean: the whole of it before the part outside brackets, before pieces."""
    outside = _BRACKETS.sub(" ", header)
    pieces = _PIECES.split(outside) if len(header) < 100 else []
    for looseness, variants in enumerate(([header], [outside], pieces)):
        for variant in variants:
            meaning = _MEANINGS.get(squeeze(variant))
            if meaning:
                field, rank = meaning
                yield (looseness, rank), field


def _text(value: Value) -> str:
    # a header is shown wherever its column is named, so nothing hidden may ride on it
    return "".join(c for c in tidy(as_text(value)) if c.isprintable())[:200]
