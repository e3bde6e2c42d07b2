"""Every gift reconciled, to the kit: promised, received, allocated, taken in, and where it is.

What ESP agreed, received and allocated is in ESP's own ledger; what a college took in names the
gift by its id. A kit belongs to the college that first took it in; held elsewhere now, it was
redeployed. How many there are of a stock, the college that has it now knows; what is wanting of
those taken in is missing. So for every gift

    promised   = received + outstanding
    received   = allocated + at ESP
    allocated  = taken in + not taken in
    taken in   = held + on its way + redeployed + missing + written off

and where one of the differences is below nothing, there is too much: that is a finding.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, case, exists, false, func, select, union

from kitloan.audit.census import ARRIVED, Census
from kitloan.audit.stored import Storable, keep, keep_sorted
from kitloan.audit.transfers import Journey
from kitloan.ledger.session import ESP
from kitloan.national.gifts import agreed_day
from kitloan.storage.statements import AnyRow
from kitloan.tables import Gift, Holding, KitType, table
from kitloan.tables.absence import Arrival, Transfer, Withdrawal
from kitloan.tables.national import Allocation, Delivery, Gifting, Programme
from kitloan.text.dates import day_of

allocation, arrival, delivery = table(Allocation), table(Arrival), table(Delivery)
gift, gifting, programme = table(Gift), table(Gifting), table(Programme)
holding, kit_type, transfer = table(Holding), table(KitType), table(Transfer)
withdrawal = table(Withdrawal)

_WRITTEN_OFF = and_(withdrawal.c.college == holding.c.college, withdrawal.c.tag == holding.c.tag)
_ARRIVALS = (
    select(func.count())
    .select_from(arrival)
    .where(arrival.c.college == holding.c.college, arrival.c.tag == holding.c.tag)
    .correlate(holding)
    .scalar_subquery()
)
_SENDS = (
    select(func.count())
    .select_from(transfer)
    .where(
        transfer.c.college == holding.c.college,
        transfer.c.tag == holding.c.tag,
        transfer.c.state != "called_off",
    )
    .correlate(holding)
    .scalar_subquery()
)
_AWAY = case(
    (holding.c.state == "in_transit", 1),
    (and_(holding.c.state == "withdrawn", ~exists().where(_WRITTEN_OFF)), 1),  # it arrived there
    else_=0,
)
_CAME_FIRST = and_(
    exists().where(
        arrival.c.college == holding.c.college,
        arrival.c.tag == holding.c.tag,
        arrival.c.received_at == holding.c.accessioned_at,
    ),
    _ARRIVALS + _AWAY > _SENDS,
)
"""With an arrival this holding came to a college from another, which had it first.

Times alone do not show it: where a clock was set back, several entries count as of one time. What
a college took in itself was sent once more often than it came back, or as often while it is here.
"""

IN_TWO = "in two colleges"


@dataclass(frozen=True, slots=True)
class GiftKit(Storable):
    """One holding of a gift: who took it in, who has it now, and what has become of it.

    `quantity` is how many there are now, of those `taken_in`. `counts_as` is its state, and for a
    tag in two colleges what it is counted as.
    """

    gift: str
    tag: str
    type: str
    donor: str | None
    taken_in_by: str
    taken_in_on: date
    held_by: str | None
    counts_as: str
    also_at: tuple[str, ...]
    taken_in: int
    quantity: int

    @property
    def state(self) -> str:
        """What has become of it, in words."""
        return IN_TWO if self.also_at else self.counts_as


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a number of things: each is one of the five."""

    held: int
    on_its_way: int
    redeployed: int
    missing: int
    written_off: int

    @property
    def taken_in(self) -> int:
        """All that colleges have taken in."""
        return self.held + self.on_its_way + self.redeployed + self.missing + self.written_off


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A gift in numbers of things, and its terms."""

    gift: str
    donor: str
    type: str
    promised: int
    received: int
    allocated: int
    fate: Fate
    tranche: str | None
    document: str | None
    programme: str | None
    title: str
    agreed_on: date
    received_on: date | None

    @property
    def outstanding(self) -> int:
        """Promised, and not received; below nothing, more came."""
        return self.promised - self.received

    @property
    def at_esp(self) -> int:
        """Received, and allocated to no college; below nothing, more is allocated than came."""
        return self.received - self.allocated

    @property
    def not_taken_in(self) -> int:
        """Allocated, and not taken in; below nothing, more was taken in."""
        return self.allocated - self.fate.taken_in


@dataclass(frozen=True, slots=True)
class Share:
    """What of a gift a college was allocated and has taken in, and what became of that.

    `is_agreed` is whether ESP agreed a gift of that id: where it did not, what it allocated of it
    is nothing that anybody knows.
    """

    gift: str
    college: str
    allocated: int
    fate: Fate
    is_agreed: bool

    @property
    def not_taken_in(self) -> int:
        """Allocated, and not taken in; below nothing, more was taken in."""
        return self.allocated - self.fate.taken_in


@dataclass(frozen=True, slots=True)
class Gifts:
    """Every gift that ESP agreed, by college, and to the kit.

    `recorded_otherwise` is how many kits of these gifts are, by what their colleges record, of
    another donor or type than the report is about.
    """

    gifts: tuple[Reconciled, ...]
    shares: tuple[Share, ...]
    kits: Sequence[GiftKit]
    recorded_otherwise: int


def reconciled(census: Census, journeys: Iterable[Journey]) -> Gifts:
    """Every gift that ESP agreed, and each holding that a college records as of one.

    Args:
        census: what is counted, and the scope. Gifts are whole, whatever a college has recorded a
            kit of one as; shares and kits are narrowed.
        journeys: every transfer, as `kitloan.audit.transfers` has them.
    """
    lost = {each.tag for each in journeys if each.problem == "arrived_and_gone"}
    agreed = {row.gift: row for row in census.connection.execute(_AGREED)}
    known = {key for key, row in agreed.items() if _in_scope(census, key, row.donor, row.type_name)}
    kits = keep_sorted(
        (
            kit
            for kit in _kits(census, agreed, lost)
            if kit.gift in known or _in_scope(census, kit.gift, kit.donor, kit.type)
        ),
        lambda kit: (kit.gift, kit.taken_in_by, kit.tag),
    )
    here = census.has_college
    fates, touched, otherwise = _Fates(), set[str](), 0
    for kit in kits:
        fates.add(kit)
        otherwise += not _in_scope(census, kit.gift, kit.donor, kit.type)
        if kit.held_by is not None and here(kit.held_by):
            touched.add(kit.gift)
    shares = _shares(census.connection, fates, agreed)
    received = _sums(census.connection, delivery.c.gift, delivery.c.quantity)
    allocated: Counter[str] = Counter()
    for share in shares:
        allocated[share.gift] += share.allocated
    found = [
        Reconciled(
            key,
            row.donor,
            row.type_name,
            row.promised,
            received[key],
            allocated[key],
            fates.of_gift(key),
            row.tranche,
            row.document,
            row.programme_name or row.programme,
            row.title,
            agreed_day(row),
            date.fromisoformat(row.received_on) if row.received_on else None,
        )
        for key, row in agreed.items()
        if key in known
    ]
    # Only now: a gift's own figures are all of its colleges'.
    touched |= {share.gift for share in shares if here(share.college)}
    everywhere = census.college_ids is None
    return Gifts(
        tuple(each for each in found if everywhere or each.gift in touched),
        tuple(
            each
            for each in shares
            if here(each.college) and (each.gift in known or each.gift not in agreed)
        ),
        kits
        if everywhere
        else keep(kit for kit in kits if here(kit.taken_in_by) or here(kit.held_by or "")),
        otherwise,
    )


_AGREED = (
    select(
        gifting,
        kit_type.c.name.label("type_name"),
        programme.c.name.label("programme_name"),
        select(func.max(delivery.c.received_on))
        .where(delivery.c.college == ESP, delivery.c.gift == gifting.c.gift)
        .correlate(gifting)
        .scalar_subquery()
        .label("received_on"),
    )
    .join_from(
        gifting,
        kit_type,
        and_(kit_type.c.college == gifting.c.college, kit_type.c.kit_type == gifting.c.kit_type),
    )
    .outerjoin(
        programme,
        and_(
            programme.c.college == gifting.c.college, programme.c.programme == gifting.c.programme
        ),
    )
    .where(gifting.c.college == ESP)
    .order_by(gifting.c.agreed_at, gifting.c.gift)
)


def _in_scope(census: Census, gift_id: str, donor: str | None, type_name: str) -> bool:
    return census.is_gift(gift_id) and census.is_donor(donor) and census.is_type(type_name)


class _Fates:
    """What became of things, added up by gift, and by gift and the college that took them in."""

    def __init__(self) -> None:
        self._gifts: dict[str, Counter[str]] = defaultdict(Counter)
        self._shares: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(self, kit: GiftKit) -> None:
        for counted in (self._gifts[kit.gift], self._shares[kit.gift, kit.taken_in_by]):
            counted[kit.counts_as] += kit.quantity
            counted["missing"] += kit.taken_in - kit.quantity

    def of_gift(self, key: str) -> Fate:
        return _fate(self._gifts.get(key, Counter()))

    def of_share(self, key: str, college: str) -> Fate:
        return _fate(self._shares.get((key, college), Counter()))

    @property
    def shares(self) -> Set[tuple[str, str]]:
        return self._shares.keys()


def _fate(counted: Counter[str]) -> Fate:
    return Fate(
        held=counted["held"],
        on_its_way=counted["in transit"],
        redeployed=counted["redeployed"],
        missing=counted["missing"],
        written_off=counted["written off"],
    )


def _shares(connection: Connection, fates: _Fates, agreed: Container[str]) -> list[Share]:
    """Each gift by college. One that takes in too much does not make good for one that has not."""
    allocated = {
        (row.gift, row.to_college): int(row.many)
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
    return [
        Share(of, who, allocated.get((of, who), 0), fates.of_share(of, who), of in agreed)
        for of, who in sorted(allocated.keys() | fates.shares)
    ]


def _sums(
    connection: Connection, key: ColumnElement[str], value: ColumnElement[int]
) -> Counter[str]:
    rows = connection.execute(select(key, func.sum(value)).group_by(key))
    return Counter({row[0]: int(row[1]) for row in rows})


_NAMED = (
    select(
        gift.c.tag,
        gift.c.gift,
        gift.c.donor,
        gift.c.college,
        holding.c.quantity,
        holding.c.kit_type,
        holding.c.accessioned_at,
    )
    .join_from(
        gift, holding, and_(holding.c.college == gift.c.college, holding.c.tag == gift.c.tag)
    )
    .where(gift.c.gift.is_not(None))
)
_ELSEWHERE = union(
    select(transfer.c.tag).where(transfer.c.state != "called_off"),
    select(arrival.c.tag),
    select(holding.c.tag).group_by(holding.c.tag).having(func.count() > 1),
)
"""The tags that more than one college knows."""

_STAYED = (
    _NAMED.add_columns(holding.c.state, false().label("arrived"), withdrawal.c.signed_at)
    .outerjoin(withdrawal, _WRITTEN_OFF)
    .where(gift.c.tag.not_in(_ELSEWHERE))
)


def _kits(census: Census, agreed: dict[str, AnyRow], lost: Set[str]) -> Iterator[GiftKit]:
    """Each tag of a gift once, with what has become of it."""
    for row in census.rows(_STAYED):
        yield _kit(census, agreed, row, row, _became(row, [row], None, (), lost=row.tag in lost))
    yield from _moved_kits(census, agreed, lost)


def _moved_kits(census: Census, agreed: dict[str, AnyRow], lost: Set[str]) -> Iterator[GiftKit]:
    """Those of tags that more than one college knows: their rows are brought together here."""
    connection = census.connection
    named = connection.execute(
        _NAMED.where(gift.c.tag.in_(_ELSEWHERE)).order_by(
            _CAME_FIRST.desc(), holding.c.accessioned_at.desc(), gift.c.college.desc()
        )
    ).all()
    if not named:
        return
    recorded = {(row.college, row.tag): row for row in named}
    first = {row.tag: row for row in named}  # the earliest comes last, and stays
    now: dict[str, list[AnyRow]] = defaultdict(list)
    tags = select(gift.c.tag).where(gift.c.gift.is_not(None), gift.c.tag.in_(_ELSEWHERE))
    for row in connection.execute(
        select(
            holding.c.tag,
            holding.c.college,
            holding.c.state,
            holding.c.quantity,
            ARRIVED.label("arrived"),
            withdrawal.c.signed_at,
        )
        .outerjoin(withdrawal, _WRITTEN_OFF)
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
    for tag, origin in first.items():
        became = _became(
            origin, now[tag], sent.get(tag), census.doubles.get(tag, ()), lost=tag in lost
        )
        taken_in = recorded.get((became[0] or "", tag), origin)  # who has it may have corrected it
        yield _kit(census, agreed, origin, taken_in, became)


def _kit(
    census: Census,
    agreed: dict[str, AnyRow],
    origin: AnyRow,
    taken_in: AnyRow,
    became: tuple[str | None, str, int],
) -> GiftKit:
    """One kit, of what the college that took it in and the one that corrected it record."""
    held_by, state, quantity = became
    terms = agreed.get(taken_in.gift)
    return GiftKit(
        taken_in.gift,
        origin.tag,
        census.type_names[taken_in.college, taken_in.kit_type],
        taken_in.donor or (terms.donor if terms is not None else None),
        origin.college,
        day_of(origin.accessioned_at),
        held_by,
        state,
        census.doubles.get(origin.tag, ())[1:],
        max(origin.quantity, quantity),
        quantity,
    )


def _became(
    origin: AnyRow,
    rows: list[AnyRow],
    sent: AnyRow | None,
    doubles: tuple[str, ...],
    *,
    lost: bool,
) -> tuple[str | None, str, int]:
    """Which college has it, what it is counted as, and how many there are."""
    here = [row for row in rows if row.state != "withdrawn" and not row.arrived]
    if here:
        row = min(here, key=lambda each: each.college not in doubles[:1])
        state = row.state.replace("_", " ")
        if state == "held" and row.college != origin.college:
            state = "redeployed"
        return row.college, state, row.quantity
    if signed := [row for row in rows if row.signed_at]:
        return None, "written off", signed[0].quantity
    if lost:
        return None, "missing", origin.quantity
    if sent is not None:
        # ESP answered the sender that it arrived; the other college's ledger is not in this store.
        return sent.to_college, "redeployed", sent.quantity
    return None, "written off", origin.quantity
