"""Answers: what pages make in a quick way is what the class makes."""

import pickle
from dataclasses import MISSING, FrozenInstanceError, fields, replace
from typing import Any

import pytest

from kitloan.college import College
from kitloan.queries.history import LogLine
from kitloan.values import (
    ContactOfLoan,
    HistoryLine,
    Holding,
    LoanLine,
    LoanOfHolding,
    Sighting,
    as_json,
    maker_of,
    maker_of_row,
)

ANSWERS = [Holding, LoanLine, LoanOfHolding, ContactOfLoan, Sighting, HistoryLine, LogLine]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_quick_answer_is_the_answer(answer: Any) -> None:
    """A program that keeps, compares or sends answers must not see how a page made them."""
    given = {each.name: f"the {each.name}" for each in fields(answer)}
    needed = {each.name: "given" for each in fields(answer) if each.default is MISSING}
    first = [each.name for each in fields(answer)][1::2]
    row = [given[name] for name in first]
    others = {name: value for name, value in given.items() if name not in first}
    for made, same in (
        (maker_of(answer)(**given), answer(**given)),
        (maker_of(answer)(**needed), answer(**needed)),
        (maker_of_row(answer, *first)(row, **others), answer(**given)),
    ):
        assert type(made) is answer
        assert (made, hash(made), repr(made)) == (same, hash(same), repr(same))
        assert as_json(made) == as_json(same)
        assert pickle.loads(pickle.dumps(made)) == same
        name = fields(answer)[0].name
        assert replace(made, **{name: "another"}) == replace(same, **{name: "another"})
        with pytest.raises(FrozenInstanceError):
            setattr(made, name, "changed")


def test_a_quick_answer_needs_what_the_class_needs() -> None:
    """With a field left out, an answer would fail on the screen that shows it."""
    with pytest.raises(TypeError):
        maker_of(Sighting)("2026-11-23T11:42:05Z")  # type: ignore[call-arg]
    with pytest.raises(ValueError):
        maker_of_row(Sighting, "at", "by")(["2026-11-23T11:42:05Z"])


def test_the_answers_of_pages_cannot_be_changed(fife: College, kit: str) -> None:
    """Whoever shows a page must not change what another shows of it."""
    fife.loans.check_out([kit], "Dunfermline High", contact="A Teacher")
    lent = fife.find.search(kit).items[0]
    answers = (
        *(lent, lent.loan, lent.contact, lent.last_sighted),
        *(fife.find.loans().items[0], fife.find.history(kit)[0], fife.ledger.log_page().items[0]),
    )
    for each in answers:
        assert type(each) in ANSWERS
        with pytest.raises(FrozenInstanceError):
            setattr(each, fields(each)[0].name, "changed")  # type: ignore[arg-type]
    assert fife.find.holding(kit) == lent
