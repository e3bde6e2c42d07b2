"""A ledger and a holding's history in pages: nothing twice, nothing left out."""

import pytest
from sqlalchemy import func, select, update

from kitloan import BadInput
from kitloan.college import College
from kitloan.tables import LedgerEntry, table
from verify.behind import behind_its_back

entry = table(LedgerEntry)


def _move_often(desk: College, kit: str) -> None:
    for n in range(23):
        desk.holdings.move(kit, f"Shelf {n}")


def test_a_ledger_is_read_in_pages(fife: College, kit: str) -> None:
    """Oldest first; of one tag as of all."""
    _move_often(fife, kit)
    for tag in (None, kit):
        whole = fife.ledger.log(tag)
        pages, after = [], None
        while True:
            page = fife.ledger.log_page(tag, after, limit=7)
            assert page.total == len(whole)
            assert len(page.items) <= 7
            pages += page.items
            after = page.next
            if after is None:
                break
        assert pages == whole


def test_a_history_is_read_from_its_end(fife: College, kit: str) -> None:
    """The latest page first, and each in the order in which it happened."""
    _move_often(fife, kit)
    whole = fife.find.history(kit)
    page = fife.find.history_page(kit, limit=7)
    assert list(page.items) == whole[-7:]
    assert page.total == len(whole)
    rest = fife.find.history_page(kit, page.next, limit=100)
    assert list(rest.items) == whole[:-7]
    assert rest.next is None


@pytest.mark.parametrize(
    "after",
    ["x", "[]", "[1]", '["1", "2"]', "[true, 1]", "[1, 1e99]", "[1, 99999999999]", "[" * 9999],
)
def test_what_is_no_cursor_is_refused(fife: College, kit: str, after: str) -> None:
    """Whatever somebody gives for one."""
    with pytest.raises(BadInput) as refusal:
        fife.ledger.log_page(after=after)
    assert refusal.value.code == "bad_cursor"


@pytest.mark.parametrize("shelf", ['Shelf "},"id":"1', 'Shelf ","id":"', "},{", "\\", ',"id":"'])
def test_a_place_that_looks_like_a_sealed_entry_is_told_as_it_is(
    fife: College, kit: str, shelf: str
) -> None:
    """Lines are read from a part of the sealed text: nothing typed may look like its end."""
    fife.holdings.move(kit, shelf)
    fife.holdings.move(kit, "Rosyth")
    moves = [f"moved to {shelf}", f"moved from {shelf} to Rosyth"]
    assert [each.summary for each in fife.find.history(kit)][-2:] == moves
    assert [each.summary for each in fife.ledger.log_page().items][-2:] == moves


def test_an_entry_that_was_written_by_hand_is_shown_and_found(
    fife: College, kit: str, place: str
) -> None:
    """A space in one line would hide the history of a kit, and what is wrong with it."""
    fife.holdings.move(kit, "Rosyth")
    whole = fife.find.history(kit)
    with behind_its_back(place) as connection:
        body = func.replace(entry.c.body, '"fact":{', '"fact": {')
        last = select(func.max(entry.c.seq)).scalar_subquery()
        connection.execute(update(entry).where(entry.c.seq == last).values(body=body))
    assert fife.find.history(kit) == whole
    assert not fife.ledger.verify().ok
