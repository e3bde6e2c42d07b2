"""People: who took a loan, and forgetting them."""

from pathlib import Path

import pytest

from kitloan import BadInput, Count, NewHolding
from kitloan.college import College

NAME, PURPOSE = "Morag Nic Dhòmhnaill", "for Mrs Nic Dhòmhnaill's S2 class"


def test_a_person_is_forgotten_and_the_chain_stays_whole(fife: College, kit: str) -> None:
    """The law gives people the right, and the donor has the right to the history."""
    fife.loans.check_out([kit], "Sgoil an Rubha", contact=NAME, purpose=PURPOSE)
    fife.loans.check_in([kit], Count(whole=True), note=f"{NAME.upper()} was late")
    assert [person["name"] for person in fife.people.known()] == [NAME]
    erased = fife.people.erase(NAME.lower())
    assert (erased.people, erased.remarks) == (1, 2)
    assert fife.people.known() == []
    assert fife.people.remarks(kit) == []
    assert fife.ledger.verify().ok
    assert fife.find.history(kit)[-1].kind == "loan.checked_in"


def test_a_remark_elsewhere_that_names_the_person_goes_too(fife: College, kit: str) -> None:
    """A name in another loan's note is still the person's name."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([kit], "Sgoil an Rubha", contact=NAME)
    fife.loans.check_out([other], "Viewforth High School", purpose="Same as MORAG NIC DHÒMHNAILL")
    fife.people.erase(NAME)
    assert fife.people.remarks(other) == []


def test_the_right_one_of_two_is_forgotten(fife: College, kit: str) -> None:
    """Two teachers of one name at two schools are two people."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([kit], "Sgoil an Rubha", contact=NAME)
    fife.loans.check_out([other], "Viewforth High School", contact=NAME)
    with pytest.raises(BadInput) as refusal:
        fife.people.erase(NAME)
    assert refusal.value.code == "ambiguous"
    first, second = refusal.value.details["contacts"]
    fife.people.erase(first)
    assert [person["id"] for person in fife.people.known()] == [second]


def test_nobody_of_that_name_is_said_plainly(fife: College) -> None:
    """An erasure that did nothing must not look like one that did."""
    with pytest.raises(BadInput) as refusal:
        fife.people.erase("Nobody")
    assert refusal.value.code == "unknown_contact"


def test_the_same_person_is_one_contact(fife: College, kit: str) -> None:
    """Borrowing twice must not put a person on file twice."""
    for _ in range(2):
        fife.loans.check_out([kit], "Sgoil an Rubha", contact=NAME)
        fife.loans.check_in([kit], Count(whole=True))
    assert len(fife.people.known()) == 1


def test_no_byte_of_the_person_is_left_in_a_file(tmp_path: Path) -> None:
    """Deleted rows that lie on in the file are not forgotten."""
    import kitloan

    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross") as desk:
        tag = desk.holdings.add(NewHolding("Device")).tag
        for number in range(30):
            desk.loans.check_out([tag], "Sgoil", contact=f"{NAME} {number}", purpose=PURPOSE)
            desk.loans.check_in([tag], note=f"seen {NAME} {number}")
        before = (tmp_path / "fife.sqlite").read_bytes()
        assert NAME.encode() in before
        for number in range(30):
            desk.people.erase(f"{NAME} {number}")
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        for trace in (NAME, NAME.casefold(), "Dhòmhnaill", "dhòmhnaill"):
            assert trace.encode() not in content, f"{trace} in {file.name}"
