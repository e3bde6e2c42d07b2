"""The tables of evidence in the report: what the kits did, where, and how much of it is known."""

from collections.abc import Mapping, Sequence
from datetime import date

from kitloan.audit.columns import MARKED_WORDS, REGION
from kitloan.audit.engagements import LEARNER_TOTALS, LearnerFigures
from kitloan.audit.reach import PartReach, ReachFigures
from kitloan.audit.tables import Field, Table, count, table, text
from kitloan.evidence.disclosure import HIDDEN, MARKS
from kitloan.reference import regions
from kitloan.text.dates import uk
from kitloan.values import plural

RURALITY = {
    "1": "large urban area",
    "2": "other urban area",
    "3": "accessible small town",
    "4": "remote small town",
    "5": "very remote small town",
    "6": "accessible rural",
    "7": "remote rural",
    "8": "very remote rural",
}
"""The eight-fold urban rural classification of the Scottish Government."""
_DEPRIVED = {
    "0-10": "under 10 %",
    "10-25": "10 to 25 %",
    "25-50": "25 to 50 %",
    "50-100": "50 % and more",
}
_BANDS = {
    "early": "to P1",
    "p2-p4": "P2 to P4",
    "p5-p7": "P5 to P7",
    "s1-s3": "S1 to S3",
    "s4-s6": "S4 to S6",
    "asn": "additional support needs",
    "college": "college",
    "adult": "adults",
    "mixed": "over several of these",
}
_KINDS = {
    "early_years": "early years",
    "public_body": "public body",
    "third_sector": "charity or other third sector",
    "community": "community group",
}
_OUTSIDE = "outside the regions"
_SEVERAL = "in several regions, or in none"
_UNLISTED = "not on a list"
_NAMES = {
    "council": ("Schools reached, by council", "Council", {}),
    "sector": ("Schools reached, by sector", "Sector", {}),
    "rurality": ("Schools reached, by rurality", "Where it is", RURALITY),
    "deprived": (
        "Schools reached, by deprivation",
        "Pupils from the 20 % most deprived zones",
        _DEPRIVED,
    ),
}
TO_THE_ROW = ("kit_reach", "not_reached")
"""Tables with a row for each kit or school, which only a report in full has."""

_ENGAGEMENTS = count("engagements", "Uses", "Uses by one group, each counted once.")
_SCHOOLS = count("schools", "Schools reached", "Schools that borrowed, or have a use on record.")
_HOURS = text(
    "hours",
    "Hours on record",
    "Hours of all sessions; a use without them adds none.",
    kind="days",
    unknown="not known",
)
_STAFF = count(
    "staff", "Staff on record", "Teachers and other staff who took part; a use without adds none."
)
_LEARNERS = count(
    "learner_engagements", "Learner engagements", "The learners of every group whose size is known."
)
_AT_LEAST = count(
    "at_least", "Different learners, at least", "In each school the largest group of each band."
)


def evidence_answers(found: ReachFigures, silent: int, *, any_sent: bool) -> list[tuple[str, str]]:
    """The answers of a page about what the kits did, each with what limits it; the response first.

    Args:
        found: what was worked out.
        silent: how many colleges have sent no file.
        any_sent: whether any has sent one.
    """
    if not any_sent:
        nothing = "No college that this page is about has sent a file."
        return [
            (
                "What the kits did is not known.",
                f"{nothing} That does not mean that nothing was done.",
            )
        ]
    silence = (
        f" {plural(silent, 'college')} sent no file: what "
        f"{'it lent' if silent == 1 else 'they lent'} is not known."
        if silent
        else ""
    )
    back = sum(each.back for each in found.responses)
    known = sum(each.with_use for each in found.responses)
    year = next((each for each in found.years if each.first == found.year), None)
    when = f"In the academic year from {uk(found.year)}."
    answers = [
        (
            f"{known:,} of {plural(back, 'loan')} that came back {_have(known)} a record of use "
            f"({known / back:.0%})."
            if back
            else "No loan is on record that came back in the year.",
            f"{when} What nobody recorded is in no figure here: it is unknown, not none.{silence}",
        )
    ]
    if year is None:
        return [*answers, ("No use is on record in that year.", "")]
    answers.append(
        (
            f"{plural(year.engagements, 'use')} in {plural(year.schools, 'school')}, "
            f"{_at_least(year.no_hours)}{year.hours:,.10g} hours.",
            f"A use is one group. {_capital(_at_least(year.no_staff))}"
            f"{plural(year.staff, 'teacher')} and other staff took part."
            f"{_not_recorded(year.no_hours, 'hours')}{_not_recorded(year.no_staff, 'staff')}",
        )
    )
    at_least, most = year.at_least, year.learner_engagements
    if isinstance(at_least, int) and isinstance(most, int):
        answers.append(
            (
                f"{most:,} learner engagements, by between {at_least:,} and {most:,} different "
                "learners.",
                "Both bounds are true: a class that came twice may have been the same learners."
                + (
                    f" The learners of {plural(year.no_learners, 'more use')} are not known, and "
                    "are in neither."
                    if year.no_learners
                    else ""
                ),
            )
        )
    else:
        answers.append(
            (
                "The number of learners is hidden.",
                "Shown, it would let a reader work out a group of fewer than five.",
            )
        )
    parts = found.parts["sector"]
    listed = sum(each.listed or 0 for each in parts)
    if listed:
        reached = sum(each.reached or 0 for each in parts)
        answers.append(
            (
                f"{reached:,} of {listed:,} listed schools were reached ({reached / listed:.0%}).",
                f"By a loan or a use.{_listed(found)}",
            )
        )
    return answers


def _at_least(unrecorded: int) -> str:
    """What comes before a sum to which some uses add nothing because nobody recorded them."""
    return "at least " if unrecorded else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _not_recorded(uses: int, what: str) -> str:
    return f" {plural(uses, 'use')} {_have(uses)} no {what} on record." if uses else ""


def _have(many: int) -> str:
    return "has" if many == 1 else "have"


def evidence_tables(found: ReachFigures, words: Mapping[str, str], partly: str) -> list[Table]:
    """Every table of evidence, how much is known of it first.

    Args:
        found: what was worked out.
        words: what colleges are called, by id.
        partly: of which regions only a part is known, in a sentence; empty where of none.
    """
    return [
        _responses(found),
        _years(found),
        _by_region(found, partly),
        *(_by_list(found, name) for name in _NAMES),
        _by_band(found),
        _named(
            found,
            "reach_by_programme",
            "What each programme did",
            "Uses that were part of a programme.",
        ),
        _named(
            found,
            "referrals",
            "Whom partners referred",
            "Schools and others that a partner sent to the college, and their uses.",
        ),
        _members(found),
        _gifts(found),
        _kits(found, words),
        _not_reached(found),
    ]


def _period(found: ReachFigures) -> str:
    if found.is_over:
        return f"The academic year from {uk(found.year)}."
    return f"Since {uk(found.year)}; the academic year is not over."


def _waiting(many: int) -> str:
    """Which changes a paper does not have, because a reader of an earlier one would subtract."""
    if not many:
        return ""
    return (
        f" {plural(many, 'change')} to uses, recorded or received after the year was over, "
        f"{'is' if many == 1 else 'are'} not in these figures: compared with an earlier page, "
        "they would show a group of fewer than five learners."
    )


def _marks(parts: Sequence[PartReach]) -> str:
    hidden = any(each.learner_engagements == HIDDEN for each in parts)
    return f" {HIDDEN} is {MARKS[HIDDEN]}." if hidden else ""


def _responses(found: ReachFigures) -> Table:
    return table(
        "responses",
        "How much is known",
        f"{_period(found)} What nobody recorded is in no other figure: it is unknown, not none."
        f"{_waiting(found.waiting)}",
        (
            text("region", "Region", "The region.", words=regions(), unknown=_OUTSIDE),
            count("back", "Loans that came back", "Loans that came back in the year."),
            count("with_use", "With their use", "Of those, loans whose use is on record."),
            text(
                "share",
                "Response",
                "Loans with their use on record, of those that came back.",
                kind="share",
                unknown="",
            ),
            count("uses", "Uses on record", "Uses, also of kits that were not used after all."),
            count("unknown", "Learners not known", "Uses whose learners nobody knows."),
            count("no_staff", "Staff not recorded", "Uses without staff on record."),
            count("no_hours", "Hours not recorded", "Uses without hours on record."),
            count("forms", "Teachers' forms", "Uses about which a teacher answered."),
        ),
        found.responses,
    )


def _years(found: ReachFigures) -> Table:
    learners: list[Field] = [
        _LEARNERS,
        count("at_least", "Different, at least", "In each school the largest group of each band."),
        count(
            "at_most",
            "Different, at most",
            "As many as the learner engagements.",
            of=lambda each: each.learner_engagements,
        ),
    ]
    hidden = any(HIDDEN in (each.learner_engagements, each.at_least) for each in found.years)
    return table(
        "evidence_years",
        "What the kits did, year on year",
        "By academic year, from 1 August."
        + ("" if all(each.is_over for each in found.years) else " The last is not over.")
        + (f" {HIDDEN} is {MARKS[HIDDEN]}." if hidden else "")
        + _waiting(sum(each.waiting for each in found.years)),
        (
            text("year", "Academic year", "From August to July.", of=lambda each: each.name),
            _ENGAGEMENTS,
            count("schools", "Schools", "Different schools with a use on record."),
            *learners,
            _STAFF,
            _HOURS,
        ),
        found.years,
    )


def _listed(found: ReachFigures) -> str:
    if found.vintage is None:
        return " No list of schools was read here, so there is nothing to compare with."
    return f" Schools and pupils are of the lists that were read, the newest of {_newest(found)}."


def _newest(found: ReachFigures) -> str:
    """The newest list's vintage: a day as people read it, where it is one."""
    vintage = found.vintage or ""
    try:
        return uk(date.fromisoformat(vintage))
    except ValueError:
        return vintage


def _denominators() -> list[Field]:
    return [
        count("listed", "Schools listed", "Schools on the newest list."),
        text("pupils", "Pupils", "On their rolls.", kind="count", unknown="not known"),
        _SCHOOLS,
        text(
            "share",
            "Of those listed",
            "Schools of the list that were reached, of all on it.",
            kind="share",
            unknown="not known",
        ),
    ]


def _by_region(found: ReachFigures, partly: str) -> Table:
    """The regions that are served least first: those with nothing known of them at the end."""
    parts = sorted(
        found.parts["region"],
        key=lambda each: (
            not each.key,
            each.kits is None,
            each.kits_per_1000 if each.kits_per_1000 is not None else 1e9,
        ),
    )
    inside: list[Field] = [] if found.is_protected else [_LEARNERS, _AT_LEAST]
    note = (
        f"{_period(found)} First is the region with the fewest kits for its pupils. A loan or a "
        "use is counted in the region of the college that lent. Schools and pupils are counted in "
        "the region of their council; councils that are in several regions are the last line. "
        "Regions that sent no file are before that line: what they did is not known."
        f"{_listed(found)} {partly}"
    )
    return table(
        "reach_by_region",
        "Kits, schools and pupils by region",
        note.rstrip(),
        (
            text(
                "region",
                "Region",
                "The region.",
                of=lambda each: each.key or None,
                words=regions(),
                unknown=_SEVERAL,
            ),
            text("kits", "Kits", "Kits held.", kind="count", unknown="not known"),
            text(
                "kits_per_1000",
                "Kits per 1,000 pupils",
                "Kits held, for a thousand pupils of the region's schools.",
                kind="rate",
                unknown="not known",
            ),
            *_denominators(),
            _ENGAGEMENTS,
            *inside,
        ),
        parts,
    )


def _learners_of_parts(found: ReachFigures) -> list[Field]:
    if not found.has_learners:
        return []
    return [_LEARNERS] if found.is_protected else [_LEARNERS, _AT_LEAST, _STAFF]


def _by_list(found: ReachFigures, name: str) -> Table:
    title, heading, words = _NAMES[name]
    parts = found.parts[name]
    note = f"{_period(found)}{_listed(found)}"
    if name == "deprived":
        note += (
            " A school is in the band of the share of its own pupils. Its learners are not: nobody "
            "knows which of them took part, so no number is multiplied by a share."
        )
    if not found.has_learners:
        note += " Learners of a part of the nation are not split further."
    return table(
        f"reach_by_{name}",
        title,
        note + _marks(parts),
        (
            text(
                "name",
                heading,
                "As the newest list that has it.",
                of=lambda each: each.key or None,
                words=words,
                unknown=_UNLISTED,
            ),
            *_denominators(),
            _ENGAGEMENTS,
            *_learners_of_parts(found),
            _HOURS,
        ),
        parts,
    )


def _by_band(found: ReachFigures) -> Table:
    parts = found.parts["band"] if found.has_learners else []
    note = _period(found)
    if not found.has_learners:
        note += " Learners of a part of the nation are not split further."
    return table(
        "reach_by_band",
        "Learners, by band",
        note + _marks(parts),
        (
            text(
                "band", "Band", "Curriculum for Excellence.", of=lambda each: each.key, words=_BANDS
            ),
            _ENGAGEMENTS,
            *_learners_of_parts(found)[:2],
        ),
        parts,
    )


def _named(found: ReachFigures, name: str, title: str, note: str) -> Table:
    is_programme = name == "reach_by_programme"
    inside: list[Field] = [] if found.is_protected else [_LEARNERS]
    referred = count("organisations", "Referred", "Schools and others that it referred.")
    return table(
        name,
        title,
        f"{_period(found)} {note}",
        (
            text(
                "name",
                "Programme" if is_programme else "Partner",
                "Its name.",
                unknown="none named",
            ),
            *([] if is_programme else [referred]),
            _ENGAGEMENTS,
            count("schools", "Schools", "Different schools with a use on record."),
            _HOURS,
            *inside,
        ),
        found.programmes if is_programme else found.referrals,
    )


def _members(found: ReachFigures) -> Table:
    return table(
        "partnership_members",
        "Members of the partnerships",
        "Organisations that are recorded as members of a region's partnership, by kind.",
        (
            text("region", "Partnership", "The region's.", words=regions()),
            text("kind", "Kind", "What kind of organisation.", words=_KINDS),
            count("members", "Members", "Organisations that are recorded as members."),
            count("engagements", "Uses", "Uses by them in the year."),
        ),
        found.members,
    )


def _gifts(found: ReachFigures) -> Table:
    inside: list[Field] = [] if found.is_protected else [_LEARNERS]
    return table(
        "gift_reach",
        "What each gift did",
        f"{_period(found)} Uses of kits that are of a gift or from a donor.{_listed(found)}",
        (
            text("gift", "Gift", "The gift's id.", unknown="no gift named"),
            text("donor", "Donor", "Who gave it."),
            count("kits", "Kits used", "Different kits with a use on record."),
            _ENGAGEMENTS,
            count("schools", "Schools", "Different schools with a use on record."),
            count("primary", "Primary", "Of those, primary schools on a list."),
            count("secondary", "Secondary", "Of those, secondary schools on a list."),
            count("special", "Special", "Of those, special schools on a list."),
            count("remote", "Remote", "Of those, in remote or very remote towns and countryside."),
            count(
                "deprived",
                "Deprived",
                "Of those, schools with a quarter or more of their pupils from the 20 % most "
                "deprived zones.",
            ),
            _HOURS,
            *inside,
        ),
        found.gifts,
    )


def _kits(found: ReachFigures, words: Mapping[str, str]) -> Table:
    inside: list[Field] = [] if found.is_protected else [_LEARNERS]
    return table(
        "kit_reach",
        "What each kit did",
        f"{_period(found)} {plural(len(found.kits), 'kit')} with a use on record.",
        (
            text("tag", "Tag", "The tag, as on its label.", kind="tag", unknown=""),
            text("type", "Kit type", "What kind of thing it is."),
            text(
                "college", "College", "The college that recorded it.", words=words, unknown="none"
            ),
            text("donor", "Donor", "Who gave it.", unknown=""),
            text("gift", "Gift", "The gift's id.", unknown=""),
            _ENGAGEMENTS,
            count("schools", "Schools", "Different schools with a use on record."),
            _HOURS,
            *inside,
        ),
        found.kits,
    )


def _not_reached(found: ReachFigures) -> Table:
    return table(
        "not_reached",
        "Schools not reached",
        f"On the newest list; since {uk(found.since)} no loan to them began, and no use is on "
        f"record.{_listed(found)}",
        (
            text("schuid", "SchUID", "The school's id."),
            text("name", "School", "The school."),
            text("council", "Council", "Its council.", unknown=""),
            text("region", "Region", "The usual region.", words=regions(), unknown="several"),
            text("sector", "Sector", "The department."),
            text("roll", "Pupils", "On its roll.", kind="count", unknown="not known"),
            text("rurality", "Where it is", "Eight-fold.", words=RURALITY, unknown=""),
            text("deprived", "Deprivation", "The band of its pupils.", words=_DEPRIVED, unknown=""),
        ),
        found.not_reached,
    )


def learners_table(found: LearnerFigures) -> Table:
    """What the kits did this academic year, by region."""
    closed, with_use = found.closed
    known = f"{with_use:,} of {plural(closed, 'loan')} that came back" if closed else "No loan"
    marks = f" {MARKED_WORDS}" if HIDDEN in found.shown.values() else ""
    at_least, at_most = (found.shown[name] for name in LEARNER_TOTALS[1:])
    return table(
        "learners",
        "What the kits were used for",
        f"Since {uk(found.year)}. {known} {'have' if with_use != 1 else 'has'} a record of use. A "
        "learner who took part twice is two learner engagements. Different learners: between "
        f"{at_least} and {at_most}.{marks}",
        (
            REGION,
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
            _STAFF,
            _HOURS,
        ),
        found.by_region,
    )


def split_table(found: LearnerFigures) -> Table:
    """Girls and boys of the last whole academic year, by region."""
    marks = (
        f" {MARKED_WORDS}"
        if any(HIDDEN in (e.girls, e.boys, e.girls_share) for e in found.split)
        else ""
    )
    return table(
        "learners_split",
        "Girls and boys",
        f"The academic year from {uk(found.split_year)}; a year that is not over has no split. "
        f"The share is of those recorded.{marks}",
        (
            REGION,
            count("girls", "Girls", "Girls, where they were recorded."),
            count("boys", "Boys", "Boys, where they were recorded."),
            count("not_recorded", "Not recorded", "Other, not said, or not recorded."),
            count("learner_engagements", "Learner engagements", "All of them together."),
            count("girls_share", "Girls, per cent", "Of girls and boys together."),
        ),
        found.split,
    )


def _when(found: LearnerFigures) -> str:
    is_over = found.answers_of <= found.split_year
    return (
        f"The academic year from {uk(found.answers_of)}."
        if is_over
        else f"Since {uk(found.answers_of)}."
    )


def _forms_waiting(many: int) -> str:
    if not many:
        return ""
    return (
        f" {plural(many, 'form')}, received or changed after the year was over, "
        f"{'is' if many == 1 else 'are'} not in these answers: compared with an earlier page, they "
        "would show what a few teachers answered."
    )


def answers_table(found: LearnerFigures) -> Table:
    """What teachers answered in an academic year: first how many forms came."""
    closed, with_use = found.closed_then
    marks = f" {MARKED_WORDS}" if any(HIDDEN in (e.answers, e.mean) for e in found.answered) else ""
    return table(
        "evaluations",
        "What teachers answered",
        f"{_when(found)} Of {plural(closed, 'loan')} that came back, {with_use:,} have a "
        "record of use. Every rating is the teacher's, and none is filled in for a form that did "
        f"not come.{_forms_waiting(found.forms_waiting)}{marks}",
        (
            text("question", "Question", "What the teacher was asked."),
            count("answers", "Answers", "How many answered it."),
            text("mean", "Mean", "Of ratings from 1 to 5.", kind="days", unknown=""),
            text("words", "Answered", "Positive is 4 or 5."),
        ),
        found.answered,
    )
