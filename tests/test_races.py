"""Eight processes at once: what two people want at the same moment, one of them gets."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import crowd
import kitloan
from conftest import SetClock
from crowd import Crowd
from kitloan import NewHolding
from kitloan.college import College
from kitloan.tables import Loan, Organisation, table
from lives import EXAMPLE, everything_in
from trusting import merge

KITS, DESKS, PAIRS = 200, 8, 30

INSERT_LOAN = """
    INSERT INTO loan (college, loan, tag, organisation, quantity, returned, exclusive,
                      out_at, out_by, due_key)
    VALUES (:college, :loan || :number, :tag, :organisation, 1, 0, :exclusive,
            '2026-11-23T11:42:00Z', 'x', '9999-12-31')
"""


@pytest.fixture(scope="module")
def desks() -> Iterator[Crowd]:
    """Eight processes."""
    crowd = Crowd(DESKS)
    yield crowd
    crowd.close()


def take_in(desk: College, count: int) -> list[str]:
    """The tags of so many new devices."""
    return [desk.holdings.add(NewHolding("Device")).tag for _ in range(count)]


def who_has(opened: College) -> dict[str, tuple[str, str]]:
    """The open loan of each tag and its borrower; fails when a tag has two."""
    loan, organisation = table(Loan), table(Organisation)
    with opened.session.reading() as connection:
        rows = connection.execute(
            sa.select(loan.c.tag, loan.c.loan, organisation.c.name)
            .join(organisation, loan.c.organisation == organisation.c.organisation)
            .where(loan.c.closed_at.is_(None))
        ).all()
    assert len({row.tag for row in rows}) == len(rows)
    return {row.tag: (row.loan, row.name) for row in rows}


def test_two_hundred_kits_make_two_hundred_loans(fife: College, place: str, desks: Crowd) -> None:
    """A kit lent twice sends a teacher away empty-handed, with a confirmation in her pocket."""
    tags = take_in(fife, KITS)
    told = desks.do(crowd.lend_each, place, tags)
    has = who_has(fife)
    assert sorted(has) == sorted(tags)
    for number, one in enumerate(told):
        for tag, outcome, what in one:
            loan, borrower = has[tag]
            if outcome == "lent":
                assert (loan, borrower) == (what, crowd.school(number))
            else:
                assert (outcome, what) == ("on_loan", borrower), "the loser hears who has it"
    outcomes = Counter(outcome for one in told for _, outcome, _ in one)
    assert outcomes == {"lent": KITS, "on_loan": KITS * (DESKS - 1)}
    assert fife.ledger.verify().ok


def test_a_stock_is_lent_to_the_last_pair_and_no_further(
    fife: College, place: str, desks: Crowd
) -> None:
    """The thirty-first pair of goggles is a pupil without goggles."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=PAIRS)).tag
    assert sum(desks.do(crowd.lend_stock, place, goggles)) == PAIRS
    shown = fife.find.holding(goggles)
    assert (shown.status, shown.out_quantity) == ("out", PAIRS)
    assert fife.ledger.verify().ok


def test_baskets_that_share_kits_go_whole_or_not_at_all(
    fife: College, place: str, desks: Crowd
) -> None:
    """Two desks that each got half of what they asked for would wait for each other for ever."""
    tags = take_in(fife, 24)
    baskets = [tuple((tags * 2)[start : start + 5]) for start in range(0, 24, 2)]
    lent = [basket for one in desks.do(crowd.lend_baskets, place, baskets) for basket in one]
    assert set(lent) <= set(baskets)
    assert sorted(tag for basket in lent for tag in basket) == sorted(who_has(fife))
    assert fife.ledger.verify().ok


@pytest.mark.parametrize("hands", [2, DESKS])
def test_each_action_is_undone_once(fife: College, place: str, desks: Crowd, hands: int) -> None:
    """Ctrl+Z pressed on two screens of one person must not reach behind what it showed."""
    tags = take_in(fife, 20)
    with kitloan.open(place, actor="j.bain", clock=fife.session.clock) as desk:
        for tag in tags:
            desk.loans.check_out([tag], "School")
    undone = [tag for one in desks.do(crowd.undo_all, place, "j.bain", each=hands) for tag in one]
    assert sorted(undone) == sorted(tags)
    assert {fife.find.holding(tag).status for tag in tags} == {"in"}
    assert fife.ledger.verify().ok


def test_names_are_corrected_by_eight_at_once(fife: College, place: str, desks: Crowd) -> None:
    """Lending to a school while it is merged must leave no kit with a school that is no more."""
    tags = take_in(fife, DESKS * 4)
    for tag, name in zip(tags, ("Old School", "New School"), strict=False):
        fife.loans.check_out([tag], name)
    told = [each for one in desks.do(crowd.correct_names, place, tags[2:]) for each in one]
    assert told.count("merged") == 1
    assert {each.name for each in fife.directory.borrowers().items} == {"New School"}
    assert {to for _, to in who_has(fife).values()} == {"New School"}
    assert len(who_has(fife)) == 2 + told.count("lent")
    numbers = [each.asset_number for each in fife.find.search("").items if each.asset_number]
    assert numbers == ["N1"]
    assert fife.ledger.verify().ok


def test_slips_are_corrected_by_eight_at_once(
    fife: College, place: str, desks: Crowd, reopen: Callable[[str], College]
) -> None:
    """What two correct at once is corrected once: no lead used up twice, no kit at two schools."""
    stock = fife.holdings.add(NewHolding("Lead", quantity=60)).tag
    tags = take_in(fife, 12 + DESKS)
    handed_on, broken, off, spare = tags[:5], tags[5:11], tags[11], tags[12:]
    fife.loans.check_out([stock], "First", quantity=30)
    fife.loans.check_out(handed_on, "First")
    fife.loans.check_out([spare.pop()], "Closing")
    spare.append(fife.holdings.add(NewHolding("Robto")).tag)
    fife.holdings.add(NewHolding("Robot"))
    fife.holdings.propose_withdrawal(off, "burnt")
    reopen("j.bain").holdings.withdraw(off)
    fife.holdings.propose_reinstatement(off, "behind the boiler")
    count = fife.stocktakes.open("Autumn").id
    slips = crowd.Slips(stock, handed_on, broken, off, spare, count)
    told = desks.do(crowd.correct_slips, place, slips)
    done = Counter(each for one in told for each in one)

    shown = fife.find.holding(stock)
    assert (done["split"], done["used"], done["passed"]) == (DESKS, DESKS, DESKS)
    assert (shown.quantity, shown.out_quantity) == (60 - 4 * DESKS, 30 - 2 * DESKS)
    of_stock = {each.to: each.quantity for each in fife.find.loans(of=stock).items}
    assert of_stock == {"First": 30 - 3 * DESKS, **{crowd.school(n): 1 for n in range(DESKS)}}
    for tag in handed_on:
        (number,) = (n for n, one in enumerate(told) if f"{tag} passed" in one)
        loan = fife.find.holding(tag).loan
        assert loan is not None and loan.to == crowd.school(number)
    for tag in broken:
        lent = done[f"{tag} lent"]
        assert (lent, fife.find.holding(tag).status) in ((1, "out"), (0, "out_of_use"))
    for once in ("reinstated", "kinds merged", "closed"):
        assert done[once] == 1, once
    assert done["added"] == DESKS
    kinds = {each.type for each in fife.find.search("").items}
    assert kinds == {"Device", "Lead", "Robot"}
    kinds_of_entry = [each.kind for each in fife.ledger.log()]
    closed = kinds_of_entry.index("organisation.closed")
    late = [each.summary for each in fife.ledger.log()[closed:] if each.kind == "loan.checked_out"]
    assert not any("Closing" in each for each in late)
    outcome = fife.stocktakes.outcome(count)
    assert [each.tag for each in outcome.stock] == [stock]
    assert fife.ledger.verify().ok


def test_one_request_said_by_four_at_once_is_one_loan(
    fife: College, place: str, desks: Crowd
) -> None:
    """A retry that overtakes the first try must not be told that the kit is gone."""
    for turn, tag in enumerate(take_in(fife, 10)):
        told = desks.do(crowd.lend_again, place, tag, f"request {turn}", each=4)
        assert set(told) == {(who_has(fife)[tag][0], "School")}
    assert fife.find.loans().total == 10
    assert fife.ledger.verify().ok


def test_a_register_read_by_four_at_once_is_taken_in_once(
    fife: College, place: str, desks: Crowd, tmp_path: Path
) -> None:
    """Two people who both mean well would double the college's kits."""
    added = desks.do(crowd.read_in, place, EXAMPLE, each=4)
    assert sorted(added)[:3] == [0, 0, 0]
    assert fife.find.search("").total == sum(added) > 0
    assert fife.ledger.verify().ok


def test_a_store_started_by_eight_at_once_is_one_store(
    new_place: Callable[..., str], desks: Crowd
) -> None:
    """On the first morning everybody follows the same instructions at the same time."""
    for _ in range(3):
        place = new_place(empty=True)
        assert set(desks.do(crowd.start, place, "fife")) == {1}
        with kitloan.open(place) as opened:
            assert opened.ledger.verify().ok


def test_files_merged_by_four_at_once_are_merged_once(
    new_place: Callable[[], str], clock: SetClock, tmp_path: Path, desks: Crowd
) -> None:
    """Two officers at ESP who open the same mail must not get in each other's way."""
    files = []
    for college in ("fife", "ayrshire", "borders"):
        with kitloan.init(college, tmp_path / college, actor="m.ross", clock=clock) as desk:
            take_in(desk, 5)
            files.append(tmp_path / f"{college}.kitloan")
            desk.exchange.export(files[-1])
    place = new_place()
    with kitloan.init("esp", place, actor="esp", clock=clock) as national:
        added = desks.do(crowd.merge_all, place, files, each=4)
        assert sum(added) == len(everything_in(national)["ledger_entry"]) - 1
        assert national.ledger.verify().ok


def test_parts_of_a_ledger_merged_by_four_at_once_are_merged_once(
    new_place: Callable[[], str], clock: SetClock, tmp_path: Path, desks: Crowd
) -> None:
    """Each reads and checks apart, and writes only if nobody was quicker."""
    files = []
    with kitloan.init("fife", tmp_path / "fife", actor="m.ross", clock=clock) as desk:
        for part in range(5):
            take_in(desk, 12)
            files.append(tmp_path / f"{part}.kitloan")
            desk.exchange.export(files[-1], since_last=True)
        whole = desk.exchange.export(tmp_path / "whole.kitloan")
        rows = everything_in(desk)
    place = new_place()
    with kitloan.init("esp", place, actor="esp", clock=clock) as national:
        added = desks.do(crowd.merge_all, place, files, each=4)
        assert sum(added) == whole.entries
        found = everything_in(national)
        for name in ("holding", "kit_type"):
            assert found[name] == rows[name]
        assert national.ledger.verify().ok


# -- around the code ----------------------------------------------------------------------------


def test_the_database_refuses_a_second_open_loan(fife: College, place: str, desks: Crowd) -> None:
    """Another program, a migration or a mistake of ours must not lend a kit twice either."""
    fife.loans.check_out(take_in(fife, 1), "School")
    tags = take_in(fife, 25)
    said = [
        (
            INSERT_LOAN,
            {
                "college": "fife",
                "loan": tag,
                "tag": tag,
                "organisation": "school",
                "exclusive": True,
            },
        )
        for tag in tags
    ]
    told = desks.do(crowd.say_raw, place, said)
    for outcomes in zip(*(taken for taken, _ in told), strict=True):
        assert sum(outcomes) == 1, "one process gets the kit"
    for words in set().union(*(words for _, words in told)):
        assert "one_open_loan_of_a_holding" in words or "loan.college, loan.tag" in words


def test_the_database_refuses_more_out_than_there_is(
    fife: College, place: str, desks: Crowd
) -> None:
    """The count of what is out is the last thing between two desks and one pair of goggles."""
    goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=PAIRS)).tag
    one_more = "UPDATE holding SET out_quantity = out_quantity + 1 WHERE tag = :tag"
    told = desks.do(crowd.say_raw, place, [(one_more, {"tag": goggles})] * PAIRS)
    assert sum(sum(taken) for taken, _ in told) == PAIRS
    for words in set().union(*(words for _, words in told)):
        assert "never_more_out_than_held" in words
    assert fife.find.holding(goggles).out_quantity == PAIRS


@pytest.fixture
def two_colleges(
    new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> Iterator[tuple[College, dict[str, str]]]:
    """ESP's store with two colleges, and a tag of each."""
    tags, files = {}, []
    for college in ("fife", "ayrshire"):
        own = tmp_path / f"{college}.own"
        with kitloan.init(college, own, actor="m.ross", clock=clock) as desk:
            (tags[college],) = take_in(desk, 1)
            desk.loans.check_out([tags[college]], f"Academy of {college}")
            desk.loans.check_in([tags[college]])
            files.append(tmp_path / f"{college}.gz")
            desk.exchange.export(files[-1])
    with kitloan.init("esp", new_place(), actor="esp", clock=clock) as national:
        merge(national, files)
        yield national, tags


GIFT = "INSERT INTO gift (college, tag, title) VALUES (:college, :tag, 'owned')"
SHORTAGE = """
    INSERT INTO shortage (college, tag, component, missing, broken, since)
    VALUES (:college, :tag, 'Wheel', 1, 0, '2026-11-23T11:42:00Z')
"""
ALIAS = "INSERT INTO alias (college, label, tag) VALUES (:college, 'KL0', :tag)"
MOVE_LOAN = "UPDATE loan SET tag = :tag WHERE college = :college"
MOVE_LOAN_AND_COLLEGE = "UPDATE loan SET college = :college WHERE tag = :tag"
MOVE_HOLDING = "UPDATE holding SET college = :college WHERE tag = :tag"


@pytest.mark.parametrize(
    "statement",
    [INSERT_LOAN, GIFT, SHORTAGE, ALIAS, MOVE_LOAN, MOVE_LOAN_AND_COLLEGE, MOVE_HOLDING],
    ids=["loan", "gift", "shortage", "alias", "moved loan", "loan given away", "moved holding"],
)
def test_nothing_points_across_colleges(
    two_colleges: tuple[College, dict[str, str]], statement: str
) -> None:
    """One college's slip must not change what another college has out."""
    national, tags = two_colleges
    before = everything_in(national)
    values: dict[str, Any] = {
        "college": "ayrshire",
        "tag": tags["fife"],
        "organisation": "academy-of-ayrshire",
        "loan": "l",
        "number": 1,
        "exclusive": True,
    }
    wanted = {name: values[name] for name in values if f":{name}" in statement}
    with pytest.raises(sa.exc.IntegrityError), national.session.store.engine.begin() as connection:
        connection.execute(sa.text(statement), wanted)
    assert everything_in(national) == before


def test_a_loan_goes_to_a_borrower_of_its_own_college(
    two_colleges: tuple[College, dict[str, str]],
) -> None:
    """A report of one college's schools would list another's."""
    national, tags = two_colleges
    values = {"college": "fife", "loan": "l", "number": 1, "tag": tags["fife"], "exclusive": True}
    with pytest.raises(sa.exc.IntegrityError), national.session.store.engine.begin() as connection:
        connection.execute(sa.text(INSERT_LOAN), values | {"organisation": "academy-of-ayrshire"})
