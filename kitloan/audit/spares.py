"""One national spares list: what is short, and which two kits would make one whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import and_, select

from kitloan.audit.census import Census
from kitloan.storage.statements import AnyRow
from kitloan.tables import Component, Holding, Shortage, table
from kitloan.text.names import fold

component, holding, shortage = table(Component), table(Holding), table(Shortage)


@dataclass(slots=True)
class Spare:
    """How many of one component of a kit type are short, in how many kits."""

    type: str
    component: str
    critical: bool = False
    missing: int = 0
    broken: int = 0
    kits: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kits that are short, of which the second could make the first whole."""

    type: str
    tag: str
    college: str
    needs: str
    from_tag: str
    from_college: str


@dataclass(frozen=True, slots=True, eq=False)
class _Kit:
    """A kit that is short: of what, as it is spelt there, and all that its type has."""

    tag: str
    college: str
    contents: dict[str, int]
    short: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    @property
    def worst_last(self) -> tuple[int, str, str]:
        return sum(self.short.values()), self.college, self.tag


def spares(census: Census) -> tuple[list[Spare], list[Pair]]:
    """The spares list of every kit that is kept; and pairs of those that are in, and counted."""
    names = census.type_names
    contents, critical = _contents(census)
    lists: dict[tuple[str, str], Spare] = {}
    kits: dict[str, dict[tuple[str, str], _Kit]] = defaultdict(dict)
    for row in _rows(census):
        of_type = (row.college, row.kit_type)
        key, part = fold(names[of_type]), fold(row.component)
        spare = lists.setdefault((key, part), Spare(names[of_type], row.component))
        spare.critical |= part in critical[of_type]
        spare.missing += row.missing
        spare.broken += row.broken
        spare.kits += 1
        if row.state != "held" or row.out_quantity or row.uncounted:
            continue
        kit = kits[key].setdefault(
            (row.college, row.tag), _Kit(row.tag, row.college, contents[of_type])
        )
        kit.short[part] = row.missing + row.broken
        kit.words.append(f"{row.component} {row.missing + row.broken}")
    spelt = {key: spare.type for (key, _), spare in lists.items()}
    pairs = [pair for key in sorted(kits) for pair in _pairs(spelt[key], kits[key].values())]
    order = sorted(lists, key=lambda key: (-lists[key].missing - lists[key].broken, key))
    return [lists[key] for key in order], pairs


_OfType = tuple[str, str]


def _contents(
    census: Census,
) -> tuple[dict[_OfType, dict[str, int]], dict[_OfType, set[str]]]:
    """What each college's kit types have of each component, and which are critical."""
    contents: dict[_OfType, dict[str, int]] = defaultdict(dict)
    critical: dict[_OfType, set[str]] = defaultdict(set)
    for row in census.connection.execute(select(component)):
        of_type = (row.college, row.kit_type)
        contents[of_type][fold(row.name)] = row.quantity
        if row.critical:
            critical[of_type].add(fold(row.name))
    return contents, critical


def _rows(census: Census) -> Iterable[AnyRow]:
    return census.connection.execute(
        select(
            shortage.c.college,
            shortage.c.tag,
            shortage.c.component,
            shortage.c.missing,
            shortage.c.broken,
            holding.c.kit_type,
            holding.c.state,
            holding.c.out_quantity,
            holding.c.uncounted,
        )
        .join_from(
            shortage,
            holding,
            and_(holding.c.college == shortage.c.college, holding.c.tag == shortage.c.tag),
        )
        .where(census.counted, holding.c.state != "missing")
        .order_by(shortage.c.college, shortage.c.tag, shortage.c.component)
    )


def _pairs(type_name: str, kits: Iterable[_Kit]) -> list[Pair]:
    """The kit that needs least is made whole first, from the one that is worst off."""
    waiting = sorted(kits, key=lambda each: each.worst_last)
    found = []
    left: list[_Kit] = []
    hopeless: set[frozenset[tuple[str, int]]] = set()
    while waiting:
        kit = waiting.pop(0)
        needs = frozenset(kit.short.items())
        giver = None
        if needs not in hopeless:
            others = (*reversed(waiting), *reversed(left))
            giver = next((each for each in others if _can_give(each, kit)), None)
        if giver is None:
            hopeless.add(needs)  # those that could give grow fewer: no later one can either
            left.append(kit)
            continue
        (waiting if giver in waiting else left).remove(giver)
        needed = ", ".join(sorted(kit.words))
        found.append(Pair(type_name, kit.tag, kit.college, needed, giver.tag, giver.college))
    return found


def _can_give(giver: _Kit, kit: _Kit) -> bool:
    """Whether one kit still has all that the other lacks, by its own contents list."""
    return all(
        giver.contents.get(part, 0) - giver.short.get(part, 0) >= count
        for part, count in kit.short.items()
    )
