"""The tables of gifts: what was promised, who has it, and each kit."""

from collections.abc import Callable, Container, Mapping
from typing import Any

from kitloan.audit.columns import GIFT, TAG, TITLES, TYPE, college_column
from kitloan.audit.gifts import Gifts, Share
from kitloan.audit.tables import Cell, Field, Table, count, day, table, text
from kitloan.values import plural


def _fate(*, titles: Mapping[str, str]) -> list[Field]:
    meanings = {
        "held": "Held by the college that first took it in.",
        "on_its_way": "Sent to another college and not yet received.",
        "redeployed": "Held by another college than the one that first took it in.",
        "missing": "Not to be found, or held by no college; of a stock, what is missing.",
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
_LEFT = "Allocated, and not taken in; below nothing, more was taken in than allocated."
_NOT_TAKEN_IN = count("not_taken_in", "Not taken in", _LEFT)


def _if_agreed(name: str, title: str, meaning: str) -> Field:
    """A number of a college's share, which nobody knows where ESP agreed no such gift."""

    def of(each: Share) -> Cell:
        number: int = getattr(each, name)
        return number if each.is_agreed else None

    return text(name, title, meaning, of, "count", unknown="no gift agreed")


def gifts_table(given: Gifts) -> Table:
    """Each gift, from what was promised to where it is."""
    many = given.recorded_otherwise
    otherwise = (
        f" {plural(many, 'thing')} of these gifts {'is' if many == 1 else 'are'} recorded under "
        f"another donor or type: {'it counts' if many == 1 else 'they count'} in these figures, "
        "and not among the kits held."
        if many
        else ""
    )
    return table(
        "gifts",
        "Gifts",
        "Promised = received + outstanding. Received = allocated + at ESP. Allocated = taken in + "
        "not taken in. Taken in = held + on its way + moved + missing + written off. A number "
        f"below nothing is too many, and is among the problems.{otherwise}",
        (
            GIFT,
            text("donor", "Donor", "Who gave it."),
            TYPE,
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
            day("agreed_on", "Agreed", "When it was agreed, or ESP recorded it."),
            day("received_on", "Last received", "When the last delivery came.", "none yet"),
        ),
        given.gifts,
    )


def shares_table(given: Gifts, words: Mapping[str, str], silent: Container[str]) -> Table:
    """Each gift by college; of those in `silent` no file has come."""
    who = dict.fromkeys(each.college for each in given.shares if each.college in silent)
    names = ", ".join(words.get(each, each) for each in who)
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
        "became of that. Allocated = taken in + not taken in."
        + (f" No file has come from {names}: what it took in is not known." if names else ""),
        (
            GIFT,
            college_column(words),
            _if_agreed("allocated", "Allocated", "Things that ESP allocated to the college."),
            _TAKEN_IN,
            _if_agreed("not_taken_in", "Not taken in", _LEFT),
            *_fate(titles=_FATES),
            *whole,
        ),
        given.shares,
    )


def gift_kits_table(given: Gifts, words: Mapping[str, str]) -> Table:
    """Each holding of a gift."""
    return table(
        "gift_kits",
        "Gifts, to the kit",
        "Every holding that a college records as of a gift, and where it is now.",
        (
            GIFT,
            TAG,
            TYPE,
            college_column(
                words, "taken_in_by", "Taken in by", "The college that first took it in."
            ),
            day("taken_in_on", "Taken in on", "When that college took it in."),
            college_column(
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
