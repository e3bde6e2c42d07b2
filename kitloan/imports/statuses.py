"""The words that registers use for how a thing is: here, out, missing, gone, being repaired.

A new word is one entry in one row of the table.
"""

import re
from functools import lru_cache
from typing import Literal

from kitloan.text.names import fold

Standing = Literal["in", "out", "missing", "withdrawn", "in_repair"]

STANDINGS: tuple[Standing, ...] = ("in", "out", "missing", "withdrawn", "in_repair")
"""What a status can mean to kitloan."""

WORDS: dict[Standing, tuple[str, ...]] = {
    "in": (
        *("in", "in store", "in stock", "in college", "on site", "available", "returned", "back"),
        *(
            "here",
            "not on loan",
            "not out",
            "on shelf",
            "on the shelf",
            "in house",
            "ready",
            "active",
        ),
        *("free", "at college", "deployable", "ready to deploy", "ok", "current", "live"),
        *(
            "operational",
            "checked in",
            "available for loan",
            "home",
            "in the store",
            "stored",
            "held",
        ),
        *("in cupboard", "to lend", "for loan", "loanable", "present", "accounted for", "back in"),
        *(
            "returned to store",
            "at base",
            "in building",
            "in service",
            "working",
            "on hand",
            "signed in",
        ),
        *(
            "in storage",
            "at home",
            "shelved",
            "back in store",
            "in base",
            "unused",
            "avail",
        ),
    ),
    "out": (
        *("out", "on loan", "loaned", "lent", "loaned out", "lent out", "out on loan", "borrowed"),
        *("checked out", "signed out", "booked out", "issued", "with school", "at school", "away"),
        *("with borrower", "overdue", "off site", "deployed", "assigned", "in custody", "due back"),
        *(
            "long term loan",
            "on long term loan",
            "out to school",
            "in school",
            "with teacher",
            "due",
        ),
        *(
            "late",
            "not returned",
            "still out",
            "not yet",
            "not yet returned",
            "not back",
            "no not yet",
            "on loan to school",
            "hired",
            "on hire",
            "allocated",
            "o/l",
            "on-loan",
            "onloan",
        ),
    ),
    "missing": (
        *("missing", "lost", "stolen", "not found", "cannot find", "unaccounted for", "untraced"),
        *("not seen", "mislaid", "gone missing", "lost by school", "presumed lost", "unlocated"),
        *(
            "whereabouts unknown",
            "lost or stolen",
            "lost/stolen",
            "not located",
            "can't find",
            "awol",
        ),
        *("lost in transit", "theft", "never returned", "unable to locate", "not accounted for"),
    ),
    "withdrawn": (
        *("withdrawn", "scrapped", "disposed", "disposed of", "written off", "write off", "sold"),
        *(
            "retired",
            "archived",
            "destroyed",
            "binned",
            "skip",
            "skipped",
            "gone",
            "recycled",
            "weee",
        ),
        *(
            "decommissioned",
            "thrown out",
            "thrown away",
            "obsolete",
            "removed",
            "condemned",
            "dead",
        ),
        *(
            "scrap",
            "discarded",
            "disposal",
            "in skip",
            "beyond repair",
            "given away",
            "donated away",
        ),
        *(
            "gone to skip",
            "to skip",
            "transferred away",
            "returned to donor",
            "beyond economic repair",
        ),
        *("ber", "deleted", "no longer held", "no longer here", "off register", "w/o", "dumped"),
    ),
    "in_repair": (
        *("in repair", "under repair", "being repaired", "repair", "broken", "away for repair"),
        *("faulty", "out of order", "damaged", "out of use", "needs repair", "awaiting repair"),
        *("out for repair", "not working", "in for repair", "quarantine", "quarantined", "u/s"),
        *(
            "unserviceable",
            "at repair",
            "sent for repair",
            "repairing",
            "out of service",
            "awaiting parts",
        ),
        *(
            "needs attention",
            "for repair",
            "being fixed",
            "maint",
            "maintenance",
            "in maintenance",
            "calibration",
        ),
        *(
            "away for service",
            "out for calibration",
            "in service centre",
            "do not use",
            "out for service",
        ),
        *("away for calibration", "at menders", "to be repaired", "defective", "undergoing repair"),
    ),
}

_MEANING: dict[str, Standing] = {
    fold(words): standing for standing, phrases in WORDS.items() for words in phrases
}
_DATED = re.compile(
    r"[\s,(:–-]*(?:on|in|by|since|from|at|dated)?[\s,:]*"
    r"(?:\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{4}-\d{2}-\d{2}|"
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*"
    r"(?:\d{4}|\d{2})?|(?:19|20)\d{2})[\s)]*$",
    re.IGNORECASE,
)
_DUE = re.compile(r"[\s,;:(–-]+(?:due(?: back)?|until|till|back|since|from)$")
_SIGNS = re.compile(r"[!.?*]+$")
_BEGINS_GONE = re.compile(
    r"(?:(?P<withdrawn>scrapped|disposed(?: of)?|written[- ]off|thrown (?:out|away)|binned|"
    r"(?:gone|went|sent) to (?:the )?(?:skip|weee|tip|recycling)|decommissioned|withdrawn|"
    r"sold(?: to)?|"
    r"retired|given away|put in (?:the )?skip)|"
    r"(?P<missing>lost|stolen|missing|not seen|cannot (?:be )?f(?:ind|ound)|never (?:came back|"
    r"returned)|"
    r"can(?:'|’)?t find))"
    r"(?=$|\s+(?:on|in|by|since|at|from|during|after|when|and|19\d\d|20\d\d|as|between|to|"
    r"spring|summer|autumn|winter|last|this|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|"
    r"\d{1,2}[-/. ]\d{1,2}[-/. ])|\s*[(–-]\s*(?:\d|report|see|police)|\s*[,;.](?:\s|$))",
    re.IGNORECASE,
)
_ENDS_GONE = re.compile(
    r"(?:beyond (?:economic(?:al)? )?repair\b|.{0,60}[-–,;:(]\s*(?:now )?(?:scrapped|written off|"
    r"disposed of|thrown (?:out|away)|binned)\b)",
    re.IGNORECASE,
)
_BEGINS_REPAIR = re.compile(
    r"(?:(?:in|under|being|away|sent|out|gone|at|for|awaiting|needs?|waiting for)\s+(?:for\s+)?"
    r"(?:the\s+|a\s+)?(?:repairs?(?:er'?s?|ed|ing)?|menders?|mending|servic(?:e|ing)|calibration|"
    r"maintenance|workshop)|broken|faulty|out of order|damaged|not working|defective|"
    r"unserviceable)(?=\W|$)",
    re.IGNORECASE,
)
_NAMES_SOMEBODY = re.compile(
    r"\b(?:with|to|at|by|until|till|from|out|away|gone|has|have|borrow\w*|len[dt]\w*|loan\w*|"
    r"unavailable|not|no|elsewhere|off)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def status_of_words(text: str) -> Standing | None:
    """What a text means when it is nothing but words for how a thing is, a date behind it at
    most.
    """
    if not text or len(text) > 60:
        return None
    plain = _SIGNS.sub("", fold(text).strip(" '\"*"))
    found = _MEANING.get(plain)
    if found is None and (bare := _SIGNS.sub("", _DUE.sub("", undated(plain)))):
        found = _MEANING.get(bare)
    if found is None and plain.endswith(")"):
        found = _MEANING.get(plain.split("(")[0].strip())
    return found


def undated(text: str) -> str:
    """A text without the date at its end: "scrapped 12/03/2025" is "scrapped"."""
    return _DATED.sub("", text).strip(" ,-–:(")


def speaks_of_repair(text: str) -> bool:
    """Whether words for how a thing is begin by saying that it is being repaired."""
    return _BEGINS_REPAIR.match(text.strip()) is not None


def may_name_somebody(text: str) -> bool:
    """Whether unknown words for how a thing is may mean that somebody has it."""
    return _NAMES_SOMEBODY.search(text) is not None


@lru_cache(maxsize=4096)
def speaks_of_gone(text: str) -> Standing | None:
    """Whether by a remark the thing is gone: "Lost in transit, May 2024".

    Such words begin the remark, or end it after a pause: "Beyond repair - scrapped June".
    """
    found = _BEGINS_GONE.match(text.strip())
    if not found:
        return "withdrawn" if _ENDS_GONE.match(text.strip()) else None
    return "withdrawn" if found["withdrawn"] else "missing"


def standing_of(answer: str) -> Standing | None:
    """The standing that an answer names; None where it names none."""
    return answer if answer in STANDINGS else None
