"""Schools: lists by vintage, searching them by first letters, and linking borrowers to schools.

A list is reference data, outside the ledger: it can be read again. Each vintage is kept. What all
of them have of a school is put together once, when a list is read: each field from the newest
vintage that has it. A school that the newest list does not have is not listed, and stays. A link is
an entry, because a person decided it; it names the vintage from which the SchUID was taken.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from kitloan.borrowers.organisations import borrower, organisation_id
from kitloan.errors import BadInput
from kitloan.imports.rows import Problem
from kitloan.ledger.facts.evidence import SchoolLinked
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.queries.paging import PAGE, page_of
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Organisation, table
from kitloan.tables.evidence import School, SchoolLink, SchoolNow
from kitloan.text.fields import SCHUID, SchoolFields
from kitloan.text.names import fold, sought
from kitloan.values import Page

if TYPE_CHECKING:
    from kitloan.evidence.schoollist import ListedSchool, SchoolList

organisation = table(Organisation)
school, school_now, school_link = table(School), table(SchoolNow), table(SchoolLink)

_FIELDS = tuple(SchoolFields.model_fields)
"""What several vintages may have of a school."""
_APOSTROPHES = str.maketrans("", "", "'’‘`´")
_PROPOSED = 3

_of_school = Query(
    select(school_now).where(
        school_now.c.college == bindparam("c"), school_now.c.schuid == bindparam("s")
    )
)
_link_of = Query(
    select(school_link.c.schuid, school_link.c.vintage).where(
        school_link.c.college == bindparam("c"), school_link.c.organisation == bindparam("o")
    )
)
_any_list = Query(select(school.c.schuid).where(school.c.college == bindparam("c")).limit(1))


@dataclass(frozen=True, slots=True)
class ListTaken:
    """A list of schools that was read.

    Attributes:
        vintage: what it is of.
        sheet: the sheet's name.
        header_row: the row of its headings.
        rows: rows with a SEED code.
        schools: how many establishments it has, one for each department.
        added: how many no earlier list had.
        unlisted: how many earlier lists have and the newest has not.
        columns: what each heading was taken for.
        problems: values that were left out.
    """

    vintage: str
    sheet: str
    header_row: int
    rows: int
    schools: int
    added: int
    unlisted: int
    columns: Mapping[str, str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school as all lists together have it. `vintage` is of the newest list that has it."""

    schuid: str
    name: str
    council: str | None
    roll: int | None
    listed: bool
    vintage: str
    sector: str
    postcode: str | None


@dataclass(frozen=True, slots=True)
class Linked:
    """Which school a borrower is. `name` is the school's, None where no list has it."""

    organisation: str
    schuid: str
    name: str | None
    vintage: str | None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A borrower of whom nobody confirmed which school it is, with schools that it may be."""

    organisation: str
    proposals: tuple[SchoolLine, ...]


class Schools:
    """Lists of schools, and which school a borrower is."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take_in(self, path: Path, vintage: str | None = None) -> ListTaken:
        """Read a published list. A list that was read before changes nothing.

        Args:
            path: a CSV, XLSX, XLS or ODS file.
            vintage: what it is of, where neither the file nor its name has it.

        Raises:
            BadInput: as `kitloan.evidence.schoollist.read_school_list`; `bad_vintage`, for a year
                after the next, because that list would lead over every real one for years. Nothing
                was changed.
        """
        from kitloan.evidence.schoollist import read_school_list  # no counter needs what it loads

        found = read_school_list(path, vintage)
        today = self._session.today
        if int(found.vintage[:4]) > today.year + 1:
            raise BadInput(
                "bad_vintage",
                f"{path.name} is of {found.vintage} as it shows itself, which has not come yet.",
                "Correct the date in its title or name, or give a list of an earlier day.",
                file=str(path),
                value=found.vintage,
            )
        college = self._session.college
        with self._session.store.write() as connection:
            before = _ids(connection, college)
            _keep(connection, college, found)
            unlisted = _put_together(connection, college)
        return ListTaken(
            vintage=found.vintage,
            sheet=found.sheet,
            header_row=found.header_row,
            rows=found.rows,
            schools=len(found.schools),
            added=len({each.schuid for each in found.schools} - before),
            unlisted=unlisted,
            columns=found.columns,
            problems=(*_of_a_day_to_come(found, today), *found.problems),
        )

    def find(self, text: str = "", after: str | None = None, limit: int = PAGE) -> Page[SchoolLine]:
        """Schools of which each word of `text` begins a word of the name, by name.

        Case, accents, apostrophes and hyphens do not count; `saint` is `st`. A SchUID, a SEED code
        and a postcode are words too.

        Args:
            text: words, or their first letters.
            after: the `next` of the page before.
            limit: the most schools on a page.

        Raises:
            BadInput: `bad_text`; `bad_cursor`.
        """
        wanted = _found_by(self._session.college, search_words(" ".join(sought(text))))
        with self._session.reading() as connection:
            page = page_of(
                connection, wanted, (school_now.c.sort, school_now.c.schuid), after, limit
            )
        return Page(tuple(map(_line, page.items)), page.total, page.next)

    def names(self, text: str, limit: int, *, begin: bool = False) -> list[str]:
        """Names on the lists for what somebody types: the listed ones first, each once.

        Args:
            text: words, or their first letters.
            limit: the most names.
            begin: only names that begin with the text, and not with another word before it.
        """
        words = search_words(text)
        if not words:
            return []
        wanted = _found_by(self._session.college, words)
        if begin:
            wanted = wanted.where(school_now.c.sort.startswith(" ".join(words), autoescape=True))
        wanted = wanted.order_by(school_now.c.listed.desc(), school_now.c.sort).limit(limit)
        with self._session.reading() as connection:
            return list(dict.fromkeys(row.name for row in connection.execute(wanted)))

    def link(
        self, name: str, schuid: str, *, new_too: bool = False, request_id: str | None = None
    ) -> Linked:
        """Record which school a borrower is, as a person confirms it.

        Args:
            name: the borrower; one not met before is taken in.
            schuid: the school's id, on a list that was read; or `X-` and an id of your own for a
                school that no list has.
            new_too: whether a borrower that is nearly a known one may be new.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `bad_schuid`; `unknown_school`; a name that cannot be used.
            Refused: `nearly_known`.
        """
        wanted = schuid.strip().upper()
        if not SCHUID.fullmatch(wanted):
            raise BadInput(
                "bad_schuid",
                f"{schuid[:60]!r} is not the id of a school.",
                "It is seven digits and P, S or SP: kitloan schools find NAME. For a school that "
                "no list has, make one that begins with X-.",
                value=schuid[:60],
            )
        with self._session.writing(request_id) as writer:
            who = borrower(writer, name, new_too=new_too)
            earlier = writer.earlier_fact(SchoolLinked)
            row = school_of(writer.connection, writer.college, wanted)
            vintage = row.vintage if row is not None else None
            if earlier is not None:  # a newer list may have come since
                vintage = earlier.vintage
            elif row is None and not wanted.startswith("X-"):
                raise _unknown(writer.connection, writer.college, wanted)
            writer.append(
                SchoolLinked(organisation=who.organisation, schuid=wanted, vintage=vintage)
            )
        return Linked(who.name, wanted, None if row is None else row.name, vintage)

    def called(self, name: str) -> tuple[SchoolLine, ...]:
        """Listed schools of a borrower's whole name, while nobody has linked it.

        Args:
            name: the borrower.
        """
        college = self._session.college
        same = school_now.c.sort == " ".join(search_words(name))
        wanted = select(school_now).where(
            school_now.c.college == college, same, school_now.c.listed.is_(True)
        )
        with self._session.reading() as connection:
            key, _ = organisation_id(connection, college, name)
            if link_of(connection, college, key) is not None:
                return ()
            return tuple(map(_line, connection.execute(wanted.order_by(school_now.c.schuid))))

    def unlinked(self, after: str | None = None, limit: int = PAGE) -> Page[Unlinked]:
        """Borrowers of whom nobody confirmed which school they are, by name, with proposals.

        A proposal is a school of which every word of the borrower's name begins a word; a person
        confirms it with `link`.
        """
        college = self._session.college
        wanted = select(organisation.c.organisation, organisation.c.name).where(
            organisation.c.college == college,
            ~select(school_link.c.schuid)
            .where(
                school_link.c.college == organisation.c.college,
                school_link.c.organisation == organisation.c.organisation,
            )
            .exists(),
        )
        with self._session.reading() as connection:
            page = page_of(connection, wanted, (organisation.c.organisation,), after, limit)
            found = [
                Unlinked(row.name, tuple(_proposals(connection, college, row.name)))
                for row in page.items
            ]
        return Page(tuple(found), page.total, page.next)


def link_of(connection: Connection, college: str, organisation_id: str) -> AnyRow | None:
    """The SchUID and vintage of a borrower; None where nobody confirmed it."""
    return _link_of(connection, c=college, o=organisation_id).one_or_none()


def school_of(connection: Connection, college: str, schuid: str) -> AnyRow | None:
    """A school as all lists together have it; None when none has."""
    return _of_school(connection, c=college, s=schuid).one_or_none()


def search_words(text: str) -> list[str]:
    """The words of a name as they are compared: without accents, apostrophes and case."""
    apart = unicodedata.normalize("NFKD", fold(text).translate(_APOSTROPHES))
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    words = re.findall(r"[^\W_]+", bare)
    return ["st" if word == "saint" else word for word in words]


def _of_a_day_to_come(found: "SchoolList", today: date) -> Iterable[Problem]:
    if found.vintage > today.isoformat()[: len(found.vintage)]:
        problem = "is the day of this list, which has not come yet; it leads over every other list"
        yield Problem("warning", found.sheet, None, "", found.vintage, problem)


def _ids(connection: Connection, college: str) -> set[str]:
    wanted = select(school_now.c.schuid).where(school_now.c.college == college)
    return set(connection.execute(wanted).scalars())


def _keep(connection: Connection, college: str, found: "SchoolList") -> None:
    """Keep a vintage; where it was read before from another file, what is new is added to it."""
    of_vintage = (school.c.college == college) & (school.c.vintage == found.vintage)
    there = {row.schuid: row for row in connection.execute(select(school).where(of_vintage))}
    rows = [
        {
            "college": college,
            "vintage": found.vintage,
            "schuid": each.schuid,
            **_joined(each, there.get(each.schuid)),
        }
        for each in found.schools
    ]
    new = {each.schuid for each in found.schools}
    rows += [dict(row._mapping) for schuid, row in there.items() if schuid not in new]
    connection.execute(delete(school).where(of_vintage))
    connection.execute(insert(school), rows)


def _joined(new: "ListedSchool", old: AnyRow | None) -> dict[str, Any]:
    return {
        name: getattr(new, name)
        if getattr(new, name) is not None or old is None
        else old._mapping[name]
        for name in _FIELDS
    }


def _put_together(connection: Connection, college: str) -> int:
    """Make `school_now` of all vintages; gives how many schools are not listed any more."""
    rows = connection.execute(
        select(school).where(school.c.college == college).order_by(school.c.vintage)
    ).all()
    newest = max((row.vintage for row in rows), default="")
    known: dict[str, dict[str, Any]] = {}
    for row in rows:
        each = known.setdefault(row.schuid, dict.fromkeys(_FIELDS))
        each.update(
            {name: row._mapping[name] for name in _FIELDS if row._mapping[name] is not None}
        )
        each["vintage"] = row.vintage
    connection.execute(delete(school_now).where(school_now.c.college == college))
    made = [_row_now(college, schuid, each, newest) for schuid, each in known.items()]
    if made:
        connection.execute(insert(school_now), made)
    return sum(not each["listed"] for each in made)


def _row_now(college: str, schuid: str, known: dict[str, Any], newest: str) -> dict[str, Any]:
    name = known["name"] or schuid
    words = [*search_words(name), *_run_together(name), schuid.casefold()]
    if known["postcode"]:
        words.append("".join(known["postcode"].casefold().split()))
    return {
        **known,
        "college": college,
        "schuid": schuid,
        "name": name,
        "listed": known["vintage"] == newest,
        "sort": " ".join(search_words(name)),
        "words": "".join(f" {word}" for word in dict.fromkeys(words)),
    }


def _run_together(name: str) -> Iterable[str]:
    """Words with a hyphen as one: Bun-sgoil is found as bunsgoil."""
    for word in name.split():
        parts = search_words(word)
        if len(parts) > 1:
            yield "".join(parts)


def _found_by(college: str, words: list[str]) -> Any:
    return select(school_now).where(
        school_now.c.college == college,
        *[school_now.c.words.contains(f" {word}", autoescape=True) for word in words],
    )


def _proposals(connection: Connection, college: str, name: str) -> Iterable[SchoolLine]:
    words = search_words(name)
    if not words:
        return []
    rows = connection.execute(
        _found_by(college, words)
        .order_by(school_now.c.listed.desc(), school_now.c.sort, school_now.c.schuid)
        .limit(_PROPOSED)
    )
    return [_line(row) for row in rows]


def _line(row: AnyRow) -> SchoolLine:
    return SchoolLine(
        row.schuid,
        row.name,
        row.council,
        row.roll,
        bool(row.listed),
        row.vintage,
        row.sector,
        row.postcode,
    )


def _unknown(connection: Connection, college: str, schuid: str) -> BadInput:
    if _any_list(connection, c=college).first() is None:
        return BadInput(
            "unknown_school",
            f"No list of schools was read here, so {schuid} is not known.",
            "Read one first: kitloan schools import FILE",
            value=schuid,
        )
    return BadInput(
        "unknown_school",
        f"No list that was read here has a school {schuid}.",
        "Find its id: kitloan schools find NAME. For a school outside the lists, make an id that "
        "begins with X-.",
        value=schuid,
    )


def schuid_of(writer: Writer, organisation_id: str) -> tuple[str | None, str | None]:
    """The SchUID of a borrower and the vintage it was taken from; None where nobody linked it."""
    row = link_of(writer.connection, writer.college, organisation_id)
    return (None, None) if row is None else (row.schuid, row.vintage)
