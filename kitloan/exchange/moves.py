"""Which offers meet which wants with the fewest kit-kilometres: the transport problem.

A proposal for people: nothing is promised by it.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

Costs = Sequence[Sequence[int | None]]
"""What a kit costs from each offer to each want; None where it cannot go."""


def cheapest_moves(offered: Sequence[int], wanted: Sequence[int], costs: Costs) -> list[list[int]]:
    """How many kits go from each offer to each want: as many as can, at the least total cost.

    The cheapest way through what is not yet assigned is filled again and again; a way may take back
    what an earlier one assigned. That gives the least cost for every number of kits.

    Args:
        offered: how many each offer has.
        wanted: how many each want is for.
        costs: by offer, then by want; not negative.

    Returns:
        How many go, by offer, then by want.
    """
    moves = [[0] * len(wanted) for _ in offered]
    left, open_ = list(offered), list(wanted)
    while (way := _cheapest_way(left, open_, costs, moves)) is not None:
        many = min(left[way[0][0]], open_[way[-1][1]])
        backward = [moves[at][to] for at, to in _taken_back(way)]
        many = min([many, *backward])
        for at, to in way:
            moves[at][to] += many
        for at, to in _taken_back(way):
            moves[at][to] -= many
        left[way[0][0]] -= many
        open_[way[-1][1]] -= many
    return moves


_Way = list[tuple[int, int]]
"""Steps from an offer to a want; between two steps the want gives back to the next step's offer."""


def _taken_back(way: _Way) -> list[tuple[int, int]]:
    return [(after[0], before[1]) for before, after in pairwise(way)]


def _cheapest_way(
    left: Sequence[int], open_: Sequence[int], costs: Costs, moves: Sequence[Sequence[int]]
) -> _Way | None:
    """The cheapest way from an offer with some left to a want with some open; None without one."""
    to_offer: dict[int, tuple[int, _Way]] = {n: (0, []) for n, many in enumerate(left) if many}
    to_want: dict[int, tuple[int, _Way]] = {}
    waiting = deque(to_offer)
    while waiting:
        at = waiting.popleft()
        spent, way = to_offer[at]
        for to, cost in enumerate(costs[at]):
            if cost is None or (to in to_want and to_want[to][0] <= spent + cost):
                continue
            to_want[to] = (spent + cost, [*way, (at, to)])
            for back, row in enumerate(moves):
                freed = costs[back][to]
                if not row[to] or freed is None:
                    continue
                total = spent + cost - freed
                if back not in to_offer or total < to_offer[back][0]:
                    to_offer[back] = (total, to_want[to][1])
                    waiting.append(back)
    ends = [(spent, to) for to, (spent, _) in to_want.items() if open_[to]]
    return to_want[min(ends)[1]][1] if ends else None
