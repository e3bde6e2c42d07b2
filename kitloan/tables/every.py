"""Lists of all tables: those that the ledger makes, and the partial indexes.

When this module is loaded, all are in the metadata of `Base`: also those in no list here, which
are the ledger's own and the local ones.
"""

from kitloan.tables.absence import Absence, Arrival, Transfer, Withdrawal
from kitloan.tables.base import Base, table
from kitloan.tables.events import Event
from kitloan.tables.evidence import (
    Engagement,
    EngagementBand,
    Evaluation,
    OrganisationProfile,
    SchoolLink,
)
from kitloan.tables.guides import KitGuide
from kitloan.tables.inspecting import Inspection, Regime
from kitloan.tables.ledger import LedgerEntry
from kitloan.tables.naming import MovedRow, OtherName
from kitloan.tables.national import (
    Allocation,
    Challenge,
    ChallengeLine,
    Delivery,
    Gifting,
    Programme,
    Resumption,
)
from kitloan.tables.noticing import SentNotice
from kitloan.tables.planning import Booking, BookingLine, CalendarDay, CalendarWeek, PolicyValue
from kitloan.tables.promises import BookingPin, KitDay, TypeDay
from kitloan.tables.register import (
    Alias,
    Block,
    College,
    Component,
    Gift,
    Holding,
    KitType,
    Label,
    Loan,
    Organisation,
    Reversal,
    Shortage,
)
from kitloan.tables.sharing import Ask, AskAnswer, Claim, ClaimAnswer, CollegePlace, Offer
from kitloan.tables.stocktaking import (
    Confirmation,
    Stocktake,
    StocktakeDesk,
    StocktakeLine,
    StocktakeScan,
)
from kitloan.tables.wants import Demand, Want

CHANGES_OF_USES = "kind IN ('engagement.corrected', 'engagement.withdrawn', 'entry.reversed')"
"""Entries by which a use may have changed. A statement must have these words to use the index."""
ONLY_SOME_ROWS = (
    (LedgerEntry, "changes_of_uses", ("college", "at"), CHANGES_OF_USES, False),
    (
        Loan,
        "one_open_loan_of_a_holding",
        ("college", "tag"),
        "closed_at IS NULL AND exclusive",
        True,
    ),
    (Loan, "open_loans_by_due_date", ("college", "due_key", "loan"), "closed_at IS NULL", False),
    (Loan, "loans_of_a_booking", ("college", "booking"), "booking IS NOT NULL", False),
    (Loan, "loans_that_ended", ("college", "closed_at"), "closed_at IS NOT NULL", False),
    (Holding, "uncounted_holdings", ("college", "tag"), "uncounted IS TRUE", False),
    (Holding, "incomplete_holdings", ("college", "tag"), "critical_short > 0", False),
    (Holding, "holdings_elsewhere", ("college", "state", "tag"), "state <> 'held'", False),
    (Transfer, "one_open_transfer_of_a_holding", ("college", "tag"), "state = 'sent'", True),
    (
        EngagementBand,
        "one_engagement_of_a_loan_band_and_day",
        ("college", "loan", "organisation", "band", "on"),
        "live AND loan IS NOT NULL",
        True,
    ),
)
"""Partial indexes: table, name, columns, which rows, whether unique. `kitloan.storage.schema` makes
them. Declared on the class, they would load both databases' dialects: 30 ms of every command."""

for _each in Base.__subclasses__():  # all are in the metadata, also those in no list here
    table(_each)

REGISTER_TABLES = tuple(
    table(each)
    for each in (
        College,
        KitType,
        Component,
        Organisation,
        Holding,
        Gift,
        Loan,
        Shortage,
        Label,
        Alias,
        OtherName,
        MovedRow,
        Absence,
        Withdrawal,
        Transfer,
        Arrival,
        Stocktake,
        StocktakeLine,
        StocktakeDesk,
        StocktakeScan,
        Confirmation,
        Programme,
        Gifting,
        Delivery,
        Allocation,
        Challenge,
        ChallengeLine,
        CalendarWeek,
        CalendarDay,
        PolicyValue,
        SchoolLink,
        OrganisationProfile,
        Engagement,
        EngagementBand,
        Evaluation,
        Event,
        Booking,
        BookingLine,
        BookingPin,
        KitDay,
        TypeDay,
        Want,
        Demand,
        KitGuide,
        Offer,
        ClaimAnswer,
        Claim,
        Ask,
        AskAnswer,
        CollegePlace,
        Resumption,
        Regime,
        Inspection,
        Block,
        SentNotice,
        Reversal,
    )
)
"""The tables that the ledger makes, parents before children: `verify` rebuilds them, and compares
them row by row."""

_OF_SEVERAL = tuple(table(each) for each in (Label, StocktakeLine, ChallengeLine))
"""Whose rows come from entries about many tags at once, which no tag's story has."""

TABLES_OF_A_TAG = tuple(
    each for each in reversed(REGISTER_TABLES) if "tag" in each.c and each not in _OF_SEVERAL
)
"""Every table that a tag's story makes rows in, children before parents."""
