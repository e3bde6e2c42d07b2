"""One national spares list: what is short, and which two kits would make one whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from kitloan.audit.conditions import KEPT
from kitloan.models import Component, Holding, KitType, Shortage, table
from kitloan.prepared import AnyRow
from kitloan.text import fold

component, holding, kit_type = table(Component), table(Holding), table(KitType)
shortage = table(Shortage)


@dataclass(slots=True)
class Spare:
    """How many of one component of a kit type are short, in how many kits and colleges."""

    type: str
    component: str
    critical: bool
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


@dataclass(frozen=True, slots=True)
class _Kit:
    tag: str
    college: str
    short: dict[str, int]


def spares(connection: Connection) -> tuple[list[Spare], list[Pair]]:
    """The spares list, and the pairs; a kit is in one pair at most."""
    lists: dict[tuple[str, str], Spare] = {}
    kits: dict[str, dict[tuple[str, str], _Kit]] = defaultdict(dict)
    held: dict[tuple[str, str, str], int] = {}
    for row in _rows(connection):
        spare = lists.setdefault(
            (fold(row.type), fold(row.component)), Spare(row.type, row.component, False)
        )
        spare.critical |= bool(row.critical)
        spare.missing += row.missing
        spare.broken += row.broken
        spare.kits += 1
        kit = kits[fold(row.type)].setdefault(
            (row.college, row.tag), _Kit(row.tag, row.college, {})
        )
        kit.short[row.component] = row.missing + row.broken
        held[row.college, row.tag, row.component] = row.quantity or 0
    names = {key: spare.type for (key, _), spare in lists.items()}
    pairs = [
        pair for key in sorted(kits) for pair in _pairs(names[key], list(kits[key].values()), held)
    ]
    order = sorted(lists, key=lambda key: (-lists[key].missing - lists[key].broken, key))
    return [lists[key] for key in order], pairs


def _rows(connection: Connection) -> Iterable[AnyRow]:
    return connection.execute(
        select(
            shortage.c.college,
            shortage.c.tag,
            shortage.c.component,
            shortage.c.missing,
            shortage.c.broken,
            kit_type.c.name.label("type"),
            component.c.quantity,
            component.c.critical,
        )
        .join_from(
            shortage,
            holding,
            and_(holding.c.college == shortage.c.college, holding.c.tag == shortage.c.tag),
        )
        .join(
            kit_type,
            and_(
                kit_type.c.college == holding.c.college, kit_type.c.kit_type == holding.c.kit_type
            ),
        )
        .outerjoin(
            component,
            and_(
                component.c.college == holding.c.college,
                component.c.kit_type == holding.c.kit_type,
                component.c.name == shortage.c.component,
            ),
        )
        .where(KEPT, holding.c.out_quantity == 0, holding.c.state == "held")
        .order_by(shortage.c.college, shortage.c.tag, shortage.c.component)
    )


def _pairs(type_name: str, kits: list[_Kit], held: dict[tuple[str, str, str], int]) -> list[Pair]:
    """The kit that needs least is made whole first, from the one that is worst off."""
    waiting = sorted(kits, key=lambda each: (sum(each.short.values()), each.college, each.tag))
    found = []
    while len(waiting) > 1:
        kit = waiting.pop(0)
        giver = next(
            (each for each in reversed(waiting) if _can_give(each, kit, held)),
            None,
        )
        if giver is None:
            continue
        waiting.remove(giver)
        needs = ", ".join(f"{name} {count}" for name, count in sorted(kit.short.items()))
        found.append(Pair(type_name, kit.tag, kit.college, needs, giver.tag, giver.college))
    return found


def _can_give(giver: _Kit, kit: _Kit, held: dict[tuple[str, str, str], int]) -> bool:
    """Whether one kit still has all that the other lacks."""
    return all(
        held[kit.college, kit.tag, name] - giver.short.get(name, 0) >= count
        for name, count in kit.short.items()
    )
