"""What was given, and what has become of it: gifts to the kit, and parts that are short."""

from collections.abc import Iterable

from kitloan.audit.gifts import GiftKit, Reconciled, Share
from kitloan.audit.report.columns import COLLEGE, TAG, TYPE, count, field, table
from kitloan.audit.spares import Pair, Spare
from kitloan.audit.tables import Table

_GIFT = field("gift", "Gift", "The gift's id.")


def gifts(reconciled: Iterable[Reconciled]) -> Table:
    """Each gift, from what was promised to where it is."""
    return table(
        "gifts",
        "Gifts",
        "What was promised, against what ESP received and allocated and what colleges took in. All "
        "that was taken in is held, in transit, missing or written off. What was allocated and not "
        "taken in is what to ask colleges about.",
        (
            _GIFT,
            field("donor", "Donor", "Who gave it."),
            TYPE,
            count("promised", "Promised", "Things promised."),
            count("delivered", "Received by ESP", "Things that came."),
            count("allocated", "Allocated", "Things allocated to colleges."),
            count("received", "Taken in", "Things that colleges have taken in."),
            count("held", "Held now", "Of those, held by a college now."),
            count("redeployed", "Redeployed", "Of those held, at another college than at first."),
            count("in_transit", "In transit", "Of those taken in, on the way to another college."),
            count("missing", "Missing", "Of those taken in, not to be found, or had by nobody."),
            count("written_off", "Written off", "Of those taken in, withdrawn by two people."),
            count("unplaced", "Not taken in", "Allocated to a college that has not taken it in."),
        ),
        reconciled,
    )


def shares(by_college: Iterable[Share]) -> Table:
    """Each gift by college."""
    return table(
        "gift_shares",
        "Gifts, by college",
        "What ESP allocated to each college, against what it took in as of that gift.",
        (
            _GIFT,
            COLLEGE,
            count("allocated", "Allocated", "Things that ESP allocated to the college."),
            count("received", "Taken in", "Things that the college took in first of all."),
            count("unplaced", "Not taken in", "Allocated, and not taken in."),
        ),
        by_college,
    )


def kits(of_gifts: Iterable[GiftKit]) -> Table:
    """Each holding of a gift."""
    return table(
        "gift_kits",
        "Gifts, to the kit",
        "Every holding that a college says is of a gift, and where it is now.",
        (
            _GIFT,
            TAG,
            field("taken_in_by", "Taken in by", "The college that first took it in."),
            field("held_by", "Held by", "The college that has it now."),
            field("state", "State", "held, redeployed, in transit, missing or written off."),
        ),
        of_gifts,
    )


def spares(wanted: Iterable[Spare]) -> Table:
    """Each component that is short somewhere."""
    return table(
        "spares",
        "Spares list",
        "What is short in every kit but the missing ones, the most wanted first.",
        (
            TYPE,
            field("component", "Component", "The component that is short."),
            field(
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


def pairs(found: Iterable[Pair]) -> Table:
    """Each two kits of which one can be made whole."""
    return table(
        "pairs",
        "Two kits that would make one whole",
        "Both are short, in, and counted. The second has all that the first lacks, and would give "
        "it up. A kit stands in one pair at most.",
        (
            TYPE,
            field("tag", "Make whole", "The kit to make whole.", "tag"),
            COLLEGE,
            field("needs", "It lacks", "What it is short of, and how many."),
            field("from_tag", "From", "The kit that has them.", "tag"),
            field("from_college", "At", "The college that holds that kit."),
        ),
        found,
    )
