"""Lists of schools: read by their headings, kept by vintage, searched by first letters."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.lists import as_ods, contacts, of_2018, shapefile, statistics
from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College
from kitloan.evidence.councils import find_council
from kitloan.evidence.schoollist import read_school_list, vintage_of

MADE_UP = next((Path(__file__).parents[2] / "examples" / "schools").glob("*.csv"))


def found(college: College, text: str) -> list[str]:
    """The names that a search gives."""
    return [each.name for each in college.schools.find(text).items]


def test_contact_details_give_a_row_for_each_department(tmp_path: Path) -> None:
    """Example 1: a loan to the primary of a campus went to its secondary's figures."""
    read = read_school_list(
        contacts(
            tmp_path / "list.xlsx",
            (8212627, "Fife", "One Primary School", "ZE9 9AA", True, False, False),
            (8212628, "Fife", "Both Campus", "ZE9 9AB", True, True, False),
        )
    )
    assert [each.schuid for each in read.schools] == ["8212627P", "8212628P", "8212628S"]
    assert (read.sheet, read.header_row, read.vintage) == ("Open Schools", 6, "2026-01-31")


def test_the_sheet_of_2018_has_two_lines_of_headings(tmp_path: Path) -> None:
    """Example 2: two columns are called Primary, and one of them is the roll."""
    read = read_school_list(
        of_2018(
            tmp_path / "list.xlsx",
            (8212627, "Argyll & Bute", "One", ("20", ".", "."), (290, ".", "."), "55 - <60%"),
            (8212628, "Edinburgh City", "Two", (".", "32", "."), (".", 0, "."), "."),
        )
    )
    one, two = read.schools
    assert (one.schuid, one.roll, one.deprived, one.council_code, one.rurality) == (
        *("8212627P", 290, "50-100", "S12000035"),
        8,
    )
    assert (two.schuid, two.roll, two.deprived, two.council) == (
        *("8212628S", None, None),
        "City of Edinburgh",
    )
    assert read.vintage == "2018-09-30"


def test_the_shapefile_has_its_names_cut(tmp_path: Path) -> None:
    """Ten characters of a heading are all that a shapefile keeps, and 0 is its word for none."""
    read = read_school_list(
        shapefile(
            tmp_path / "SG_SchoolRoll_2023_Table.csv",
            (8212627, "8212627P", "Perth & Kinross", "One", "Primary", 290),
            (8212627, "8212627S", "Perth & Kinross", "One", "Secondary", 0),
        )
    )
    assert [(each.schuid, each.roll) for each in read.schools] == [
        ("8212627P", 290),
        ("8212627S", None),
    ]
    assert read.schools[0].council_code == "S12000048"
    assert read.schools[0].latitude == "55.800000"
    assert read.vintage == "2023"


def test_statistics_and_opendocument_are_read_too(tmp_path: Path) -> None:
    """The fourth shape has codes of councils, some of them former ones."""
    read = read_school_list(
        statistics(tmp_path / "s.xlsx", (8212627, "S12000015", "Secondary", 500, 100, 20))
    )
    (one,) = read.schools
    assert (one.schuid, one.council, one.roll, one.deprived) == ("8212627S", "Fife", 500, "10-25")
    assert read.vintage == "2025"
    sheet = as_ods(
        *(tmp_path / "s.ods", "March 2024"),
        ("Seed Code", "School Name", "LA Name", "Primary Department"),
        ("8212627", "One", "Moray", "Yes"),
    )
    assert read_school_list(sheet).vintage == "2024-03"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Argyll & Bute", "S12000035"),
        ("Dumfries & Galloway", "S12000006"),
        ("PERTH AND KINROSS", "S12000048"),
        ("Edinburgh City", "S12000036"),
        ("Fife Council", "S12000047"),
        ("S12000015", "S12000047"),
        ("S12000046", "S12000049"),
        ("S12000044", "S12000050"),
        ("S12000024", "S12000048"),
        ("Eilean Siar", "S12000013"),
    ],
)
def test_a_council_has_many_names(written: str, code: str) -> None:
    """A council that is counted twice has half of its schools in each."""
    council = find_council(written)
    assert council is not None
    assert council.code == code


@pytest.mark.parametrize(
    ("text", "vintage"),
    [
        ("Open at 30 September 2018", "2018-09-30"),
        ("As at 31st January 2026", "2026-01-31"),
        ("SG_SchoolRoll_2023_Table", "2023"),
        ("schools 2026-01-31", "2026-01-31"),
        ("Sept 2019", "2019-09"),
        ("School+contact+details+-+31+January+2026", "2026-01-31"),
        ("contacts_january_2026", "2026-01"),
        ("list 31-01-2026", "2026-01-31"),
        ("School rolls 2022/23", "2022"),
        ("31/01/2026", "2026-01-31"),
        ("schools", None),
    ],
)
def test_a_vintage_is_the_most_exact_day_that_is_written(text: str, vintage: str | None) -> None:
    """Of two lists, nobody could tell which is the newer."""
    assert vintage_of(text) == vintage


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("8212627", "Fife", "A", "Yes", ""), ("8212627", "Fife", "A", "Yes", "")], "row 2"),
        ([("8212627", "Fife", "A", "Yes", ""), ("8212627", "Fife", "A", "", "Yes")], "row 2"),
        ([("82126", "Fife", "A", "Yes", "")], "seven digits"),
    ],
)
def test_what_is_wrong_in_a_list_is_named_and_nothing_changed(
    fife: College, tmp_path: Path, rows: list[tuple[str, ...]], problem: str
) -> None:
    """A list with a SEED code twice left half of it in the store."""
    lines = ["Seed Code,LA Name,School Name,Primary Department,Secondary Department"]
    path = tmp_path / "schools 2026.csv"
    path.write_text("\n".join([*lines, *map(",".join, rows)]), encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        fife.schools.take_in(path)
    assert refusal.value.code == "bad_school_list"
    assert problem in refusal.value.message
    assert refusal.value.details["problems"]
    assert not fife.schools.find().items


def test_headings_say_more_of_themselves_and_are_anywhere(tmp_path: Path) -> None:
    """A list saved again by a council has a semicolon, a byte order mark, and notes above."""
    notes = [f"note {n};;;;" for n in range(20)]
    path = tmp_path / "schools 2024.csv"
    lines = [
        *(*notes, "LA Name;SEED CODE (7 digits);School Name;Pupil Roll (2023);School Type"),
        "Angus;8212627;Bàrr Primary;1,290;Primary",
        ";;;;",
        "Angus;8212628;Two;.;Secondary",
        "Source: a council;;;;",
    ]
    path.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode())
    read = read_school_list(path)
    assert [(each.schuid, each.roll) for each in read.schools] == [
        ("8212627P", 1290),
        ("8212628S", None),
    ]
    assert (read.header_row, read.schools[0].name) == (21, "Bàrr Primary")


def test_a_school_on_two_rows_is_named(tmp_path: Path) -> None:
    """One school with two SEED codes was served twice."""
    path = contacts(
        tmp_path / "list.xlsx",
        (8212627, "Fife", "One Primary", "ZE9 9AA", True, False, False),
        (8212628, "Fife", "ONE Primary", "ZE99AA", True, False, False),
    )
    with pytest.raises(BadInput) as refusal:
        read_school_list(path)
    (problem,) = refusal.value.details["problems"]
    assert (problem["row"], problem["column"]) == (8, "School Name")


def test_a_list_of_another_country_is_no_list(fife: College, tmp_path: Path) -> None:
    """England's list has numbers too, which are not SEED codes."""
    path = tmp_path / "schools 2026.csv"
    path.write_text("URN,EstablishmentName,LA (name)\n100000,A School,Camden\n", encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        fife.schools.take_in(path)
    assert refusal.value.code == "not_a_school_list"


def test_a_list_without_a_date_is_asked_for_one(fife: College, tmp_path: Path) -> None:
    """A list of no year would lead for ever, or never."""
    path = tmp_path / "schools.csv"
    path.write_text("Seed Code,School Name,Primary Department\n8212627,A,Yes\n", encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        fife.schools.take_in(path)
    assert refusal.value.code == "no_vintage"
    assert fife.schools.take_in(path, "31 Jan 2026").vintage == "2026-01-31"


def test_fields_of_several_files_join_and_what_is_gone_is_not_listed(
    fife: College, tmp_path: Path
) -> None:
    """A school that closed took its engagements with it; a roll from one file hid the other's name.

    An older list that is read later changes nothing that the newer one has.
    """
    fife.schools.take_in(
        contacts(
            tmp_path / "new.xlsx",
            (8212627, "Fife", "New Name Primary", "ZE9 9AA", True, False, False),
        )
    )
    older = shapefile(
        tmp_path / "table 2023.csv",
        (8212627, "8212627P", "Fife", "Old Name", "Primary", 290),
        (8212629, "8212629P", "Fife", "Gone Primary", "Primary", 40),
    )
    taken = fife.schools.take_in(older)
    assert (taken.schools, taken.added, taken.unlisted) == (2, 1, 1)
    one, gone = sorted(fife.schools.find().items, key=lambda each: each.schuid)
    assert (one.name, one.roll, one.listed, one.vintage) == (
        *("New Name Primary", 290),
        *(True, "2026-01-31"),
    )
    assert (gone.name, gone.listed, gone.vintage) == ("Gone Primary", False, "2023")
    assert fife.schools.take_in(older).added == 0


def test_a_school_is_found_by_first_letters(fife: College) -> None:
    """A teacher waits while the technician looks for the accent, or for the apostrophe."""
    fife.schools.take_in(MADE_UP)
    assert found(fife, "lo ac") == ["Lochside Academy"]
    assert found(fife, "traigh bhan") == ["Bun-sgoil Tràigh Bhàn"]
    assert found(fife, "bunsgoil") == ["Bun-sgoil Tràigh Bhàn"]
    assert found(fife, "sgoil TRÀIGH") == ["Bun-sgoil Tràigh Bhàn"]
    assert found(fife, "st aidans") == found(fife, "saint aidan's") == ["St Aidan's Primary School"]
    assert found(fife, "st brig") == ["Saint Brigid's High School"]
    assert found(fife, "9900007") == ["Riverbank School"]
    assert found(fife, "school lochside") == ["Lochside Primary School"]
    assert found(fife, "%") == found(fife, "_") == found(fife, "'")
    assert not found(fife, "ademy")


def test_a_school_is_found_among_two_thousand_five_hundred(fife: College, tmp_path: Path) -> None:
    """A list that stops at the first letters of the first page hides the school that is meant."""
    lines = ["Seed Code,LA Name,School Name,Primary Department,Secondary Department,Pupil Roll"]
    names = ("Lochside", "Hillend", "St Mary's", "Bàrr", "Abbey")
    for n in range(2_500):
        kind = "Yes," if n % 5 else ",Yes"
        lines.append(f"{8_000_000 + n},Fife,{names[n % 5]} {n} School,{kind},{100 + n}")
    path = tmp_path / "schools 2026.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    fife.schools.take_in(path)
    assert fife.schools.find("l", limit=20).total == 500
    assert found(fife, "barr 2498") == ["Bàrr 2498 School"]
    assert found(fife, "2499") == ["Abbey 2499 School"]
    assert not found(fife, "zz")


def test_a_link_is_a_persons_word_and_can_be_undone(fife: College, kit: str) -> None:
    """A borrower that was taken for the wrong school could not be put right."""
    fife.schools.take_in(MADE_UP)
    fife.loans.check_out([kit], "Lochside Academy")
    (open_,) = fife.schools.unlinked().items
    assert [each.schuid for each in open_.proposals] == ["9900001S"]
    linked = fife.schools.link("lochside academy", "9900001s", request_id="once")
    assert (linked.organisation, linked.schuid, linked.vintage) == (
        *("Lochside Academy", "9900001S"),
        "2026-01-31",
    )
    assert fife.schools.link("lochside academy", "9900001S", request_id="once") == linked
    assert not fife.schools.unlinked().items
    assert fife.ledger.log()[-1].summary == "Lochside Academy is 9900001S"
    assert fife.actions.undo().kind == "school.linked"
    assert len(fife.schools.unlinked().items) == 1
    fife.actions.redo()
    assert not fife.schools.unlinked().items
    assert fife.ledger.verify().ok


@pytest.mark.parametrize("schuid", ["9900001", "99000019S", "9900001X", "X-", "x'; DROP"])
def test_an_id_that_is_none_is_refused(fife: College, schuid: str) -> None:
    """An id that no list can have is linked for ever."""
    with pytest.raises(BadInput) as refusal:
        fife.schools.link("Lochside Academy", schuid)
    assert refusal.value.code == "bad_schuid"


def test_a_school_that_no_list_has_is_refused_and_one_of_your_own_is_not(fife: College) -> None:
    """Independent schools are on no list, and borrow all the same."""
    with pytest.raises(BadInput) as refusal:
        fife.schools.link("Lochside Academy", "1234567P")
    assert refusal.value.code == "unknown_school"
    assert "schools import" in refusal.value.hint
    assert fife.schools.link("Lochside Academy", "X-lochside").schuid == "X-LOCHSIDE"
    with pytest.raises(Refused):
        fife.schools.link("Lochside Acadmy", "X-2")


def test_lists_are_in_no_ledger(fife: College, reopen: Callable[..., College]) -> None:
    """A list of 2,500 schools in each college's file would be sent to ESP 26 times."""
    before = len(fife.ledger.log())
    fife.schools.take_in(MADE_UP)
    assert len(fife.ledger.log()) == before
    fife.holdings.add(NewHolding("Device"))
    assert found(reopen(), "lochside acad") == ["Lochside Academy"]
    assert fife.ledger.verify().ok
