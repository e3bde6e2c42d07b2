"""Which names are one organisation, and which are two."""

import pytest

from conftest import SetClock
from kitloan import BadInput, NewHolding
from kitloan.borrowers.organisations import borrower
from kitloan.college import College
from kitloan.ledger.facts.definitions import OrganisationAdded
from kitloan.ledger.writer import writing
from kitloan.text.names import organisation_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("St Mary's, Leith (RC)", "st-marys-leith-rc"),
        ("St. Mary’s – Leith", "st-marys-leith"),
        ("A & B School", "a-b-school"),
        ("Àrd-sgoil Mhic Neacail", "àrd-sgoil-mhic-neacail"),
    ],
)
def test_ordinary_names_keep_their_ids(name: str, key: str) -> None:
    """The ids are sealed in the ledgers of the first release: others would lose who has what."""
    assert organisation_key(name) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("C++ Club", "C# Club"), ("C++ Club", "C Club")),
        *(("🚀🚀", "🎉 ❤"), ("!!!", "🚀🚀"), (".", "-")),
    ],
)
def test_what_letters_do_not_tell_apart(fife: College, one: str, other: str) -> None:
    """The second club would be rung up about the first one's kit, and given it back."""
    kits = [fife.holdings.add(NewHolding("Telescope")).tag for _ in range(2)]
    for kit, name in zip(kits, (one, other), strict=True):
        (lent,) = fife.loans.check_out([kit], name)
        assert (lent.to, lent.new_organisation) == (name, True)
    for kit, name in zip(kits, (one, other), strict=True):
        assert [each.tag for each in fife.find.loans(to=name).items] == [kit]
        assert fife.directory.organisations(name).items[0].name == name
    assert fife.find.loans(text=one).total == 1
    assert fife.find.loans(to="???").total == 0
    with pytest.raises(BadInput):
        fife.find.loans(to="")


def test_ordinary_punctuation_makes_no_second_school(fife: College) -> None:
    """Else one school's kits would be under as many names as it has secretaries."""
    kits = [fife.holdings.add(NewHolding("Telescope")).tag for _ in range(2)]
    first, second = (
        fife.loans.check_out([kit], name)[0]
        for kit, name in zip(kits, ("St. Mary's, Leith", "ST MARYS LEITH"), strict=True)
    )
    assert (second.to, second.new_organisation) == (first.to, False)


def test_what_an_older_release_took_in(fife: College, clock: SetClock) -> None:
    """It is found under the id that its ledger has; what is spelt otherwise is another."""
    store = fife.session.store
    with writing(store, "fife", "m.ross", clock) as writer:
        writer.append(OrganisationAdded(organisation="c-club", name="C++ Club"))
    with writing(store, "fife", "m.ross", clock) as writer:
        old = borrower(writer, "c++ club")
        plain, sharp = borrower(writer, "C Club"), borrower(writer, "C# Club")
    assert (old.organisation, old.new) == ("c-club", False)
    assert len({old.organisation, plain.organisation, sharp.organisation}) == 3
    with writing(store, "fife", "m.ross", clock) as writer:
        again = borrower(writer, "C CLUB")
    assert (again.organisation, again.new) == (plain.organisation, False)
    assert fife.ledger.verify().ok
