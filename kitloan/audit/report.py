"""The report: the first page, and every table, from what was counted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, islice
from typing import Any

from kitloan.audit import stored
from kitloan.audit.census import Census
from kitloan.audit.changes import Changes
from kitloan.audit.colleges import Answer, Reporting
from kitloan.audit.demand import Unmet
from kitloan.audit.engagements import LEARNER_TOTALS, LearnerFigures
from kitloan.audit.evidence_tables import TO_THE_ROW, evidence_answers, evidence_tables
from kitloan.audit.findings import CODES, Finding
from kitloan.audit.gifts import Gifts
from kitloan.audit.measures import MEASURES, Figures, Group
from kitloan.audit.proof import News
from kitloan.audit.reach import ReachFigures
from kitloan.audit.register import COUNTED, WITH, Held, WrittenOff
from kitloan.audit.spares import Pair, Spare
from kitloan.audit.tables import (
    Cell,
    Chart,
    Column,
    Field,
    Report,
    Step,
    Summary,
    Table,
    Tile,
    count,
    day,
    table,
    text,
)
from kitloan.audit.transfers import Journey
from kitloan.audit.use import Use
from kitloan.audit.years import SILENT_DAYS, Idle, Trend
from kitloan.evidence.disclosure import HIDDEN, MARKS, Shown
from kitloan.reference import colleges, regions
from kitloan.text.dates import uk
from kitloan.values import plural

TITLE = "Gifted STEM kits in Scotland’s colleges"

MOST_DECISIONS = 5
"""Problems on the first page."""

STATUSES = {
    "in": "in",
    "uncounted": "back, not counted",
    "out": "on loan",
    "overdue": "overdue",
    "incomplete": "cannot be used",
    "in_transit": "on its way",
    "withdrawn": "written off",
    "missing": "missing",
    "in_two_colleges": "in two colleges",
}
TITLES = {
    "owned": "the college's own",
    "on_loan_from_donor": "on loan from the donor",
    "held_for_esp": "held for ESP",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that the report shows, as it was worked out; see the modules of `kitloan.audit`.

    `changes` has the totals of an earlier day, when a change is asked for; `lent_of_gifts` how many
    kits of gifts were on loan in the twelve months.
    """

    census: Census
    totals: Figures
    by_region: tuple[Group, ...]
    by_college: tuple[Group, ...]
    by_donor: tuple[Group, ...]
    by_type: tuple[Group, ...]
    findings: Sequence[Finding]
    reporting: tuple[Reporting, ...]
    journeys: tuple[Journey, ...]
    use_by_type: Sequence[Use]
    use_by_college: Sequence[Use]
    demand: Sequence[Unmet]
    idle: Sequence[Idle]
    overdue_by_age: Sequence[tuple[str, int, int]]
    trend: Trend
    spares: Sequence[Spare]
    pairs: Sequence[Pair]
    gifts: Gifts
    learners: LearnerFigures
    reach: ReachFigures
    lent_of_gifts: int
    written_off: Sequence[WrittenOff]
    challenges: Sequence[Answer]
    register: Iterable[Held] | None
    changes: Changes | None = None
    news: Sequence[News] | None = None
    warning: str = ""


def build(material: Material) -> Report:
    """The report, its most important table first."""
    m = material
    words = m.census.college_names
    scope = str(m.census.scope)
    tables = [
        _totals(m),
        _kinds_of_findings(m.findings),
        _groups(m.by_region, "regions", "By region", "Region", chart=True),
        _groups(m.by_college, "colleges", "By college", "College", chart=False),
        _groups(m.by_donor, "donors", "By donor", "Donor", chart=False),
        _groups(m.by_type, "types", "By kit type", "Kit type", chart=False),
        _gifts(m.gifts),
        _shares(m.gifts, words),
        _kits(m.gifts, words),
        _use(m.use_by_type, "use_by_type", "Use by kit type", "Kit type", {}, chart=True),
        _use(m.use_by_college, "use_by_college", "Use by college", "College", words, chart=False),
        _demand(m.demand),
        _learners(m.learners),
        _learner_split(m.learners),
        _answered(m.learners),
        *(
            each
            for each in evidence_tables(m.reach, words)
            if m.register is not None or each.name not in TO_THE_ROW
        ),
        _idle(m.idle, words),
        _overdue(m.overdue_by_age),
        _spares(m.spares),
        _pairs(m.pairs, words),
        _transfers(m.journeys, words),
        _challenges(m.challenges, words),
        _reporting(m.reporting, words),
        _years(m.trend),
        _written_off(m.written_off, words),
        _findings(m.findings, words, m.census.day),
    ]
    if m.news is not None and m.changes is not None:
        tables.insert(1, _news(m.news, m.changes.day, words))
    if m.register is not None:
        tables.append(_register(m.register, words))
    title = f"{TITLE}: {scope}" if scope else TITLE
    return Report(title, m.census.day, tuple(tables), _summary(m))


# The fields that several tables have.


def _college(
    words: Mapping[str, str],
    name: str = "college",
    title: str = "College",
    meaning: str = "The college; its id in JSON and CSV.",
    unknown: str = "none",
) -> Field:
    return text(name, title, meaning, words=words, unknown=unknown)


_TAG = text("tag", "Tag", "The tag, as on its label.", kind="tag", unknown="")
_TYPE = text("type", "Kit type", "What kind of thing it is.")
_GIFT = text("gift", "Gift", "The gift's id.")
_REGION = text("region", "Region", "The region.", words=regions(), unknown="outside the regions")


def _totals(m: Material) -> Table:
    """The summary: each figure with what it is a share of."""
    t = m.totals
    gone = {each.college for each in m.reporting if each.part_of and each.last_entry is None}
    known = {each.id for each in colleges()} | {each.college for each in m.reporting}
    known = {each for each in known - gone if m.census.has_college(each)}
    held = t.holdings
    listed = t.counted_whole + t.counted_short + t.never_counted + t.list_changed
    shown = m.learners.shown
    rows: list[tuple[str, Shown, int | None, str]] = [
        ("Colleges that have sent a file", t.colleges, len(known), "colleges"),
        ("Kits held", held, None, "holdings"),
        ("Seen in the last 12 months", _seen(t), held, "sighted"),
        ("Counted whole", t.counted_whole, listed, "counted_whole"),
        ("Counted short", t.counted_short, listed, "counted_short"),
        ("Never counted", t.never_counted, listed, "never_counted"),
        ("Contents list changed since the count", t.list_changed, listed, "list_changed"),
        ("Cannot be used until parts are replaced", t.incomplete, held, "incomplete"),
        ("On loan", t.out, held, "out"),
        ("Overdue", t.overdue, t.out, "overdue"),
        ("On the way between colleges", t.in_transit, held, "in_transit"),
        ("Missing", t.missing, held, "missing"),
        ("Schools and other borrowers in 12 months", t.schools, None, "schools"),
        *(
            (title, shown[name], None, name)
            for title, name in zip(_OF_LEARNERS, LEARNER_TOTALS, strict=True)
        ),
    ]
    fields: list[Field] = [
        text("measure", "What", "What is counted.", of=lambda row: row[0]),
        count("number", "Number", "How many.", of=lambda row: row[1]),
        text(
            "of",
            "Of",
            "What the share is a share of: all colleges, all that is held, all that is on loan, or "
            "the kits with a contents list that are held and not missing.",
            of=lambda row: row[2],
            kind="count",
            unknown="",
        ),
        text(
            "share",
            "Share",
            "The number as a share of the one in the column Of.",
            kind="share",
            of=_share,
            unknown="",
        ),
    ]
    then = m.changes
    if then is not None:
        fields += [
            text(
                "before",
                f"On {uk(then.day)}",
                "The same at the end of the earlier day; no learners of another academic year.",
                kind="count",
                of=lambda row: then.before(row[3]),
                unknown="",
            ),
            text(
                "change",
                "Change",
                "How many more, or fewer, since the earlier day.",
                kind="count",
                of=lambda row: then.change(row[3], row[1]),
                unknown="",
            ),
        ]
    note = f"As at the end of {uk(m.census.day)}. {_next_step(m)}"
    found = table("totals", "Summary figures", f"{m.warning} {note}".strip(), fields, rows)
    if any(HIDDEN in row for row in found.rows):
        return replace(found, note=f"{found.note} {_MARKS}")
    return found


_OF_LEARNERS = (
    "Learner engagements this academic year",
    "Different learners, at least",
    "Different learners, at most",
)


def _share(row: tuple[str, Shown, int | None, str]) -> float | None:
    """A figure's share of its base; None where it has none, or a base of nothing."""
    _, number, base, _ = row
    return number / base if base and isinstance(number, int) else None


def _seen(figures: Figures) -> int:
    return figures.holdings - figures.not_sighted_12_months


def _next_step(m: Material) -> str:
    """What a reader who sees nothing should do; else how it was counted."""
    if not m.totals.colleges:
        return (
            "No college's ledger is in this store yet. Ask each college for its file (kitloan "
            "ledger export FILE), and take them in together: kitloan ledger import FILE..."
        )
    if not m.totals.holdings:
        return (
            "Nothing is on any register yet. A college takes in what it holds from a spreadsheet "
            "(kitloan import FILE) or one by one (kitloan add --type TYPE)."
        )
    return (
        "A kit is counted once: on its way at the college that sent it, in two colleges at the one "
        "that saw it last. What was never counted is not called whole."
    )


def _figure(name: str, title: str, meaning: str, of: Callable[[Figures], int]) -> Field:
    return count(name, title, meaning, lambda group: of(group.figures) if group.known else None)


def _measure(name: str, key: str | None = None) -> Field:
    """The column of a measure; `key` is its name in the tables where that differs."""
    (found,) = [each for each in MEASURES if each.name == name]
    return _figure(key or name, found.title, found.meaning, lambda figures: figures[name])


_SIGHTED = _figure(
    "sighted", "Seen in 12 months", "Scanned or seen on the same day a year ago, or since.", _seen
)
_FIGURES = (
    *(_measure(name) for name in ("holdings", "out", "overdue", "incomplete", "short")),
    *(_measure(name) for name in ("in_transit", "missing")),
    _SIGHTED,
    _measure("not_sighted_12_months", "not_sighted"),
    *(
        _measure(name)
        for name in ("counted_whole", "counted_short", "never_counted", "list_changed")
    ),
)


def _groups(counted: Iterable[Group], name: str, title: str, heading: str, *, chart: bool) -> Table:
    """Every figure for each of some regions, colleges, donors or types."""
    each = tuple(counted)
    called = text("name", heading, "The name.")
    known_by = text("id", "Id", "The id, where there is one.", unknown="")
    notes = {
        "regions": "Every region appears. Where no college of it has sent a file, nothing is known "
        "of it, which is not nothing held. Colleges outside the regions are apart.",
        "colleges": "Where a college has sent no file, nothing is known of what it holds.",
    }
    return table(
        name,
        title,
        notes.get(name, ""),
        (called, *([known_by] if any(group.id for group in each) else []), *_FIGURES),
        each,
        Chart(("sighted", "not_sighted"), _most(each), stacked=True) if chart else None,
    )


def _most(counted: Iterable[Group]) -> str:
    """Where most of what was not seen is."""
    groups = [each for each in counted if each.known]
    most = max(groups, key=lambda each: each.figures.not_sighted_12_months, default=None)
    if most is None or not any(each.figures.holdings for each in groups):
        return "Nothing is held."
    unseen = most.figures.not_sighted_12_months
    if not unseen:
        return "Everything that is held was seen in the last 12 months."
    return f"{unseen:,} of {most.figures.holdings:,} in {most.name} were not seen."


def _kinds_of_findings(found: Iterable[Finding]) -> Table:
    """The problems, by kind."""
    counts: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for finding in found:
        counts[finding.code] += 1
        accepted[finding.code] += finding.accepted is not None
    worst = sum(many for code, many in counts.items() if CODES[code].severity == "high")
    return table(
        "finding_kinds",
        "Problems, most serious first",
        "By kind; each one is in the table of every problem.",
        (
            text(
                "code",
                "Problem",
                "The kind of problem.",
                of=lambda name: name.replace("_", " "),
                words=_CODE_WORDS,
            ),
            text("severity", "Severity", "high, medium or low.", of=lambda n: CODES[n].severity),
            count("findings", "How many", "How many of this kind.", of=counts.get),
            count(
                "accepted",
                "Accepted",
                "Of those, accepted by ESP with a note.",
                of=lambda name: accepted[name],
            ),
            text("who", "Who acts", "Who takes the next step.", of=lambda name: CODES[name].who),
            text("action", "What to do", "The next step.", of=lambda name: CODES[name].action),
        ),
        (name for name in CODES if counts[name]),
        Chart(
            ("findings",),
            f"{plural(counts.total(), 'problem')}, of which {worst:,} of high severity.",
        ),
    )


_CODE_WORDS = {code.replace("_", " "): each.title for code, each in CODES.items()}


def _findings(found: Iterable[Finding], words: Mapping[str, str], on: date) -> Table:
    """Everything that a person should look at."""
    return table(
        "findings",
        "Every problem",
        "What a person should look at, the most serious first.",
        (
            text("severity", "Severity", "high, medium or low."),
            text(
                "code",
                "Problem",
                "The kind of problem.",
                of=lambda each: each.code.replace("_", " "),
                words=_CODE_WORDS,
            ),
            _college(words),
            _TAG,
            text("message", "What was found", "In a sentence."),
            day("since", "Since", "Since when it is so, as far as is known.", unknown="not known"),
            text(
                "age",
                "Days",
                "Days from then to the day of the report.",
                kind="days",
                of=lambda each: max(0, (on - each.since).days) if each.since else None,
                unknown="not known",
            ),
            text("who", "Who acts", "Who takes the next step."),
            text("action", "What to do", "The next step."),
            text("accepted", "Accepted", "ESP's note, where ESP accepts it as it is.", unknown=""),
        ),
        found,
    )


def _fate(*, titles: Mapping[str, str]) -> list[Field]:
    meanings = {
        "held": "Held by the college that first took it in.",
        "on_its_way": "Sent to another college and not yet received.",
        "redeployed": "Held by another college than the one that first took it in.",
        "missing": "Not to be found, or held by no college; of a stock, what is wanting.",
        "written_off": "Withdrawn by two people.",
    }
    return [
        count(name, titles[name], f"Of those taken in: {meaning}", of=_fated(name))
        for name, meaning in meanings.items()
    ]


def _fated(name: str) -> Callable[[Any], Cell]:
    return lambda each: getattr(each.fate, name)


_FATES = {
    "held": "Held",
    "on_its_way": "On its way",
    "redeployed": "Moved to another college",
    "missing": "Missing",
    "written_off": "Written off",
}
_TAKEN_IN = count(
    "taken_in", "Taken in", "Things that colleges have taken in.", of=_fated("taken_in")
)
_NOT_TAKEN_IN = count(
    "not_taken_in",
    "Not taken in",
    "Allocated, and not taken in; below nothing, more was taken in than allocated.",
)


def _gifts(given: Gifts) -> Table:
    """Each gift, from what was promised to where it is."""
    return table(
        "gifts",
        "Gifts",
        "Promised = received + outstanding. Received = allocated + at ESP. Allocated = taken in + "
        "not taken in. Taken in = held + on its way + moved + missing + written off. A number "
        "below nothing is too many, and is among the problems.",
        (
            _GIFT,
            text("donor", "Donor", "Who gave it."),
            _TYPE,
            count("promised", "Promised", "Things promised."),
            count("received", "Received", "Things that came to ESP."),
            count("outstanding", "Outstanding", "Promised, and not received."),
            count("allocated", "Allocated", "Things allocated to colleges."),
            count("at_esp", "At ESP", "Received, and allocated to no college."),
            _TAKEN_IN,
            _NOT_TAKEN_IN,
            *_fate(titles=_FATES),
            text("tranche", "Tranche", "Which part of a larger gift."),
            text("document", "Document", "The paper that records it."),
            text("programme", "Programme", "The programme that it is part of."),
            text("title", "Title", "Whose the things are.", words=TITLES),
            day("agreed_on", "Agreed", "When ESP recorded the terms."),
            day("received_on", "Last received", "When the last delivery came.", "none yet"),
        ),
        given.gifts,
    )


def _shares(given: Gifts, words: Mapping[str, str]) -> Table:
    """Each gift by college."""
    whole = [
        text(name, title, "Known of the whole gift alone.", lambda _: None, "count", unknown="")
        for name, title in (
            ("promised", "Promised"),
            ("received", "Received"),
            ("outstanding", "Outstanding"),
            ("at_esp", "At ESP"),
        )
    ]
    return table(
        "gift_shares",
        "Gifts, by college",
        "What ESP allocated to each college, against what it took in as of that gift, and what "
        "became of that. Allocated = taken in + not taken in.",
        (
            _GIFT,
            _college(words),
            count("allocated", "Allocated", "Things that ESP allocated to the college."),
            _TAKEN_IN,
            _NOT_TAKEN_IN,
            *_fate(titles=_FATES),
            *whole,
        ),
        given.shares,
    )


def _kits(given: Gifts, words: Mapping[str, str]) -> Table:
    """Each holding of a gift."""
    return table(
        "gift_kits",
        "Gifts, to the kit",
        "Every holding that a college records as of a gift, and where it is now.",
        (
            _GIFT,
            _TAG,
            _TYPE,
            _college(words, "taken_in_by", "Taken in by", "The college that first took it in."),
            day("taken_in_on", "Taken in on", "When that college took it in."),
            _college(
                words, "held_by", "Held by", "The college that has it now.", unknown="no college"
            ),
            text(
                "state",
                "State",
                "held, redeployed, in transit, in two colleges, missing or written off.",
            ),
            text(
                "also_at",
                "Also claimed by",
                "The other college that holds the same tag.",
                of=lambda each: (
                    ", ".join(words.get(college, college) for college in each.also_at) or None
                ),
                unknown="",
            ),
        ),
        given.kits,
    )


def _spares(wanted: Iterable[Spare]) -> Table:
    """Each component that is short somewhere."""
    return table(
        "spares",
        "Spares list",
        "What is short in every kit but the missing ones, the most wanted first.",
        (
            _TYPE,
            text("component", "Component", "The component that is short."),
            text(
                "critical",
                "Critical",
                "Whether a kit is unusable without it.",
                of=lambda each: "yes" if each.critical else "no",
            ),
            count("missing", "Missing", "How many are not there."),
            count("broken", "Broken", "How many are there, and broken."),
            count("kits", "Kits", "In how many kits."),
        ),
        wanted,
    )


def _pairs(found: Iterable[Pair], words: Mapping[str, str]) -> Table:
    """Each two kits of which one can be made whole."""
    return table(
        "pairs",
        "Kits that could be combined",
        "Both are short, in, and counted. The second has all that the first lacks, and would give "
        "it up. A kit is in one pair at most.",
        (
            _TYPE,
            text("tag", "Make whole", "The kit to make whole.", kind="tag"),
            _college(words),
            text("needs", "It lacks", "What it is short of, and how many."),
            text("from_tag", "From", "The kit that has them.", kind="tag"),
            _college(words, "from_college", "At", "The college that holds that kit."),
        ),
        found,
    )


def _use(
    used: Sequence[Use],
    name: str,
    title: str,
    heading: str,
    words: Mapping[str, str],
    *,
    chart: bool,
) -> Table:
    """Days out over days held, for each of some types or colleges."""
    best = max(used, key=lambda each: each.share or 0, default=None)
    by_college = name == "use_by_college"
    caption = (
        f"{best.name} is used most: out on {best.share:.0%} of {best.days_held:,} days held."
        if best and best.share and best.loans
        else "Nothing was lent in the last twelve months."
    )
    until = day(
        "until",
        "Known until",
        "The last day that the college's file covers, where that is before the day of the report.",
        unknown="this day",
    )
    return table(
        name,
        title,
        "Over the twelve months that end with this day: days out over days held. Of a stock of "
        "loose items, what was out of what was held counts. A college's figures stop at the last "
        "day that its file covers.",
        (
            text("name", heading, "The name; a college's id in JSON and CSV.", words=words),
            count("holdings", "Held", "Holdings on the register."),
            count("loans", "Loans", "Loans that began in the twelve months."),
            count(
                "organisations",
                "Borrowers",
                "Different schools and other borrowers.",
                of=lambda each: len(each.organisations),
            ),
            text("days_out", "Days out", "Days on loan, of all holdings together.", kind="days"),
            text("days_held", "Days held", "Days on the register, of all together.", kind="days"),
            text("share", "In use", "Days out over days held.", kind="share", unknown="not known"),
            *([until] if by_college else []),
        ),
        used,
        Chart(("share",), caption) if chart else None,
    )


def _demand(refused: Sequence[Unmet]) -> Table:
    """What was asked for and could not be given, by kit type and region."""
    return table(
        "unmet_demand",
        "Asked for and not given",
        "Over the twelve months that end with this day, the most kits first. A school that asks "
        "for one type on days that overlap counts once a day. What nobody asked for is not here.",
        (
            _TYPE,
            _REGION,
            count("refusals", "Refusals", "How often it was refused."),
            count("kits", "Kits", "How many kits were asked for, of all refusals together."),
            count("borrowers", "Borrowers", "Different schools and other borrowers that asked."),
            count("none_free", "None free", "Refused because too few were free."),
            count("days", "Day", "Refused for the day: closed, too soon or too far ahead."),
            count("limits", "Limit", "Refused by a limit, or because the borrower is blocked."),
        ),
        refused,
    )


_MARKS = f"{HIDDEN} is {MARKS[HIDDEN]}."


def _learners(found: LearnerFigures) -> Table:
    """What the kits did this academic year, by region."""
    closed, with_use = found.closed
    known = f"{with_use:,} of {plural(closed, 'loan')} that came back" if closed else "No loan"
    marks = f" {_MARKS}" if HIDDEN in found.shown.values() else ""
    at_least, at_most = (found.shown[name] for name in LEARNER_TOTALS[1:])
    return table(
        "learners",
        "What the kits were used for",
        f"Since {uk(found.year)}. {known} {'have' if with_use != 1 else 'has'} a record of use. A "
        "learner who took part twice is two learner engagements. Different learners: between "
        f"{at_least} and {at_most}.{marks}",
        (
            _REGION,
            count("engagements", "Uses", "Uses by one group, each counted once."),
            count("schools", "Schools", "Different schools; an unlinked borrower is itself."),
            count(
                "learner_engagements",
                "Learner engagements",
                "The learners of every group. A group whose size nobody knows adds none.",
            ),
            count(
                "at_least",
                "Different, at least",
                "In each school the largest group of each band, or the largest of several bands "
                "where that is more than those together.",
            ),
            count("at_most", "Different, at most", "As many as the learner engagements."),
            count("staff", "Staff", "Teachers and other staff who took part."),
            text("hours", "Hours", "Hours of all sessions.", kind="days"),
        ),
        found.by_region,
    )


def _learner_split(found: LearnerFigures) -> Table:
    """Girls and boys of the last whole academic year, by region."""
    marks = (
        f" {_MARKS}" if any(HIDDEN in (e.girls, e.boys, e.girls_share) for e in found.split) else ""
    )
    return table(
        "learners_split",
        "Girls and boys",
        f"The academic year from {uk(found.split_year)}; a year that is not over has no split. "
        f"The share is of those recorded.{marks}",
        (
            _REGION,
            count("girls", "Girls", "Girls, where they were recorded."),
            count("boys", "Boys", "Boys, where they were recorded."),
            count("not_recorded", "Not recorded", "Other, not said, or not recorded."),
            count("learner_engagements", "Learner engagements", "All of them together."),
            count("girls_share", "Girls, per cent", "Of girls and boys together."),
        ),
        found.split,
    )


def _answered(found: LearnerFigures) -> Table:
    """What teachers answered this academic year: first how many forms came."""
    closed, with_use = found.closed
    marks = f" {_MARKS}" if any(HIDDEN in (e.answers, e.mean) for e in found.answered) else ""
    return table(
        "evaluations",
        "What teachers answered",
        f"Since {uk(found.year)}. Of {plural(closed, 'loan')} that came back, {with_use:,} have a "
        "record of use. Every rating is the teacher's, and none is filled in for a form that did "
        f"not come.{marks}",
        (
            text("question", "Question", "What the teacher was asked."),
            count("answers", "Answers", "How many answered it."),
            text("mean", "Mean", "Of ratings from 1 to 5.", kind="days", unknown=""),
            text("words", "Answered", "Positive is 4 or 5."),
        ),
        found.answered,
    )


def _idle(unused: Iterable[Idle], words: Mapping[str, str]) -> Table:
    """Each holding that nobody had."""
    return table(
        "idle",
        "Idle",
        "On the register for a year or more, in, and on loan to nobody in the last twelve months. "
        f"Colleges that have sent no file for {SILENT_DAYS} days are left out: what they lent is "
        "not known.",
        (
            _TAG,
            _college(words),
            _REGION,
            text("place", "Place", "Where the college keeps it."),
            _TYPE,
            text("asset_number", "Number", "The college's own number.", unknown="none"),
            text("counted", "Counted", "The latest count.", words=COUNTED, unknown="no list"),
            day("last_lent", "Last lent", "The last loan's first day.", unknown="not known"),
            day("last_sighted", "Last seen", "When it was last seen.", unknown="never"),
            text(
                "wanted_at",
                "Nearest want",
                "The nearest college at which somebody waits for one; it may be its own.",
                of=lambda each: each.want.college if each.want else None,
                words=words,
                unknown="none",
            ),
            text(
                "km",
                "km",
                "From the college's main town to that college's, in a straight line.",
                of=lambda each: each.want.km if each.want else None,
                kind="count",
                unknown="",
            ),
            text(
                "sea_crossing",
                "Over sea",
                "Whether the sea is in between.",
                of=lambda each: _YES_NO.get(each.want.sea_crossing) if each.want else None,
                unknown="",
            ),
        ),
        unused,
    )


_YES_NO = {True: "yes", False: "no"}


def _overdue(by_age: Sequence[tuple[str, int, int]]) -> Table:
    """How late what is late is."""
    total = sum(loans for _, loans, _ in by_age)
    oldest = [f"{loans:,} {age}" for age, loans, _ in by_age if loans]
    return table(
        "overdue_by_age",
        "Overdue by age",
        "Loans that are past their due date.",
        (
            text("age", "How late", "Days past the due date.", of=lambda row: row[0]),
            count("loans", "Loans", "How many loans.", of=lambda row: row[1]),
            count(
                "things", "Things", "How many things are still out on them.", of=lambda row: row[2]
            ),
        ),
        by_age,
        Chart(
            ("loans",),
            f"{plural(total, 'loan')} overdue: {', '.join(oldest)}."
            if total
            else "No loan is overdue.",
        ),
    )


def _years(trend: Trend) -> Table:
    """Year on year, the earliest first."""
    busiest = max(trend.years, key=lambda each: each.loans, default=None)
    return table(
        "years",
        "Year on year",
        "By academic year, August to July. A borrower counts once in a year, whichever colleges "
        "lend to it.",
        (
            text("year", "Academic year", "From August to July.", of=lambda each: each.name),
            count("loans", "Loans", "Loans that began."),
            count("organisations", "Borrowers", "Different schools and other borrowers."),
            count(
                "accessioned", "Taken in", "Holdings taken in, but for those from another college."
            ),
            count("withdrawn", "Withdrawn", "Holdings written off."),
        ),
        reversed(trend.years),
        Chart(
            ("loans",),
            f"The most loans were in {busiest.name}: {busiest.loans:,}."
            if busiest and busiest.loans
            else "Nothing has been lent.",
        ),
    )


def _transfers(journeys: Iterable[Journey], words: Mapping[str, str]) -> Table:
    """Each transfer, and whether both its halves are here."""
    return table(
        "transfers",
        "Transfers between colleges",
        "Each is recorded in two ledgers; a mismatch is among the problems.",
        (
            _TAG,
            _college(words, "from_college", "From", "The college that sent it."),
            _college(words, "to_college", "To", "The college that should have it."),
            day("sent", "Sent", "When it was sent."),
            day("received", "Received", "When it was received.", unknown="no receipt here"),
            text(
                "status",
                "Status",
                "matched (both halves are here), on its way, no file from the sender yet, or the "
                "mismatch.",
            ),
        ),
        journeys,
    )


def _challenges(answers: Iterable[Answer], words: Mapping[str, str]) -> Table:
    """Each challenge, and how it was answered."""
    return table(
        "challenges",
        "Challenges",
        "Holdings that ESP asked a college to show, with a code that nobody knew before.",
        (
            text("challenge", "Challenge", "The challenge's id."),
            _college(words),
            day("set_on", "Asked", "When ESP asked."),
            day("answer_by", "By", "The day by which to answer."),
            count("asked", "Asked for", "How many holdings."),
            count("shown", "Shown", "How many of them were scanned."),
            day(
                "answered",
                "Answered",
                "When the stocktake was closed, and all it shows on record.",
                unknown="not yet",
            ),
            text("status", "Status", "waiting, answered, answered late, ..."),
        ),
        answers,
    )


def _reporting(reported: Iterable[Reporting], words: Mapping[str, str]) -> Table:
    """Each college, and when its last file is from."""
    return table(
        "freshness",
        "Last file received",
        "When the latest file of each college was made; a college without one has sent nothing.",
        (
            _college(words),
            text("name", "Name", "The college's name."),
            _REGION,
            day("file_on", "Last file", "The day on which the latest file was made.", "none"),
            text(
                "days",
                "Days ago",
                "Days from then to the day of the report.",
                kind="days",
                unknown="",
            ),
            day("last_entry", "Last entry", "The day of the last entry.", unknown="none"),
            count("entries", "Entries", "How many entries the ledger has."),
            text(
                "epoch",
                "Epoch",
                "More than 1 when a backup was restored.",
                kind="count",
                unknown="",
            ),
            count("allocated", "Allocated", "Things that ESP allocated to it."),
            text("status", "Status", "sent, nothing sent, or part of another college."),
            _college(
                words, "part_of", "Part of", "The college that it has become part of.", unknown=""
            ),
        ),
        reported,
    )


def _written_off(gone: Iterable[WrittenOff], words: Mapping[str, str]) -> Table:
    """Each write-off, with its reason and who signed."""
    return table(
        "written_off",
        "Written off",
        "What two people took off a register, the latest first.",
        (
            _TAG,
            _college(words),
            _TYPE,
            text("donor", "Donor", "Who gave it."),
            day("signed_on", "On", "When the second person signed."),
            text("reason", "Reason", "Why."),
            text("agreement", "Donor's agreement", "The letter that agrees.", unknown="none"),
            text("proposed_by", "Proposed by", "Who proposed it."),
            text("signed_by", "Signed by", "The second person."),
        ),
        gone,
    )


def _news(since: Iterable[News], then: date, words: Mapping[str, str]) -> Table:
    """What came on record since a day."""
    return table(
        "since",
        f"Since {uk(then)}",
        "What came on record after that day, the latest first; the first thousand.",
        (
            day("at", "Recorded", "The day on which it was recorded."),
            _college(words),
            _TAG,
            text("by", "By", "Who recorded it."),
            text("summary", "What", "In a few words."),
        ),
        since,
    )


def _register(held: Iterable[Held], words: Mapping[str, str]) -> Table:
    """One row a holding."""
    return table(
        "register",
        "Register",
        "One row a holding, by college and tag; what was written off included.",
        (
            _college(words),
            _REGION,
            _TAG,
            text("asset_number", "Number", "The college's own number.", unknown="none"),
            _TYPE,
            count("quantity", "How many", "Of a stock of loose items, how many there are."),
            text("donor", "Donor", "Who gave it."),
            _GIFT,
            text("title", "Title", "Whose it is.", words=TITLES),
            text("place", "Place", "Where the college usually keeps it."),
            text("status", "Status", "How it is now.", words=STATUSES),
            text(
                "with",
                "With",
                "Who has it: the college, a borrower, the carrier, or nobody.",
                of=lambda each: each.whereabouts,
                words=WITH,
            ),
            text("counted", "Counted", "The latest count.", words=COUNTED, unknown="no list"),
            day("counted_on", "Counted on", "The day of that count.", unknown=""),
            day("last_sighted_on", "Last seen", "When it was last seen.", unknown="never"),
            text("last_sighted_by", "Seen by", "Who saw it last.", unknown=""),
            text(
                "also_at",
                "Also claimed by",
                "The other college that holds the same tag.",
                of=lambda each: ", ".join(each.also_at) or None,
                unknown="",
            ),
        ),
        held,
    )


# The first page.


def _summary(m: Material) -> Summary:
    return Summary(
        answers=tuple(_answers(m)),
        tiles=_tiles(m),
        flow=_flow(m),
        flow_of=_flow_of(m),
        months=m.trend.twelve_months_to(m.census.day),
        decisions=tuple(_decisions(m.findings, m.census.college_names)),
        evidence=tuple(evidence_answers(m.reach)),
    )


def _answers(m: Material) -> Iterator[tuple[str, str]]:
    t = m.totals
    sent = [each for each in m.reporting if each.last_entry is not None]
    silent = [each for each in m.reporting if each.last_entry is None and each.part_of is None]
    holders = sum(bool(each.figures.holdings) for each in m.by_college)
    kits = plural(t.holdings, "kit")
    is_ = "is" if t.holdings == 1 else "are"
    yield (
        f"{kits} {is_} held by {holders:,} of {len(sent) + len(silent):,} colleges.",
        f"{plural(len(silent), 'college')} sent no file: what "
        f"{'it holds' if len(silent) == 1 else 'they hold'} is not known."
        if silent
        else "Every college has sent a file.",
    )
    if not t.holdings:
        return
    unseen = t.not_sighted_12_months
    yield (
        f"{_seen(t):,} of {t.holdings:,} were seen in the last 12 months ({_percent(t)}); "
        f"{unseen:,} were not.",
        _most(m.by_region) if unseen else "Seen is scanned, lent, returned or counted.",
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
    in_use = f"; in use on {out / held:.0%} of {held:,} days held." if held else "."
    yield (
        f"{plural(loans, 'loan')} to {borrowers} in the last 12 months{in_use}",
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
        else "No college that has sent a file is silent.",
    )


def _percent(t: Figures) -> str:
    return f"{_seen(t) / t.holdings:.0%}"


def _missing(t: Figures) -> str:
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
                _seen(group.figures) / held if held else None,
                out / days if days else None,
                per_1000.get(group.id),
            )
        )
    return tuple(tiles) if len(tiles) == len(regions()) else ()


def _flow(m: Material) -> tuple[Step, ...]:
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
        Step("promised", promised),
        Step("received", received, _fell(promised - received, "outstanding", "more than promised")),
        Step("allocated", allocated, _fell(received - allocated, "at ESP", "not yet received")),
        Step(
            "taken in",
            taken_in,
            _fell(allocated - taken_in, "not taken in", "more than allocated"),
        ),
        Step("held now", held, ", ".join(gone)),
        Step(
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
    open_ = (each for each in found if each.accepted is None)
    worst_first = groupby(open_, key=lambda each: each.code)  # as findings are ordered
    for code, same in islice(worst_first, MOST_DECISIONS):
        first = next(same)
        messages, colleges_of = {hash(first.message)}, {first.college: None}
        for each in same:  # there may be a hundred thousand
            messages.add(hash(each.message))
            colleges_of.setdefault(each.college)
        places = [each for each in colleges_of if each]
        names = ", ".join(words.get(each, each) for each in places[:3])
        names += f" and {len(places) - 3} more" if len(places) > 3 else ""
        who = CODES[code].who
        if who == "The college" and len(places) == 1:
            who = names
        if len(messages) == 1:
            yield first.message, who
        else:
            yield f"{CODES[code].title}: {len(messages):,}, at {names}.", who


# The papers: what a reader gets.

READERS = ("donor", "college", "board", "evidence")
"""Who a paper can be for."""

_NAMELESS = {"last_sighted_by", "also_at"}
_OF_BOARD: Mapping[str, tuple[str, ...]] = {
    "totals": ("measure", "number", "of", "share", "before", "change"),
    "regions": (
        *("name", "holdings", "sighted", "not_sighted", "out", "overdue", "missing"),
        *("counted_whole", "counted_short", "never_counted"),
    ),
    "gifts": (
        *("gift", "donor", "promised", "received", "outstanding", "allocated", "at_esp"),
        *("taken_in", "not_taken_in", "held", "on_its_way", "redeployed", "missing"),
        "written_off",
    ),
    "learners": (
        *("region", "engagements", "schools", "learner_engagements", "at_least", "at_most"),
        "hours",
    ),
    "learners_split": (
        *("region", "girls", "boys", "not_recorded", "learner_engagements", "girls_share"),
    ),
    "evaluations": ("question", "answers", "mean", "words"),
    "responses": ("region", "back", "with_use", "share", "uses", "unknown", "forms"),
    "evidence_years": (
        *("year", "engagements", "schools", "learner_engagements", "at_least", "at_most"),
        *("staff", "hours"),
    ),
    "reach_by_region": (
        *("region", "kits", "kits_per_1000", "listed", "pupils", "schools", "share"),
        "engagements",
    ),
    **{
        f"reach_by_{each}": (
            *("name", "listed", "pupils", "schools", "share", "engagements"),
            *("learner_engagements", "hours"),
        )
        for each in ("council", "sector", "rurality", "deprived")
    },
    "reach_by_band": ("band", "engagements", "learner_engagements"),
}
_OF_EVIDENCE = (
    *("responses", "evidence_years", "reach_by_region", "reach_by_council", "reach_by_sector"),
    *("reach_by_rurality", "reach_by_deprived", "reach_by_band", "learners_split"),
    *("evaluations", "reach_by_programme", "referrals", "partnership_members", "gift_reach"),
)
_MARKED = ("totals", "learners", "learners_split", "evaluations", *_OF_EVIDENCE)
_OF_DONOR = (
    *("regions", "gifts", "gift_shares", "learners", "evidence_years", "gift_reach"),
    *("reach_by_sector", "reach_by_rurality", "reach_by_deprived", "evaluations", "kit_reach"),
    "register",
)
_OF_COLLEGE = ("findings", "spares", "pairs", "idle", "register")


def paper(report: Report, reader: str, whose: str | None) -> Report:
    """The report for a reader.

    A donor gets figures of their kits, and no school, borrower or technician by name. A college
    gets what to do, the oldest first. A board gets the first page and the figures behind it. A page
    of evidence, of ESP or a partnership, is about what the kits did in a year. `whose` is the name
    of the donor, the college or the partnership.
    """
    tables = {"donor": _OF_DONOR, "college": _OF_COLLEGE, "evidence": _OF_EVIDENCE}
    chosen = report.only(tables.get(reader, _OF_BOARD))
    first = report.summary
    if reader == "donor":
        return replace(
            chosen,
            title=f"Your kits in Scotland’s colleges: {whose}" if whose else report.title,
            tables=tuple(_without(each, _NAMELESS) for each in chosen.tables),
            # The last answer is about problems of colleges.
            summary=replace(
                first,
                answers=(*first.answers[:4], *first.evidence),
                decisions=(),
                thanks=f"Thank you, {whose}." if whose else "Thank you.",
            ),
            dictionary=False,
        )
    if reader == "college":
        return replace(
            chosen,
            title=f"{whose}: what to do",
            tables=tuple(map(_oldest_first, chosen.tables)),
            summary=replace(first, answers=(), tiles=(), flow=(), months=(), decisions=()),
            dictionary=False,
        )
    if reader == "evidence":
        return replace(
            chosen,
            title=f"What the kits did: {whose}" if whose else "What the kits did",
            summary=replace(
                first, answers=first.evidence, flow=(), flow_of="", months=(), decisions=()
            ),
            dictionary=False,
        )
    return replace(
        chosen,
        tables=tuple(
            replace(
                _without(each, {c.name for c in each.columns} - {*_OF_BOARD[each.name]}),
                note=each.note if each.name in _MARKED else "",  # a mark has its words with it
                chart=None,
            )
            for each in chosen.tables
        ),
        dictionary=False,
    )


def _without(each: Table, names: Set[str]) -> Table:
    """A table without some of its columns."""
    keep = [i for i, column in enumerate(each.columns) if column.name not in names]
    return replace(
        each,
        columns=tuple(each.columns[i] for i in keep),
        rows=stored.keep(tuple(row[i] for i in keep) for row in each.rows),
        chart=None,
    )


def _oldest_first(each: Table) -> Table:
    """The problems as a list to tick, the oldest first; other tables as they are."""
    if each.name != "findings":
        return each
    wanted = ("since", "code", "tag", "message", "action")
    names = [column.name for column in each.columns]
    at = [names.index(name) for name in wanted]
    rows = stored.keep_sorted(each.rows, lambda row: (row[at[0]] is None, str(row[at[0]])))
    done = Column("done", "Done", "text", "To tick.", unknown="☐")
    return Table(
        "to_do",
        "To do, oldest first",
        "",
        (done, *(each.columns[i] for i in at)),
        stored.keep((None, *(row[i] for i in at)) for row in rows),
    )
