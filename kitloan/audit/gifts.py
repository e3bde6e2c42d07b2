"""Every gift reconciled, to the kit: promised, delivered, allocated, received, held, gone.

What ESP agreed and allocated is in ESP's own ledger; what a college took in names the gift by its
id. A kit belongs to the college that first took it in; held elsewhere now, it was redeployed.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from kitloan.audit.conditions import ARRIVED
from kitloan.models import Gift, Holding, KitType, table
from kitloan.models.absence import Withdrawal
from kitloan.models.national import Allocation, Delivery, Gifting
from kitloan.prepared import AnyRow
from kitloan.session import ESP

allocation, delivery, gift, gifting = (
    table(Allocation),
    table(Delivery),
    table(Gift),
    table(Gifting),
)
holding, kit_type, withdrawal = table(Holding), table(KitType), table(Withdrawal)


@dataclass(frozen=True, slots=True)
class GiftKit:
    """One holding of a gift: who took it in, who holds it now, and how it stands."""

    gift: str
    tag: str
    taken_in_by: str
    held_by: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A gift in numbers of things. `unplaced` is allocated and not taken in by the college."""

    gift: str
    donor: str
    type: str
    promised: int
    delivered: int
    allocated: int
    received: int
    held: int
    missing: int
    redeployed: int
    written_off: int

    @property
    def unplaced(self) -> int:
        """Allocated, and not taken in by any college."""
        return self.allocated - self.received


def reconciled(connection: Connection) -> tuple[list[Reconciled], list[GiftKit]]:
    """Every gift that ESP agreed, and each holding that a college says is of one."""
    delivered = _sums(connection, delivery.c.gift, delivery.c.quantity)
    allocated = _sums(connection, allocation.c.gift, allocation.c.quantity)
    kits, quantities = _kits(connection)
    by_gift: dict[str, list[GiftKit]] = defaultdict(list)
    for kit in kits:
        by_gift[kit.gift].append(kit)
    rows = connection.execute(
        select(gifting, kit_type.c.name)
        .join_from(
            gifting,
            kit_type,
            and_(
                kit_type.c.college == gifting.c.college, kit_type.c.kit_type == gifting.c.kit_type
            ),
        )
        .where(gifting.c.college == ESP)
        .order_by(gifting.c.agreed_at, gifting.c.gift)
    )
    found = []
    for row in rows:
        states: Counter[str] = Counter()
        for kit in by_gift[row.gift]:
            states[kit.state] += quantities[kit.tag]
        found.append(
            Reconciled(
                row.gift,
                row.donor,
                row.name,
                row.promised,
                delivered[row.gift],
                allocated[row.gift],
                states.total(),
                states["held"] + states["redeployed"],
                states["missing"],
                states["redeployed"],
                states["written off"],
            )
        )
    return found, kits


def _sums(
    connection: Connection, key: ColumnElement[str], value: ColumnElement[int]
) -> Counter[str]:
    rows = connection.execute(select(key, func.sum(value)).group_by(key))
    return Counter({row[0]: row[1] for row in rows})


def _kits(connection: Connection) -> tuple[list[GiftKit], dict[str, int]]:
    """Each tag of a gift once, with how it stands where it is now."""
    named = connection.execute(
        select(gift.c.tag, gift.c.gift, gift.c.college, holding.c.quantity)
        .join_from(
            gift,
            holding,
            and_(holding.c.college == gift.c.college, holding.c.tag == gift.c.tag),
        )
        .where(gift.c.gift.is_not(None))
        .order_by(holding.c.accessioned_at.desc(), gift.c.college.desc())
    ).all()
    first = {row.tag: row for row in named}  # the earliest is said last, and stays
    now: dict[str, list[AnyRow]] = defaultdict(list)
    tags = select(gift.c.tag).where(gift.c.gift.is_not(None))
    for row in connection.execute(
        select(
            holding.c.tag,
            holding.c.college,
            holding.c.state,
            ARRIVED.label("arrived"),
            withdrawal.c.signed_at,
        )
        .outerjoin(
            withdrawal,
            and_(withdrawal.c.college == holding.c.college, withdrawal.c.tag == holding.c.tag),
        )
        .where(holding.c.tag.in_(tags))
    ):
        now[row.tag].append(row)
    kits = [_kit(first[tag], now[tag]) for tag in sorted(first)]
    kits.sort(key=lambda kit: (kit.gift, kit.taken_in_by, kit.tag))
    return kits, {tag: row.quantity for tag, row in first.items()}


def _kit(first: AnyRow, rows: list[AnyRow]) -> GiftKit:
    here = [row for row in rows if row.state != "withdrawn" and not row.arrived]
    if not here:
        off = any(row.signed_at for row in rows)
        return GiftKit(
            first.gift, first.tag, first.college, None, "written off" if off else "under way"
        )
    (row,) = sorted(here, key=lambda each: _best_first(each, first))[:1]
    state = row.state.replace("_", " ")
    if state == "held" and row.college != first.college:
        state = "redeployed"
    return GiftKit(first.gift, first.tag, first.college, row.college, state)


def _best_first(row: AnyRow, first: AnyRow) -> tuple[bool, bool, str]:
    """Of two colleges that both say they hold it, the one that had it first is believed."""
    return row.state != "held", row.college != first.college, row.college
