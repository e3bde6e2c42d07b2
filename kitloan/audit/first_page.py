"""The first page: what a reader should know in two minutes, in sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from kitloan.audit.colleges import Reporting
from kitloan.audit.evidence_tables import evidence_answers
from kitloan.audit.findings import CODES, Finding
from kitloan.audit.material import Material
from kitloan.audit.measures import NO_DONOR, FigureGroup, MeasureCounts
from kitloan.audit.spares import Pair
from kitloan.audit.tables import GiftStep, Summary, Tile
from kitloan.audit.use import A_MONTH, Use
from kitloan.audit.years import SILENT_DAYS
from kitloan.reference import regions
from kitloan.text.dates import uk
from kitloan.values import plural

MOST_DECISIONS = 5
"""Problems on the first page."""


def first_page(m: Material) -> Summary:
    """The sentences, the map, the flow, the months and what needs a decision."""
    return Summary(
        answers=tuple(_answers(m)),
        tiles=_tiles(m),
        flow=_flow(m),
        flow_of=_flow_of(m),
        months=m.trend.twelve_months_to(m.census.day, m.census.spans),
        decisions=tuple(_decisions(m.findings, m.census.college_names)),
        evidence=tuple(evidence_answers(m.reach, len(_silent(m)), any_sent=m.totals.are_known)),
    )


def _answers(m: Material) -> Iterator[tuple[str, str]]:
    t = m.totals
    sent = [each for each in m.reporting if each.last_entry is not None]
    silent = _silent(m)
    holders = sum(bool(each.figures.holdings) for each in m.by_college)
    kits = plural(t.holdings, "kit")
    is_ = "is" if t.holdings == 1 else "are"
    yield (
        f"{kits} {is_} held by {holders:,} of {len(sent) + len(silent):,} colleges."
        if t.are_known
        else "What is held is not known.",
        f"{_of_donors(m)}{_no_file(silent, named=m.census.scope.donor is None)}",
    )
    if not t.holdings:
        return
    unseen = t.not_sighted_12_months
    yield (
        f"{seen(t):,} of {t.holdings:,} were seen in the last 12 months ({_percent(t)}); "
        f"{unseen:,} were not.",
        most_unseen(m.by_region) if unseen else "Seen is scanned, lent, returned or counted.",
    )
    changed = f", {t.list_changed:,} counted against an older list" if t.list_changed else ""
    whole = t.counted_whole + t.counted_short + t.never_counted + t.list_changed
    yield (
        f"{t.counted_whole:,} counted whole, {t.counted_short:,} counted short, "
        f"{t.never_counted:,} never counted{changed}.",
        f"Of {plural(whole, 'kit')} with a contents list that {'is' if whole == 1 else 'are'} "
        f"held and not missing. {_missing(t)}{_combined(m.pairs)}".rstrip(),
    )
    loans = sum(each.loans for each in m.use_by_college)
    out, held = _days(m.use_by_college)
    short = [each for each in m.use_by_college if each.until is not None]
    borrowers = plural(t.schools, "school or other borrower", "schools and other borrowers")
    in_use = f" {_in_use(out, held, t.holdings)}" if held else ""
    yield (
        f"{plural(loans, 'loan')} to {borrowers} in the last 12 months.{in_use}"
        if any(each.is_known for each in m.use_by_college)
        else "What was lent in the last 12 months is not known.",
        f"The figures of {plural(len(short), 'college')} stop at the last day that "
        f"{'its file covers' if len(short) == 1 else 'their files cover'}."
        if short
        else "Each borrower is counted once.",
    )
    stale = [each for each in sent if (each.days or 0) > SILENT_DAYS and each.part_of is None]
    severities = Counter(each.severity for each in m.findings if each.accepted is None)
    high = severities["high"]
    more = severities.total() - high
    since = ", ".join(
        f"{each.name} ({uk(each.file_on or each.last_entry or m.census.day)})" for each in stale
    )
    yield (
        f"{plural(high, 'problem') if high else 'No problem'} of high severity "
        f"{'needs' if high < 2 else 'need'} a decision; {plural(more, 'other')} "
        f"{'is' if more == 1 else 'are'} listed.",
        f"No file for two months from {since}."
        if stale
        else "Every college that has sent a file sent one in the last two months.",
    )


MOST_DONORS = 4
"""Donors that are named in a sentence."""


def _in_use(out: float, held: int, holdings: int) -> str:
    """How much of the time kits were on loan, once they were held long enough to know."""
    if held < A_MONTH * holdings:
        return "Kits were held for too short a time to show how much they are used."
    return f"A kit was on loan for {out / held:.0%} of the time that it was held."


def _of_donors(m: Material) -> str:
    """Who gave how many, where the report is about several donors."""
    given = [each for each in m.by_donor if each.figures.holdings and each.name != NO_DONOR]
    if m.census.scope.donor or not given:
        return ""
    given.sort(key=lambda each: -each.figures.holdings)
    first = [(each.figures.holdings, each.name) for each in given[:MOST_DONORS]]
    others = sum(each.figures.holdings for each in given[MOST_DONORS:])
    unknown = m.totals.holdings - others - sum(many for many, _ in first)
    more = [(others, "others"), (unknown, "donors not on record")]
    named = [f"{many:,} by {name}" for many, name in (*first, *more) if many]
    return f"Given: {', '.join(named)}. "


def _no_file(silent: Sequence[Reporting], *, named: bool) -> str:
    """Which colleges have sent nothing: a director writes to each, and a donor to none."""
    if not silent:
        return "Every college has sent a file."
    names = f": {', '.join(each.name for each in silent)}" if named else ""
    holds = "it holds" if len(silent) == 1 else "they hold"
    return f"{plural(len(silent), 'college')} sent no file, and what {holds} is not known{names}."


def _silent(m: Material) -> list[Reporting]:
    """Colleges that have sent no file, and are no part of another."""
    return [each for each in m.reporting if each.last_entry is None and each.part_of is None]


def _percent(t: MeasureCounts) -> str:
    return f"{seen(t) / t.holdings:.0%}"


def _missing(t: MeasureCounts) -> str:
    return f"{t.missing:,} {'is' if t.missing == 1 else 'are'} missing. " if t.missing else ""


def _combined(pairs: Sequence[Pair]) -> str:
    if not pairs:
        return ""
    return f"{plural(len(pairs), 'kit')} could be completed from another."


def _days(used: Iterable[Use]) -> tuple[float, int]:
    every = tuple(used)
    return sum(each.days_out for each in every), sum(each.days_held for each in every)


def _tiles(m: Material) -> tuple[Tile, ...]:
    region_of = {each: row.region for each, row in m.census.colleges.items()}
    used: dict[str | None, list[Use]] = defaultdict(list)
    for each in m.use_by_college:
        used[region_of.get(each.name)].append(each)
    per_1000 = {each.key: each.kits_per_1000 for each in m.reach.parts["region"]}
    tiles = []
    for group in m.by_region:
        if group.id is None:
            continue
        held = group.figures.holdings
        out, days = _days(used[group.id])
        tiles.append(
            Tile(
                group.id,
                group.name,
                held if group.known else None,
                seen(group.figures) / held if held else None,
                out / days if days and days >= A_MONTH * held else None,
                per_1000.get(group.id),
            )
        )
    return tuple(tiles) if len(tiles) == len(regions()) else ()


def _flow(m: Material) -> tuple[GiftStep, ...]:
    gifts = m.gifts.gifts
    if not gifts:
        return ()
    promised = sum(each.promised for each in gifts)
    received = sum(each.received for each in gifts)
    allocated = sum(each.allocated for each in gifts)
    taken_in = sum(each.fate.taken_in for each in gifts)
    held = sum(each.fate.held + each.fate.redeployed for each in gifts)
    gone = [
        f"{many:,} {word}"
        for word, many in (
            ("on the way", sum(each.fate.on_its_way for each in gifts)),
            ("missing", sum(each.fate.missing for each in gifts)),
            ("written off", sum(each.fate.written_off for each in gifts)),
        )
        if many
    ]
    return (
        GiftStep("promised", promised),
        GiftStep(
            "received", received, _fell(promised - received, "outstanding", "more than promised")
        ),
        GiftStep("allocated", allocated, _fell(received - allocated, "at ESP", "not yet received")),
        GiftStep(
            "taken in",
            taken_in,
            _fell(allocated - taken_in, "not taken in", "more than allocated"),
        ),
        GiftStep("held now", held, ", ".join(gone)),
        GiftStep(
            "lent in 12 months",
            m.lent_of_gifts,
            _fell(held - m.lent_of_gifts, "not lent", "since gone"),
        ),
    )


def _fell(many: int, fewer: str, more: str) -> str:
    if not many:
        return ""
    return f"{many:,} {fewer}" if many > 0 else f"{-many:,} {more}"


def _flow_of(m: Material) -> str:
    gifts = m.gifts.gifts
    if len(gifts) == 1:
        return f"{gifts[0].gift}: {gifts[0].type} from {gifts[0].donor}"
    return plural(len(gifts), "gift")


def _decisions(found: Iterable[Finding], words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The most serious kinds of open problem, each in a sentence, with who acts."""
    kinds: dict[str, _Kind] = {}  # the gravest first, as findings are ordered
    for each in found:  # there may be a hundred thousand
        if each.accepted is None:
            kind = kinds.setdefault(each.code, _Kind(each.message))
            kind.messages.add(hash(each.message))
            kind.colleges.setdefault(each.college)
    for code, kind in islice(kinds.items(), MOST_DECISIONS):
        places = [each for each in kind.colleges if each]
        names = ", ".join(words.get(each, each) for each in places[:3])
        names += f" and {len(places) - 3} more" if len(places) > 3 else ""
        who = CODES[code].who
        if who == "The college" and len(places) == 1:
            who = names
        if len(kind.messages) == 1:
            yield kind.first, who
        else:
            yield f"{CODES[code].title}: {len(kind.messages):,}, at {names}.", who


@dataclass(slots=True)
class _Kind:
    """Problems of one kind: the first of them, all of their messages by hash, and where."""

    first: str
    messages: set[int] = field(default_factory=set)
    colleges: dict[str, None] = field(default_factory=dict)


def seen(figures: MeasureCounts) -> int:
    """How many were seen in the twelve months."""
    return figures.holdings - figures.not_sighted_12_months


def most_unseen(counted: Iterable[FigureGroup]) -> str:
    """Where most of what was not seen is."""
    groups = [each for each in counted if each.known]
    most = max(groups, key=lambda each: each.figures.not_sighted_12_months, default=None)
    if most is None or not any(each.figures.holdings for each in groups):
        return "Nothing is held."
    unseen = most.figures.not_sighted_12_months
    if not unseen:
        return "Everything that is held was seen in the last 12 months."
    return f"{unseen:,} of {most.figures.holdings:,} in {most.name} were not seen."
