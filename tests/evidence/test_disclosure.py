"""What leaves ESP: the ten rules, and a reader with a solver, who works out nothing hidden."""

from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from kitloan.evidence.disclosure import (
    HIDDEN,
    MARKS,
    Protected,
    academic_year,
    alone,
    hidden_parts,
    may_split_council,
    may_split_period,
    mean_of_ratings,
    percentage,
    positive_ratings,
    protect,
    protect_line,
    ten_point_band,
)

c = HIDDEN


@pytest.mark.parametrize(
    ("counts", "shown", "total"),
    [
        ((14, 13, 3), (14, c, c), 30),
        ((2, 25, 3), (c, 25, c), 30),
        ((1, 25, 1), (c, c, c), 27),
        ((20, 22, 0), (20, 22, 0), 42),
        ((4, 0, 0), (c, c, c), c),
        ((0, 0, 0), (0, 0, 0), 0),
        ((3, 0, 0, 40), (c, 0, 0, c), 43),
        ((1, 25, 30, 1), (c, c, c, c), 57),
    ],
)
def test_a_line_is_protected_as_the_examples_have_it(
    counts: tuple[int, ...], shown: tuple[object, ...], total: object
) -> None:
    """Examples 7, 8 and 9: three girls in a class are three girls whom a reader can point at."""
    assert protect_line(counts) == (shown, total)


def test_percentages_have_a_base_over_twenty() -> None:
    """Example 9: of twenty, each child is five per cent."""
    assert percentage(12, 20) == c
    assert percentage(12, 21) == 57
    assert percentage(3, 40) == c
    assert percentage(38, 40) == c


def test_a_council_needs_five_schools_and_bands_are_of_ten_points() -> None:
    """Example 10."""
    assert not may_split_council(4)
    assert may_split_council(5)
    assert [ten_point_band(each) for each in (57, 94, 60, 0, 100)] == [
        "50-60%",
        "90+%",
        "60-70%",
        "0-10%",
        "90+%",
    ]


def test_ratings_need_five_forms() -> None:
    """Example 11: four teachers can work out what the fifth would have answered, of four."""
    assert mean_of_ratings([5, 4, 4, 5]) == c
    assert positive_ratings([5, 4, 4, 5]) == c
    assert mean_of_ratings([5, 4, 4, 5, 3]) == 4.2
    assert positive_ratings([5, 4, 4, 5, 3]) == "4 of 5 positive"


def test_a_quarter_carries_no_split() -> None:
    """Example 12: girls 40, 35, 52 and a year of 130 give away the three of the last quarter."""
    assert academic_year(date(2026, 8, 1)) == (date(2026, 8, 1), date(2027, 7, 31))
    assert academic_year(date(2026, 7, 31)) == (date(2025, 8, 1), date(2026, 7, 31))
    assert may_split_period(date(2025, 8, 1), date(2026, 7, 31))
    assert not may_split_period(date(2025, 8, 1), date(2025, 10, 31))
    assert not may_split_period(date(2026, 1, 1), date(2026, 12, 31))


def test_a_mark_has_words() -> None:
    """A letter in a table that nothing explains is read as a slip."""
    assert set(MARKS) == {"c", "x", "z"}
    assert alone(4) == c
    assert [alone(each) for each in (0, 5)] == [0, 5]


def another_value(true: Sequence[Sequence[int]], shown: Protected, of: Sequence[int]) -> bool:
    """Whether a table of whole numbers is printed like this one, and has another sum of some cells.

    A search through all tables that a reader could think of, who also knows where there are none;
    the nearest to the true one come first, and those cells are tried last.
    """
    width = len(true[0])
    flat = [value for line in true for value in line]
    seen = [value for line in shown.cells for value in line]
    order = sorted(range(len(flat)), key=lambda at: at in of)
    sums = [(range(i * width, i * width + width), total) for i, total in enumerate(shown.lines)]
    sums += [(range(j, len(flat), width), total) for j, total in enumerate(shown.columns)]
    sums += [(range(len(flat)), shown.total)]
    printed = [(cells, total) for cells, total in sums if isinstance(total, int)]

    def choices(at: int) -> Sequence[int]:
        if seen[at] != HIDDEN:
            return (flat[at],)
        some = range(1 if flat[at] else 0, max(flat) + 2)
        return sorted(some, key=lambda value: abs(value - flat[at]))

    def fits(done: dict[int, int]) -> bool:
        return all(
            not done.keys() >= {*cells} or sum(done[at] for at in cells) == total
            for cells, total in printed
        )

    def search(done: dict[int, int]) -> bool:
        if len(done) == len(flat):
            return sum(done[at] for at in of) != sum(flat[at] for at in of)
        at = order[len(done)]
        tried = ({**done, at: value} for value in choices(at))
        return any(fits(each) and search(each) for each in tried)

    return search({})


def hidden_figures(shown: Protected) -> Iterator[Sequence[int]]:
    """The cells of every count and total that is hidden."""
    width, many = len(shown.columns), len(shown.columns) * len(shown.lines)
    flat = [value for line in shown.cells for value in line]
    yield from ([at] for at, value in enumerate(flat) if value == HIDDEN)
    for i, value in enumerate(shown.lines):
        if value == HIDDEN:
            yield range(i * width, i * width + width)
    for j, value in enumerate(shown.columns):
        if value == HIDDEN:
            yield range(j, many, width)
    if shown.total == HIDDEN:
        yield range(many)


def tables(most: int, width: int, height: int) -> st.SearchStrategy[list[list[int]]]:
    """Tables of counts."""
    return st.integers(1, width).flatmap(
        lambda across: st.lists(
            st.lists(st.integers(0, most), min_size=across, max_size=across),
            min_size=1,
            max_size=height,
        )
    )


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.one_of(tables(7, 3, 2), tables(7, 2, 3)))
@example([[0, 3], [1, 0], [1, 3]])
@example([[1, 25, 1]])
@example([[5, 4], [5, 5]])
@example([[1, 1], [1, 1], [9, 9]])
def test_no_hidden_count_can_be_worked_out(table: list[list[int]]) -> None:
    """A count that follows from its line, its column or all of them together was printed."""
    shown = protect(table)
    for figure in hidden_figures(shown):
        assert another_value(table, shown, figure), shown


@settings(max_examples=300, deadline=None)
@given(tables(60, 6, 8))
def test_what_is_shown_is_true_and_never_small(table: list[list[int]]) -> None:
    """A figure that was changed to protect somebody would be a false figure."""
    shown = protect(table)
    for line, seen in zip(table, shown.cells, strict=True):
        for value, each in zip(line, seen, strict=True):
            assert each == HIDDEN or (each == value and not 0 < value < 5)
    for line, total in zip(table, shown.lines, strict=True):
        assert total == HIDDEN or (total == sum(line) and not 0 < sum(line) < 5)
    assert shown.total == HIDDEN or shown.total == sum(map(sum, table))


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.dictionaries(st.tuples(*[st.sampled_from("xyz")] * 3), st.integers(0, 7), min_size=1))
@example({("p", "5", "a"): 50, ("s", "1", "a"): 38, ("s", "4", "a"): 2})
@example({("p", "5", "a"): 50, ("p", "2", "b"): 3, ("s", "1", "b"): 40})
def test_tables_of_the_same_people_give_nothing_away_together(
    people: dict[tuple[str, ...], int],
) -> None:
    """A sector less a band of it was the two pupils of the other band."""
    hidden = hidden_parts(people)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        lines = sorted({parts[one] for parts in people})
        columns = sorted({parts[other] for parts in people})
        true = [
            [
                sum(n for parts, n in people.items() if (parts[one], parts[other]) == (i, j))
                for j in columns
            ]
            for i in lines
        ]
        # A reader knows where there is nobody, and none of the counts where there is somebody.
        printed = Protected(
            tuple(tuple(HIDDEN if value else 0 for value in line) for line in true),
            tuple(
                c if name in hidden[one] and any(line) else sum(line)
                for name, line in zip(lines, true, strict=True)
            ),
            tuple(
                c if name in hidden[other] and any(column) else sum(column)
                for name, column in zip(columns, zip(*true, strict=True), strict=True)
            ),
            alone(sum(people.values())),
        )
        for total, line, figure in zip(printed.lines, true, figures_of(true), strict=True):
            if total == c and sum(line) != printed.total:  # where one part is all, the sum is known
                assert another_value(true, printed, figure), printed


def figures_of(table: Sequence[Sequence[int]]) -> Iterator[range]:
    """The cells of each line."""
    width = len(table[0])
    yield from (range(i * width, i * width + width) for i in range(len(table)))


def test_a_nation_less_its_regions_gives_nothing_away() -> None:
    """One region of three girls among many: the nation less the others would be that region."""
    regions = [[40, 38, 2], [25, 31, 6], [3, 20, 7], [18, 22, 9]]
    shown = protect(regions)
    assert shown.total == 221
    for at in range(3):
        hidden = [line[at] for line in shown.cells].count(HIDDEN)
        assert hidden != 1
