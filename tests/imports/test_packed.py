"""Long lists that are packed: the same items in the same order, in little memory."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from kitloan.imports.packed import CHUNK
from kitloan.imports.rows import Row, RowStockLoan, packing_rows, values_of
from kitloan.imports.sheets import Line, pack_lines

MANY = 2 * CHUNK + 17


def some_lines(many: int) -> Iterator[Line]:
    """Lines as a register has them."""
    for number in range(many):
        yield Line(number + 1, (f"AC{number:06}", "Microscope", f"Store {number % 9}", None, 1.5))


def test_a_packed_list_is_the_list() -> None:
    """A line that a slice loses, or gives twice, is a kit lost or doubled."""
    plain, packed = tuple(some_lines(MANY)), pack_lines(some_lines(MANY))
    assert len(packed) == MANY
    assert tuple(packed) == plain
    assert (packed[0], packed[-1], packed[CHUNK]) == (plain[0], plain[-1], plain[CHUNK])
    for part in (slice(5, None), slice(CHUNK - 1, CHUNK + 1), slice(MANY, None), slice(3, 1)):
        assert tuple(packed[part]) == plain[part]
        assert tuple(packed[7:][part]) == plain[7:][part]
    assert tuple(reversed(packed[: CHUNK + 3])) == plain[: CHUNK + 3][::-1]
    assert tuple(packed[::500]) == plain[::500]


def test_a_short_list_is_a_tuple() -> None:
    """A register of two hundred rows is not packed and unpacked for nothing."""
    assert pack_lines(some_lines(CHUNK - 1)) == tuple(some_lines(CHUNK - 1))


def test_a_row_comes_out_as_it_went_in() -> None:
    """A field that packing forgets would be left out of every long register."""
    rows = [
        Row(
            sheet="Kits",
            number=number,
            type="Lamp",
            value_pence=number,
            due_on=date(2026, 12, 4),
            more_loans=(RowStockLoan("Alva PS", 2, date(2026, 12, 4)),),
            missing=number % 2 == 0,
            extras={"Notes": f"note {number}"},
        )
        for number in range(MANY)
    ]
    packing = packing_rows()
    for row in rows:
        packing.add(row)
    packed = packing.finish()
    assert list(packed) == rows
    wanted = [(row.number, row.missing) for row in rows]
    for part in (slice(None), slice(3, CHUNK), slice(CHUNK - 1, MANY - 1)):
        assert list(values_of(packed[part], "number", "missing")) == wanted[part]
    assert list(values_of(rows[:2], "number", "missing")) == wanted[:2]


def memory_of(make: Callable[[Iterator[Line]], Sequence[Line]]) -> int:
    """Bytes that a list of lines holds on to."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = make(some_lines(MANY))
        after = tracemalloc.get_traced_memory()[0]
        assert len(kept) == MANY
        return after - before
    finally:
        tracemalloc.stop()


def test_a_long_list_needs_a_tenth_of_the_memory() -> None:
    """Thirty thousand rows must be read on the smallest of the counter's computers."""
    assert memory_of(pack_lines) * 10 < memory_of(tuple)
