"""Every gift reconciled, to the kit: promised, delivered, allocated, received, held, gone.

What ESP agreed and allocated is in ESP's own ledger; what a college took in names the gift by its
id. A kit belongs to the college that first took it in; held elsewhere now, it was redeployed. How
many there are of a stock, who has it now says; what is wanting of those taken in is missing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from kitloan.audit.conditions import ARRIVED
from kitloan.audit.transfers import Journey
from kitloan.ledger.session import ESP
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, Holding, KitType, table
from kitloan.tables.absence import Arrival, Transfer, Withdrawal
from kitloan.tables.national import Allocation, Delivery, Gifting

allocation, delivery, gift, gifting = (
    table(Allocation),
    table(Delivery),
    table(Gift),
    table(Gifting),
)
holding, kit_type, transfer = table(Holding), table(KitType), table(Transfer)
arrival, withdrawal = table(Arrival), table(Withdrawal)

_CAME_FIRST = exists().where(
    arrival.c.college == holding.c.college,
    arrival.c.tag == holding.c.tag,
    arrival.c.received_at == holding.c.accessioned_at,
)
"""With this a holding came to a college from another, which had it first by whatever clock."""


@dataclass(frozen=True, slots=True)
class GiftKit:
    """One holding of a gift: who took it in, who holds it now, and how it stands.

    `quantity` is how many there are now, of those `taken_in`.
    """

    gift: str
    tag: str
    taken_in_by: str
    held_by: str | None
    state: str
    taken_in: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A gift in numbers of things.

    What was received is held (of that, some redeployed), in transit, missing or written off.
    `unplaced` was allocated to a college that has not taken it in.
    """

    gift: str
    donor: str
    type: str
    promised: int
    delivered: int
    allocated: int
    received: int
    held: int
    redeployed: int
    in_transit: int
    missing: int
    written_off: int
    unplaced: int


@dataclass(frozen=True, slots=True)
class Share:
    """What of a gift a college was allocated, and has taken in."""

    gift: str
    college: str
    allocated: int
    received: int

    @property
    def unplaced(self) -> int:
        """Allocated, and not taken in."""
        return max(0, self.allocated - self.received)


@dataclass(frozen=True, slots=True)
class Gifts:
    """Every gift that ESP agreed, by college, and to the kit."""

    gifts: tuple[Reconciled, ...]
    shares: tuple[Share, ...]
    kits: tuple[GiftKit, ...]


def reconciled(connection: Connection, journeys: Iterable[Journey]) -> Gifts:
    """Every gift that ESP agreed, and each holding that a college says is of one.

    Args:
        connection: of the store, or of what it was on an earlier day.
        journeys: every transfer, as `kitloan.audit.transfers` has them.
    """
    lost = {each.tag for each in journeys if each.problem == "arrived_and_gone"}
    kits = _kits(connection, lost)
    shares = _shares(connection, kits)
    delivered = _sums(connection, delivery.c.gift, delivery.c.quantity)
    unplaced: Counter[str] = Counter()
    allocated: Counter[str] = Counter()
    for share in shares:
        unplaced[share.gift] += share.unplaced
        allocated[share.gift] += share.allocated
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
            states[kit.state] += kit.quantity
            states["missing"] += kit.taken_in - kit.quantity
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
                states["redeployed"],
                states["in transit"],
                states["missing"],
                states["written off"],
                unplaced[row.gift],
            )
        )
    return Gifts(tuple(found), tuple(shares), tuple(kits))


def _shares(connection: Connection, kits: list[GiftKit]) -> list[Share]:
    """Each gift by college. One that takes in too much does not make good for one that has not."""
    allocated = {
        (row.gift, row.to_college): row.many
        for row in connection.execute(
            select(
                allocation.c.gift,
                allocation.c.to_college,
                func.sum(allocation.c.quantity).label("many"),
            )
            .where(allocation.c.college == ESP)
            .group_by(allocation.c.gift, allocation.c.to_college)
        )
    }
    received: Counter[tuple[str, str]] = Counter()
    for kit in kits:
        received[kit.gift, kit.taken_in_by] += kit.taken_in
    return [
        Share(of, who, int(allocated.get((of, who), 0)), received[of, who])
        for of, who in sorted(allocated.keys() | received.keys())
    ]


def _sums(
    connection: Connection, key: ColumnElement[str], value: ColumnElement[int]
) -> Counter[str]:
    rows = connection.execute(select(key, func.sum(value)).group_by(key))
    return Counter({row[0]: int(row[1]) for row in rows})


def _kits(connection: Connection, lost: Set[str]) -> list[GiftKit]:
    """Each tag of a gift once, with how it stands where it is now."""
    named = connection.execute(
        select(gift.c.tag, gift.c.gift, gift.c.college, holding.c.quantity)
        .join_from(
            gift,
            holding,
            and_(holding.c.college == gift.c.college, holding.c.tag == gift.c.tag),
        )
        .where(gift.c.gift.is_not(None))
        .order_by(_CAME_FIRST.desc(), holding.c.accessioned_at.desc(), gift.c.college.desc())
    ).all()
    if not named:
        return []
    first = {row.tag: row for row in named}  # the earliest is said last, and stays
    now: dict[str, list[AnyRow]] = defaultdict(list)
    tags = select(gift.c.tag).where(gift.c.gift.is_not(None))
    for row in connection.execute(
        select(
            holding.c.tag,
            holding.c.college,
            holding.c.state,
            holding.c.quantity,
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
    sent = {
        row.tag: row
        for row in connection.execute(
            select(transfer.c.tag, transfer.c.to_college, transfer.c.quantity)
            .where(transfer.c.state != "called_off", transfer.c.tag.in_(tags))
            .order_by(transfer.c.sent_at, transfer.c.transfer)
        )
    }
    kits = [_kit(first[tag], now[tag], sent.get(tag), lost=tag in lost) for tag in first]
    return sorted(kits, key=lambda kit: (kit.gift, kit.taken_in_by, kit.tag))


def _kit(first: AnyRow, rows: list[AnyRow], sent: AnyRow | None, *, lost: bool) -> GiftKit:
    here = [row for row in rows if row.state != "withdrawn" and not row.arrived]
    held_by, state, quantity = None, "written off", first.quantity
    if here:
        row = min(here, key=lambda each: _best_first(each, first))
        held_by, state, quantity = row.college, row.state.replace("_", " "), row.quantity
        if state == "held" and row.college != first.college:
            state = "redeployed"
    elif signed := [row for row in rows if row.signed_at]:
        quantity = signed[0].quantity
    elif lost:
        state = "missing"
    elif sent is not None:
        # ESP told the sender that it arrived; the other college's ledger is not in this store.
        held_by, state, quantity = sent.to_college, "redeployed", sent.quantity
    return GiftKit(
        first.gift,
        first.tag,
        first.college,
        held_by,
        state,
        max(first.quantity, quantity),
        quantity,
    )


def _best_first(row: AnyRow, first: AnyRow) -> tuple[bool, bool, str]:
    """Of two colleges that both say they hold it, the one that had it first is believed."""
    return row.state != "held", row.college != first.college, row.college
