"""The tables of holdings: the register, what is short, idle, or written off."""

from collections.abc import Iterable, Mapping

from kitloan.audit.columns import GIFT, REGION, STATUSES, TAG, TITLES, TYPE, college_column
from kitloan.audit.register import COUNTED, WITH, RegisterRow, WrittenOff
from kitloan.audit.spares import Pair, Spare
from kitloan.audit.tables import Table, count, day, table, text
from kitloan.audit.years import SILENT_DAYS, Idle


def spares_table(wanted: Iterable[Spare]) -> Table:
    """Each component that is short somewhere."""
    return table(
        "spares",
        "Spares list",
        "What is short in every kit but the missing ones, the most wanted first.",
        (
            TYPE,
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


def pairs_table(found: Iterable[Pair], words: Mapping[str, str]) -> Table:
    """Each two kits of which one can be made whole."""
    return table(
        "pairs",
        "Kits that could be combined",
        "Both are short, in, and counted. The second has all that the first lacks, and would give "
        "it up. A kit is in one pair at most.",
        (
            TYPE,
            text("tag", "Make whole", "The kit to make whole.", kind="tag"),
            college_column(words),
            text("needs", "It lacks", "What it is short of, and how many."),
            text("from_tag", "From", "The kit that has them.", kind="tag"),
            college_column(words, "from_college", "At", "The college that holds that kit."),
        ),
        found,
    )


def idle_table(unused: Iterable[Idle], words: Mapping[str, str]) -> Table:
    """Each holding that nobody had."""
    return table(
        "idle",
        "Idle",
        "On the register for a year or more, in, and on loan to nobody in the last twelve months. "
        f"Colleges that have sent no file for {SILENT_DAYS} days are left out: what they lent is "
        "not known.",
        (
            TAG,
            college_column(words),
            REGION,
            text("place", "Place", "Where the college keeps it."),
            TYPE,
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


def written_off_table(gone: Iterable[WrittenOff], words: Mapping[str, str]) -> Table:
    """Each write-off, with its reason and who signed."""
    return table(
        "written_off",
        "Written off",
        "What two people took off a register, the latest first.",
        (
            TAG,
            college_column(words),
            TYPE,
            text("donor", "Donor", "Who gave it."),
            day("signed_on", "On", "When the second person signed."),
            text("reason", "Reason", "Why."),
            text("agreement", "Donor's agreement", "The letter that agrees.", unknown="none"),
            text("proposed_by", "Proposed by", "Who proposed it."),
            text("signed_by", "Signed by", "The second person."),
        ),
        gone,
    )


def register_table(held: Iterable[RegisterRow], words: Mapping[str, str]) -> Table:
    """One row a holding."""
    return table(
        "register",
        "Register",
        "One row a holding, by college and tag; what was written off included.",
        (
            college_column(words),
            REGION,
            TAG,
            text("asset_number", "Number", "The college's own number.", unknown="none"),
            TYPE,
            count("quantity", "How many", "Of a stock of loose items, how many there are."),
            text("donor", "Donor", "Who gave it."),
            GIFT,
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
