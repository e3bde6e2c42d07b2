"""Lists of schools: read by their headings, kept by vintage, searched by first letters."""

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from evidence.lists import CONTACTS, as_ods, contacts, of_2018, shapefile, statistics
from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College
from kitloan.evidence.councils import find_council
from kitloan.evidence.schoollist import SchoolList, read_school_list, vintage_of

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
        ("Na h-Eileanan Siar (Western Isles)", "S12000013"),
        ("Edinburgh, City of", "S12000036"),
        ("Edinburgh (City of)", "S12000036"),
        ("The City of Edinburgh Council", "S12000036"),
        ("City of Aberdeen", "S12000033"),
        ("Highland Council, The", "S12000017"),
        ("E. Ayrshire", "S12000008"),
        ("S Lanarkshire", "S12000029"),
        ("Dumfries &amp; Galloway", "S12000006"),
    ],
)
def test_a_council_has_many_names(written: str, code: str) -> None:
    """A council that is counted twice has half of its schools in each."""
    council = find_council(written)
    assert council is not None
    assert council.code == code


HEADS = ("Seed Code", "LA Name", "School Name", "Primary Department", "Secondary Department")
ROW = ("8212627", "Fife", "One", "Yes", "")


def read_lines(path: Path, *lines: tuple[str, ...]) -> SchoolList:
    """A list with these lines, the one of headings among them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    return read_school_list(path, "2026")


@pytest.mark.parametrize(
    ("field", "headings"),
    [
        (0, ("SEED", "seed_code", "SEED No.", "Seed Number", "Seed Codes", "School SEED Code")),
        (
            0,
            (
                "Seed code (7 digit)",
                "Seed Code [note 1]",
                "Seed Code¹",
                "SEED\nCode",
                "Seed Code *",
            ),
        ),
        (1, ("Local Authority", "LA", "LAName", "Council area", "Education Authority")),
        (2, ("School", "SchoolName", "Name", "Establishment Name", "School Name [note 2]")),
        (3, ("Primary", "Primary Dept", "PRIMARY DEPARTMENT", "Primary department (P1-P7)")),
        (5, ("Roll", "Pupil rolls", "Number on roll", "Pupil Roll 2023", "Number of pupils")),
    ],
)
def test_headings_are_spelt_in_many_ways_and_are_in_any_order(
    tmp_path: Path, field: int, headings: tuple[str, ...]
) -> None:
    """A column whose heading has a note was none, and no school had a council."""
    for each in headings:
        heads = [*HEADS, "Pupil Roll"]
        heads[field] = each
        row = (*ROW, "290")
        for one, other in ((tuple(heads), row), (tuple(reversed(heads)), tuple(reversed(row)))):
            (school,) = read_lines(tmp_path / "l.csv", ("note",), (), one, other).schools
            assert (school.schuid, school.council, school.name) == ("8212627P", "Fife", "One"), each
            assert school.roll == 290, each


@pytest.mark.parametrize(
    ("written", "roll"),
    [
        *[("290", 290), ("1,290", 1290), ("1 290", 1290), ("1\u00a0290", 1290), ("290.0", 290)],
        *[(each, None) for each in ("*", "c", "[c]", "x", "z", "-", "–", ".", ":", "~", "[low]")],
        *[("", None), ("0", None), ("n/a", None)],
    ],
)
def test_a_roll_is_a_number_or_a_mark(tmp_path: Path, written: str, roll: int | None) -> None:
    """A school of five pupils had no roll, or one of nought."""
    read = read_lines(tmp_path / "l.csv", (*HEADS, "Roll"), (*ROW, written))
    assert read.schools[0].roll == roll
    assert not read.problems


@pytest.mark.parametrize("written", ["<5", "five", "-3", "5 to 9", "290*", "12,90"])
def test_what_is_no_roll_is_left_out_and_named(tmp_path: Path, written: str) -> None:
    """Twelve thousand pupils were on the roll of a primary school, from a slip of the comma."""
    read = read_lines(tmp_path / "l.csv", (*HEADS, "Roll"), (*ROW, written))
    assert read.schools[0].roll is None
    assert [(each.row, each.column) for each in read.problems] == [(2, "Roll")]


@pytest.mark.parametrize(
    ("ticks", "schuids", "problems"),
    [
        (("Yes", ""), ["8212627P"], 0),
        (("yes", "No"), ["8212627P"], 0),
        (("TRUE", "FALSE"), ["8212627P"], 0),
        (("0", "1"), ["8212627S"], 0),
        (("20", "."), ["8212627P"], 0),
        (("Primary", "-"), ["8212627P"], 0),
        (("Y", "Y"), ["8212627P", "8212627S"], 0),
        (("Yes", "x"), ["8212627P"], 1),
        (("Yes", "soon"), ["8212627P"], 1),
    ],
)
def test_a_department_is_ticked_or_not(
    tmp_path: Path, ticks: tuple[str, str], schuids: list[str], problems: int
) -> None:
    """Example 1: a "False" in the column made a secondary school of a primary."""
    read = read_lines(tmp_path / "l.csv", HEADS, ("8212627", "Fife", "One", *ticks))
    assert [each.schuid for each in read.schools] == schuids
    assert len(read.problems) == problems


@pytest.mark.parametrize(
    ("seed", "found"),
    [
        *[(each, "8212627P") for each in ("8212627", "8212627.0", " 8212627 ", "8,212,627")],
        *[(each, None) for each in ("212627", "82126270", "8.21E+06", "821262A")],
    ],
)
def test_a_seed_code_has_seven_digits(tmp_path: Path, seed: str, found: str | None) -> None:
    """A code of six digits may have lost any of its seven; a guess would link another school."""
    if found is None:
        with pytest.raises(BadInput) as refusal:
            read_lines(tmp_path / "l.csv", HEADS, (seed, *ROW[1:]))
        assert refusal.value.code == "bad_school_list"
    else:
        assert read_lines(tmp_path / "l.csv", HEADS, (seed, *ROW[1:])).schools[0].schuid == found


def test_notes_and_sums_under_a_list_are_left_out(tmp_path: Path) -> None:
    """A footnote with a number before it refused the whole list of 2,427 schools."""
    read = read_lines(
        tmp_path / "l.csv",
        *(HEADS, ROW, ()),
        ("Source: Scottish Government",),
        ("*", "Suppressed"),
        ("Note 1", "Rolls are of September"),
        ("Total", "", "", "1", "0"),
    )
    assert [each.schuid for each in read.schools] == ["8212627P"]
    assert [each.value for each in read.problems] == ["Note 1", "Total"]


def test_the_roll_of_a_campus_is_no_departments(tmp_path: Path) -> None:
    """The 900 pupils of a campus were 1,800, once for the primary and once for the secondary."""
    read = read_lines(
        tmp_path / "l.csv", (*HEADS, "Roll"), ("8212627", "Fife", "One", "Yes", "Yes", "900")
    )
    assert [each.roll for each in read.schools] == [None, None]
    assert all("several departments" in each.problem for each in read.problems)
    kind = ("Seed Code", "LA Name", "School Name", "School type", "Roll")
    read = read_lines(tmp_path / "l.csv", kind, ("8212627", "Fife", "One", "All-through", "900"))
    assert [(each.schuid, each.roll) for each in read.schools] == [
        ("8212627P", None),
        ("8212627S", None),
    ]


@pytest.mark.parametrize(
    ("roll", "first", "unknown", "band"),
    [
        ("290", "145", "0", "50-100"),
        ("290", "144", "0", "25-50"),
        ("290", "29", "", "10-25"),
        ("290", "", "", "0-10"),
        ("1,290", "1,000", "0", "50-100"),
        ("290", "*", "0", None),
        ("290", "c", "0", None),
        ("*", "20", "0", None),
        ("290", "5", "200", None),
        ("290", "291", "0", None),
    ],
)
def test_a_share_of_pupils_is_known_or_not(
    tmp_path: Path, roll: str, first: str, unknown: str, band: str | None
) -> None:
    """Example 2: of 290 pupils the zones of 90 were known, and the band was that of 290."""
    heads = ("year", "seed code", "la code", "school type", "roll", "simd1", "simd unknown")
    row = ("2025", "8212627", "S12000015", "Primary", roll, first, unknown)
    assert read_lines(tmp_path / "l.csv", heads, row).schools[0].deprived == band


@pytest.mark.parametrize(
    ("heading", "written", "rurality"),
    [
        ("8-fold Urban rural measure", "8", 8),
        ("Urban Rural Classification (8-fold)", "6 Accessible Rural", 6),
        ("urban_rural_8", "Very Remote Rural Areas", 8),
        ("Urban/Rural 8-fold classification 2020", "1 - Large Urban Areas", 1),
        ("8-fold Urban rural measure", "Remote Small Towns", 4),
        ("8-fold Urban rural measure", ".", None),
        ("6-Fold Urban rural measure", "6", None),
    ],
)
def test_rurality_is_eight_fold(
    tmp_path: Path, heading: str, written: str, rurality: int | None
) -> None:
    """Six in the six-fold measure is remote rural, and in the eight-fold one accessible."""
    (school,) = read_lines(tmp_path / "l.csv", (*HEADS, heading), (*ROW, written)).schools
    assert school.rurality == rurality


def test_merged_cells_are_of_all_that_they_cover(tmp_path: Path) -> None:
    """A council's name that is written once for its forty schools was that of the first."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Schools"
    for line in (
        *(["Schools open at 31 January 2026", *[None] * 4], [None] * 5),
        ["LA Name", "Seed Code", "School Name", "Department", None],
        [None, None, None, "Primary", "Secondary"],
        *(["Fife", 8212627, "One", "Yes", None], [None, 8212628, "Two", None, "Yes"]),
    ):
        page.append(line)
    for cells in ("A1:E1", "A3:A4", "B3:B4", "C3:C4", "D3:E3", "A5:A6"):
        page.merge_cells(cells)
    book.save(tmp_path / "l.xlsx")
    read = read_school_list(tmp_path / "l.xlsx")
    assert [(each.schuid, each.council) for each in read.schools] == [
        ("8212627P", "Fife"),
        ("8212628S", "Fife"),
    ]
    assert read.vintage == "2026-01-31"


def test_a_sheet_of_closed_schools_is_not_the_list(tmp_path: Path) -> None:
    """A workbook with more closed schools than open ones was a list of closed schools."""
    path = contacts(tmp_path / "l.xlsx", (8212627, "Fife", "One", "ZE9 9AA", True, False, False))
    book = openpyxl.load_workbook(path)
    page = book.create_sheet("Closed Schools")
    for line in (CONTACTS, *([8212700 + n, "Fife", f"Shut {n}"] for n in range(9))):
        page.append(line)
    book.save(path)
    assert [each.name for each in read_school_list(path).schools] == ["One"]


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


def test_a_list_of_another_countrys_codes_is_no_list(tmp_path: Path) -> None:
    """School codes of Wales have seven digits too, and its councils are none of Scotland's."""
    heads = ("School Code", "Local Authority", "School Name", "Sector")
    with pytest.raises(BadInput) as refusal:
        read_lines(tmp_path / "l.csv", heads, ("6602130", "Gwynedd", "One", "Primary"))
    assert refusal.value.code == "not_a_school_list"
    read = read_lines(tmp_path / "l.csv", heads, ("8212627", "Fife", "One", "Primary"))
    assert read.schools[0].schuid == "8212627P"


@pytest.mark.parametrize("of", ["1 Feb 2031", "2031", "March 2031"])
def test_a_list_of_a_year_to_come_is_refused(fife: College, tmp_path: Path, of: str) -> None:
    """A slip in the year made every real list an old one, for years."""
    path = tmp_path / "schools.csv"
    path.write_text(f"List of {of}\n{','.join(HEADS)}\n{','.join(ROW)}\n", encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        fife.schools.take_in(path)
    assert refusal.value.code == "bad_vintage"
    assert not fife.schools.find().items
    path.write_text(f"31 Jan 2027\n{','.join(HEADS)}\n{','.join(ROW)}\n", encoding="utf-8")
    assert ["not come yet" in each.problem for each in fife.schools.take_in(path).problems] == [
        True
    ]


def test_a_vintage_that_the_list_contradicts_is_named(fife: College, tmp_path: Path) -> None:
    """A list of 2018 was taken for this year's, or this year's word for it was dropped unread."""
    path = of_2018(
        tmp_path / "l.xlsx", (8212627, "Fife", "One", ("20", ".", "."), (290, ".", "."), ".")
    )
    taken = fife.schools.take_in(path, "31 Jan 2026")
    assert taken.vintage == "2018-09-30"
    assert ["2018-09-30" in each.problem for each in taken.problems] == [True]
    assert not fife.schools.take_in(path, "Sept 2018").problems


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
