"""People in words: which names are a person's beyond doubt, and which notes speak of one."""

from dataclasses import dataclass

import pytest

from kitloan.text.personal import MentionFinder, names_a_person


@pytest.mark.parametrize(
    "name",
    [
        *("St. Andrew's RC High School", "P7 (Room 3)", "Viewforth High School - Science dept"),
        *("Bun-sgoil Ghàidhlig Inbhir Nis (GME)", "1st Kirkcaldy Boys' Brigade"),
        *("Mrs Smith's Nursery", "Miss Robertson’s Nursery", "Dr Gray's Hospital"),
        *("Mrs Jones' Nursery", "Mrs O'Neil's Nursery", "MS Society Scotland"),
        *("Scouts c/o Viewforth High School", "Beeslack c/o Penicuik", "Beath FAO Science dept"),
        *("School 5534321", "Primary 1-7 2026-2027", "Dunfermline 01592", "Sgoil @ the Hub"),
        *("Queen Margaret University", "Drama Dept", "John Paul Academy"),
    ],
)
def test_an_organisation_is_taken(name: str) -> None:
    """A technician with a teacher waiting must not have to argue about a school's name."""
    assert not names_a_person(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Lochgelly HS (Mrs Quark)", "Ms. Quark, Beath High", "Mr. O'Neil", "mrs quark"),
        *("Lochgelly HS FAO Mr Z Quark", "Beath FAO Zebedee", "Beath High c/o Zebedee Quark"),
        *("Beath High 07700 900123", "Beath (01592) 771177", "Beath +44 (0)7700 900123"),
        *("Lochgelly HS c/o zquark@lochgelly.sch.uk", "MS QUARK", "Mrs Quark, St Andrew's"),
    ],
)
def test_a_person_is_not(name: str) -> None:
    """What the ledger takes in stays for ever and goes to ESP."""
    assert names_a_person(name)


@pytest.mark.parametrize(
    ("name", "contact", "meant"),
    [
        ("Quark, Zebedee", "Zebedee Quark", True),
        ("Zebedee Quark", "Mr Zebedee Quark", True),
        ("Lochgelly HS - Zebedee Quark", "Zebedee Quark", True),
        ("Lochgelly HS Zebedee Quark", "Zebedee Quark", True),
        ("Quark, Zebedee", None, False),
        ("Viewforth High School", "Viewforth High School", False),
        ("St Andrews", "St Andrews", False),
        ("Queen Margaret University", "Queen Margaret", False),
        ("Viewforth - Science dept", "Science dept", False),
    ],
)
def test_the_contact_of_a_row_is_known_in_its_borrower(
    name: str, contact: str | None, meant: bool
) -> None:
    """A name without a title is a person's only where the row itself says so."""
    assert names_a_person(name, contact) is meant


@dataclass(frozen=True)
class Person:
    name: str
    email: str | None = None
    phone: str | None = None


QUARK = Person("Zebedee Quark", "z.quark@beath.sch.uk", "+44 7700 900123")
NEIL = Person("Moira O'Neil", None, "01592 771177 / 07700 900456")
SMITH = Person("Mrs Smith", None, "ext 4")


@pytest.mark.parametrize(
    "note",
    [
        *("ring 07700 900123 before noon", "0044 7700900123", "+44(0)7700 900123"),
        *("quark, zebedee has the key", "Zebedee-Quark phoned", "Zebedee J. Quark's"),
        *("Mr Z Quark has the key", "ask z.quark@beath.sch.uk."),
        *("zebedee_quark.jpg", "for_ZebedeeQuark_2", "ZebedeeQuark", "quarkzebedee", "zquark"),
        *(
            "Zebe\u200cdee Quark",
            "Zebedee\u200bQuark",
            "Zebedee Qu\u00adark",
            "Zebedee Qu\u3164ark",
        ),
        *(
            "ZebedeeQuark\u200d's kit",
            "Ｚebedee Ｑuark",
            "Zеbedee Quark",
            "z.quark@beath\u200b.sch.uk",
        ),
        *("Moira O’Neil phoned", "moira oneil", "771177", "07700900456", "mrs smith's class"),
    ],
)
def test_a_note_speaks_of_somebody_however_it_is_written(note: str) -> None:
    """An erasure that leaves a telephone number with another prefix has erased nothing."""
    assert MentionFinder([QUARK, NEIL, SMITH]).matches(note)


@pytest.mark.parametrize(
    "note",
    [
        *("shelf 4", "lid cracked", "Quark expansion set", "ring 01592 900123", "Mr Smith"),
        *("quarkset zebedeebox", "unquarked", "Zebedeeson Quarkman", "squark"),
        *("smithy", "2 of 30 since 2026", "Zebedee's zoo and the quark"),
    ],
)
def test_other_notes_stay(note: str) -> None:
    """What is said of a kit is the college's, and not to be lost with somebody's name."""
    assert not MentionFinder([QUARK, NEIL, SMITH]).matches(note)


def test_beside_what_they_had_the_surname_is_enough() -> None:
    """ "Mrs Quark's class" beside Zebedee's kit is about him or his; elsewhere it need not be."""
    finder = MentionFinder([QUARK])
    assert finder.matches("for the Quarks", about_theirs=True) is False
    assert finder.matches("for Mrs Quark's class", about_theirs=True)
    assert not finder.matches("for Mrs Quark's class")
