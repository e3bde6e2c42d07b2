"""Policies: the numbers and choices by which a college lends, each with its meaning and default.

A policy may be set for one kit type; that comes before the one for all types. What a policy made of
a loan or a booking is stored with it, so changing a policy changes nothing that was agreed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select

from kitloan.borrowers.organisations import Limits
from kitloan.errors import BadInput
from kitloan.storage.statements import Query
from kitloan.tables import table
from kitloan.tables.planning import PolicyValue
from kitloan.text.dates import DEFAULT_LOAN_DAYS

if TYPE_CHECKING:
    from kitloan.ledger.writer import Writer  # reading should not have to load it

policy_table = table(PolicyValue)

MOST_DAYS = 400
"""The largest number of days that a policy may set: every walk over days is as short as that."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy.

    Attributes:
        key: its name.
        meaning: what it decides, in a sentence.
        default: its value while nobody has set it.
        least: the smallest number it may be.
        most: the largest number it may be.
        choices: the words it may be, where it is no number.
        of_a_type: whether it may differ for a kit type; else it is of the whole college.
    """

    key: str
    meaning: str
    default: int | str
    least: int = 0
    most: int = MOST_DAYS
    choices: tuple[str, ...] = ()
    of_a_type: bool = True

    def parse(self, text: str) -> int | str:
        """A value that a person gave.

        Raises:
            BadInput: `bad_policy`.
        """
        if self.choices:
            if text.strip().lower() in self.choices:
                return text.strip().lower()
            allowed = " or ".join(self.choices)
        else:
            if text.strip().isdecimal() and self.least <= int(text) <= self.most:
                return int(text)
            allowed = f"a whole number from {self.least} to {self.most}"
        raise BadInput(
            "bad_policy",
            f"{text!r} is not a value of {self.key}.",
            f"Give {allowed}; or default, for {self.default}.",
            key=self.key,
            value=text[:60],
        )


_EVERY = (
    Policy("loan_days", "How many days a loan is for, when no due date is given.",
           DEFAULT_LOAN_DAYS, least=1),
    Policy("turnaround", "Staff days from a return to the next collection, to count and clean.", 1),
    Policy("prep", "Staff days that a kit is prepared before a booking is collected.", 0),
    Policy("grace", "Open days after its collection day until a booking lapses.", 1),
    Policy("notice", "Staff days from asking to the first day of collection.", 0),
    Policy("horizon", "How many days ahead a booking may end.", MOST_DAYS, least=1),
    Policy("min_loan", "The fewest days for which a kit is lent before the next booking.", 1),
    Policy("max_days", "The most days from collection to return of a booking; 0 is no limit.", 0),
    Policy("max_out", "The most kits that one borrower may have at a time, booked ones included; "
           "0 is no limit.", 0, most=1_000_000, of_a_type=False),
    Policy("max_bookings", "The most bookings that one borrower may have waiting; 0 is no limit.",
           0, most=1_000_000, of_a_type=False),
    Policy("cover", "Whether an inspection must be valid on the day it goes out, or for the whole "
           "loan.", "out", choices=("out", "loan")),
    Policy("block_overdue", "A borrower with something overdue for more than so many days gets "
           "nothing more; 0 is never.", 0, of_a_type=False),
    Policy("block_losses", "A borrower who has lost so many kits that are still missing gets "
           "nothing more; 0 is never.", 0, most=1_000, of_a_type=False),
    Policy("due_soon", "Open days before the due day on which a borrower is reminded; 0 is never.",
           3, of_a_type=False),
    Policy("overdue_1", "Open days after the due day of the first notice that a loan is overdue.",
           1, least=1, of_a_type=False),
    Policy("overdue_2", "Open days after the due day of the second.", 5, least=1, of_a_type=False),
    Policy("overdue_3", "Open days after the due day of the third.", 20, least=1, of_a_type=False),
    Policy("inspect_soon", "Open days before an inspection is due on which it is on the notices.",
           10, of_a_type=False),
    Policy("collect_soon", "Open days before a booking's collection day on which the borrower is "
           "reminded; 0 is never.", 2, of_a_type=False),
    Policy("receipt", "Open days after a return for which a receipt is on the notices; 0 is never.",
           0, of_a_type=False),
    Policy("evaluation", "Open days after a return from which the borrower is asked how it went, "
           "unless that is on record; 0 is never.", 3, of_a_type=False),
    Policy("may_split", "How large a group must be before girls and boys are recorded of it; of a "
           "group under 5 they never are.", 10, least=5, most=1_000),
)  # fmt: skip
POLICIES: Mapping[str, Policy] = {each.key: each for each in _EVERY}
"""Every policy, by its key, in the order in which they are listed."""

_VALUES = Query(
    select(policy_table.c.kit_type, policy_table.c.policy, policy_table.c.setting).where(
        policy_table.c.college == bindparam("c")
    )
)


class Policies:
    """A college's policies, read once."""

    def __init__(self, values: Mapping[tuple[str, str], str]) -> None:
        """`values` are those that were set, by kit type (empty for all) and key."""
        self._values = values

    def number(self, key: str, kit_type: str | None = None) -> int:
        """The number that a policy is, for a kit type's id or for all types."""
        return int(self._value(key, kit_type))

    def choice(self, key: str, kit_type: str | None = None) -> str:
        """The word that a policy is, for a kit type's id or for all types."""
        return str(self._value(key, kit_type))

    def _value(self, key: str, kit_type: str | None) -> int | str:
        kit_type = kit_type if POLICIES[key].of_a_type else None
        for of in dict.fromkeys((kit_type or "", "")):
            if (of, key) in self._values:
                return self._values[of, key]
        return POLICIES[key].default

    def of_blocks(self) -> Limits:
        """From when on a borrower is blocked without anybody deciding it."""
        return Limits(self.number("block_overdue"), self.number("block_losses"))


def policies_of(connection: Connection, college: str) -> Policies:
    """Every policy of a college."""
    rows = _VALUES(connection, c=college)
    return Policies({(row.kit_type, row.policy): row.setting for row in rows})


def policies_now(writer: "Writer") -> Policies:
    """The policies of a writer's college: where it has set none, nothing is looked up."""
    if not writer.plans.policies:
        return Policies({})
    return policies_of(writer.connection, writer.college)


def policy_named(key: str) -> Policy:
    """The policy of a name, as a person gave it.

    Raises:
        BadInput: `unknown_policy`.
    """
    found = POLICIES.get(key.strip().lower().replace("-", "_"))
    if found is None:
        raise BadInput(
            "unknown_policy",
            f"There is no policy {key[:60]!r}.",
            "See them all: kitloan policy",
            key=key[:60],
            known=list(POLICIES),
        )
    return found
