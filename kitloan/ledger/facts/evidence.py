"""Facts of evidence: engagements, evaluations, and which school a borrower is.

A correction states the whole engagement again, so each entry can be applied by itself. No name, no
quote and no remark is in any of them: those are in `kitloan.tables.evidence.Quote`.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kitloan.errors import StoreError
from kitloan.ledger.facts.base import (
    CountOrNone,
    FactBase,
    Frozen,
    Id,
    Name,
    Recorded,
    applies,
)
from kitloan.storage.statements import Change, Query
from kitloan.tables import Loan, table
from kitloan.tables.evidence import (
    Engagement,
    EngagementBand,
    Evaluation,
    OrganisationProfile,
    SchoolLink,
)
from kitloan.text.fields import Band, EngagementFields, ProfileFields, SchoolId

engagement, band = table(Engagement), table(EngagementBand)
evaluation, school_link = table(Evaluation), table(SchoolLink)
profile = table(OrganisationProfile)
loan = table(Loan)

_of_engagement = {
    each.name: (each.c.college == bindparam("c")) & (each.c.engagement == bindparam("k"))
    for each in (engagement, band, evaluation)
}
_insert_engagement = Change(insert(engagement))
_is_there = Query(
    select(engagement.c.recorded_at, engagement.c.recorded_by).where(_of_engagement["engagement"])
)
_change_engagement = Change(
    update(engagement)
    .where(_of_engagement["engagement"])
    .values(
        {
            column.name: bindparam(f"new_{column.name}")
            for column in engagement.columns
            if not column.primary_key
        }
    )
)
_insert_band = Change(insert(band))
_forget_bands = Change(delete(band).where(_of_engagement["engagement_band"]))
_withdraw = Change(update(engagement).where(_of_engagement["engagement"]).values(live=False))
_withdraw_bands = Change(update(band).where(_of_engagement["engagement_band"]).values(live=False))
_insert_evaluation = Change(insert(evaluation))
_forget_evaluation = Change(delete(evaluation).where(_of_engagement["evaluation"]))
_insert_link = Change(insert(school_link))
_forget_link = Change(
    delete(school_link).where(
        school_link.c.college == bindparam("c"), school_link.c.organisation == bindparam("k")
    )
)
_insert_profile = Change(insert(profile))
_forget_profile = Change(
    delete(profile).where(
        profile.c.college == bindparam("c"), profile.c.organisation == bindparam("k")
    )
)
_loan_there = Query(
    select(loan.c.loan).where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)

FORGET_ENGAGEMENT = (
    _forget_evaluation,
    _forget_bands,
    Change(delete(engagement).where(_of_engagement["engagement"])),
)
"""Take away every row of an engagement, children before parents."""
FORGET_LINK = (_forget_link,)
"""Take away which school a borrower is."""

FORGET_PROFILE = (_forget_profile,)
"""Take away what is known of an organisation as a partner."""


class BandCount(Frozen):
    """How many learners of one band."""

    band: Band
    learners: CountOrNone


class EngagementState(EngagementFields, FactBase):
    """Everything that is recorded of an engagement."""

    bands: Annotated[tuple[BandCount, ...], Field(max_length=9)] | None = None
    """Learners by band; None is unknown."""
    themes: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class EngagementRecorded(EngagementState):
    """A group used a kit, or took part in something."""

    kind: Literal["engagement.recorded"] = "engagement.recorded"
    desk_action: ClassVar[bool] = True


class EngagementCorrected(EngagementState):
    """An engagement was recorded wrongly; this is how it was."""

    kind: Literal["engagement.corrected"] = "engagement.corrected"
    desk_action: ClassVar[bool] = True


class EngagementWithdrawn(FactBase):
    """An engagement was recorded that did not happen, or twice; it counts nowhere."""

    kind: Literal["engagement.withdrawn"] = "engagement.withdrawn"
    desk_action: ClassVar[bool] = True
    engagement: Id


class EvaluationReceived(FactBase):
    """A teacher answered about an engagement. What was not answered is None."""

    kind: Literal["evaluation.received"] = "evaluation.received"
    desk_action: ClassVar[bool] = True
    engagement: Id
    enjoyed: Annotated[int, Field(ge=1, le=5)] | None = None
    interest: Annotated[int, Field(ge=1, le=5)] | None = None
    science: Annotated[int, Field(ge=-1, le=1)] | None = None
    """Less able to teach it than before, the same, or more: -1, 0, 1."""
    technology: Annotated[int, Field(ge=-1, le=1)] | None = None
    engineering: Annotated[int, Field(ge=-1, le=1)] | None = None
    mathematics: Annotated[int, Field(ge=-1, le=1)] | None = None
    again: bool | None = None
    helped: Annotated[tuple[Id, ...], Field(max_length=10)] = ()
    channel: Literal["counter", "form"] = "counter"


class SchoolLinked(FactBase):
    """A person confirmed which school a borrower is; a later link replaces it."""

    kind: Literal["school.linked"] = "school.linked"
    desk_action: ClassVar[bool] = True
    organisation: Id
    schuid: SchoolId
    vintage: Name | None = None


class OrganisationDescribed(ProfileFields, FactBase):
    """What kind of partner an organisation is; a later description replaces it."""

    kind: Literal["organisation.described"] = "organisation.described"
    desk_action: ClassVar[bool] = True


ABOUT_AN_ENGAGEMENT: tuple[type[FactBase], ...] = (
    EngagementRecorded,
    EngagementCorrected,
    EngagementWithdrawn,
    EvaluationReceived,
)
"""Facts whose rows depend on each other: all of one engagement are applied together."""


@applies(EngagementRecorded)
def engagement_recorded(
    connection: Connection, college: str, entry: Recorded, fact: EngagementRecorded
) -> None:
    """Add the engagement and its bands."""
    _must_have_loan(connection, college, fact)
    _insert_engagement(
        connection,
        college=college,
        recorded_at=entry.at,
        recorded_by=entry.by,
        **_row(fact),
    )
    _set_bands(connection, college, fact)


@applies(EngagementCorrected)
def engagement_corrected(
    connection: Connection, college: str, entry: Recorded, fact: EngagementCorrected
) -> None:
    """Set the engagement as it is now recorded."""
    _must_have_loan(connection, college, fact)
    first = _is_there(connection, c=college, k=fact.engagement).one_or_none()
    if first is None:
        raise _not_there(fact.engagement)
    row = {f"new_{name}": value for name, value in _row(fact).items() if name != "engagement"}
    _change_engagement.one(
        connection,
        c=college,
        k=fact.engagement,
        new_recorded_at=first.recorded_at,
        new_recorded_by=first.recorded_by,
        **row,
    )
    _forget_bands(connection, c=college, k=fact.engagement)
    _set_bands(connection, college, fact)


@applies(EngagementWithdrawn)
def engagement_withdrawn(
    connection: Connection, college: str, entry: Recorded, fact: EngagementWithdrawn
) -> None:
    """Keep the engagement, and count it nowhere."""
    _withdraw.one(connection, c=college, k=fact.engagement)
    _withdraw_bands(connection, c=college, k=fact.engagement)


@applies(EvaluationReceived)
def evaluation_received(
    connection: Connection, college: str, entry: Recorded, fact: EvaluationReceived
) -> None:
    """Add the answers; those that came later replace the earlier."""
    if _is_there(connection, c=college, k=fact.engagement).first() is None:
        raise _not_there(fact.engagement)
    _forget_evaluation(connection, c=college, k=fact.engagement)
    values = fact.model_dump(exclude={"kind", "helped"})
    _insert_evaluation(
        connection,
        college=college,
        received_at=entry.at,
        helped=",".join(fact.helped),
        **values,
    )


@applies(SchoolLinked)
def school_linked(
    connection: Connection, college: str, entry: Recorded, fact: SchoolLinked
) -> None:
    """Set which school the borrower is."""
    _forget_link(connection, c=college, k=fact.organisation)
    _insert_link(connection, college=college, **fact.model_dump(exclude={"kind"}))


@applies(OrganisationDescribed)
def organisation_described(
    connection: Connection, college: str, entry: Recorded, fact: OrganisationDescribed
) -> None:
    """Set what is known of the organisation."""
    _forget_profile(connection, c=college, k=fact.organisation)
    _insert_profile(connection, college=college, **ProfileFields.of(fact))


def _row(fact: EngagementState) -> dict[str, Any]:
    known = None if fact.bands is None else sum(each.learners for each in fact.bands)
    return {
        **EngagementFields.of(fact),
        "learners": known,
        "themes": "\n".join(fact.themes),
        "live": True,
    }


def _set_bands(connection: Connection, college: str, fact: EngagementState) -> None:
    counts: list[tuple[str, int | None]] = [(e.band, e.learners) for e in fact.bands or ()]
    for name, learners in counts or [("", None)]:
        _insert_band(
            connection,
            college=college,
            engagement=fact.engagement,
            band=name,
            learners=learners,
            organisation=fact.organisation,
            loan=fact.loan,
            on=fact.on,
            live=True,
        )


def _must_have_loan(connection: Connection, college: str, fact: EngagementState) -> None:
    if fact.loan is not None and _loan_there(connection, c=college, l=fact.loan).first() is None:
        raise StoreError(
            "row_not_there",
            f"The engagement {fact.engagement} is on a loan that {college!r} does not have: "
            f"{fact.loan}. Nothing was written.",
            "Check the store: kitloan ledger verify",
        )


def _not_there(engagement_id: str) -> StoreError:
    return StoreError(
        "row_not_there",
        f"There is no engagement {engagement_id}. Nothing was written.",
        "Check the store: kitloan ledger verify",
    )
