"""Tables of evidence: engagements, evaluations, schools of borrowers; and lists of schools.

The first four are the register's, made by the ledger. A list of schools is reference data: it is
local, has its vintage, and no entry makes it. Quotes and remarks about an engagement may name
people: they are local, and can be erased.
"""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlmodel import Field

from kitloan.tables.base import Base, in_college
from kitloan.text.fields import EngagementFields, ProfileFields, SchoolFields

_IS_SCHUID = (
    "substr(schuid, 1, 2) = 'X-' OR (length(schuid) >= 8 AND length(schuid) <= 9 "
    "AND ltrim(substr(schuid, 1, 7), '0123456789') = '' AND (substr(schuid, 8) = 'P' "
    "OR substr(schuid, 8) = 'S' OR substr(schuid, 8) = 'SP'))"
)


def _loan_of(name: str) -> ForeignKeyConstraint:
    """A loan of the same college; asked at the end, because undoing makes a tag's loans again."""
    return ForeignKeyConstraint(
        ["college", "loan"],
        ["loan.college", "loan.loan"],
        name=name,
        deferrable=True,
        initially="DEFERRED",
    )


class Engagement(Base, EngagementFields, table=True):  # type: ignore[misc]  # SQLModel types its config apart
    """One use by one group."""

    __tablename__ = "engagement"
    __table_args__ = (
        CheckConstraint("learners >= 0", name="engagement_learners_not_negative"),
        CheckConstraint("used IN ('yes', 'partly', 'no')", name="engagement_used_known"),
        CheckConstraint(
            "used <> 'no' OR coalesce(learners, 0) = 0", name="engagement_unused_has_no_learners"
        ),
        CheckConstraint(
            "(girls IS NULL AND boys IS NULL) OR (learners IS NOT NULL AND learners >= 5 "
            "AND coalesce(girls, 0) + coalesce(boys, 0) <= learners)",
            name="engagement_split_within_learners",
        ),
        CheckConstraint("girls >= 0", name="engagement_girls_not_negative"),
        CheckConstraint("boys >= 0", name="engagement_boys_not_negative"),
        CheckConstraint(
            "half_hours IS NULL OR (half_hours >= 0 AND half_hours <= 48 * sessions)",
            name="engagement_hours_within_days",
        ),
        CheckConstraint(
            "source IN ('counted', 'teacher', 'organiser')", name="engagement_source_known"
        ),
        CheckConstraint(f"schuid IS NULL OR {_IS_SCHUID}", name="engagement_schuid_valid"),
        in_college("organisation=organisation", to="organisation", name="engagement_of_a_borrower"),
        _loan_of("engagement_on_a_loan"),
        Index("engagements_by_day", "college", "on", "engagement"),
        Index("engagements_on_a_loan", "college", "loan"),
        Index("engagements_of_an_organisation", "college", "organisation"),
    )
    college: str = Field(primary_key=True)
    engagement: str = Field(primary_key=True)
    learners: int | None
    """The sum of its bands; NULL when nobody knows."""
    themes: str
    """Words that the college chose, one a line."""
    recorded_at: str
    recorded_by: str
    live: bool
    """False when it was withdrawn."""


class EngagementBand(Base, table=True):
    """Learners of one band in an engagement; one row without a band where they are unknown."""

    __tablename__ = "engagement_band"
    __table_args__ = (
        CheckConstraint("learners >= 0", name="band_learners_not_negative"),
        CheckConstraint(
            "band IN ('', 'early', 'p2-p4', 'p5-p7', 's1-s3', 's4-s6', 'asn', 'college', 'adult', "
            "'mixed')",
            name="band_known",
        ),
        in_college("engagement=engagement", to="engagement", name="band_of_an_engagement"),
    )
    college: str = Field(primary_key=True)
    engagement: str = Field(primary_key=True)
    band: str = Field(primary_key=True)
    learners: int | None
    organisation: str | None
    loan: str | None
    on: str
    live: bool


class Evaluation(Base, table=True):
    """What a teacher answered about an engagement."""

    __tablename__ = "evaluation"
    __table_args__ = (
        CheckConstraint("enjoyed BETWEEN 1 AND 5", name="evaluation_enjoyed_1_to_5"),
        CheckConstraint("interest BETWEEN 1 AND 5", name="evaluation_interest_1_to_5"),
        *(
            CheckConstraint(
                f"{each} + 1 >= 0 AND {each} + 1 <= 2", name=f"evaluation_{each}_less_same_more"
            )
            for each in ("science", "technology", "engineering", "mathematics")
        ),
        in_college("engagement=engagement", to="engagement", name="evaluation_of_an_engagement"),
    )
    college: str = Field(primary_key=True)
    engagement: str = Field(primary_key=True)
    enjoyed: int | None
    interest: int | None
    science: int | None
    technology: int | None
    engineering: int | None
    mathematics: int | None
    again: bool | None
    helped: str
    """What would have helped, codes joined by commas."""
    channel: str
    received_at: str


class SchoolLink(Base, table=True):
    """The school that a borrower is, as a person confirmed it."""

    __tablename__ = "school_link"
    __table_args__ = (
        CheckConstraint(_IS_SCHUID, name="school_link_schuid_valid"),
        in_college("organisation=organisation", to="organisation", name="link_of_a_borrower"),
        Index("links_by_school", "college", "schuid"),
    )
    college: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    schuid: str
    vintage: str | None


class OrganisationProfile(Base, ProfileFields, table=True):  # type: ignore[misc]  # as above
    """What kind of partner an organisation is, who referred it, and whose partnership it is in."""

    __tablename__ = "organisation_profile"
    __table_args__ = (
        CheckConstraint(
            "organisation_kind IN ('school', 'early_years', 'college', 'university', 'council', "
            "'public_body', 'employer', 'third_sector', 'community', 'other')",
            name="profile_kind_known",
        ),
        in_college("organisation=organisation", to="organisation", name="profile_of_a_borrower"),
    )
    college: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)


class School(Base, SchoolFields, table=True):  # type: ignore[misc]  # as above
    """A school as one vintage of a list has it. Reference data: no entry makes it."""

    __tablename__ = "school"
    college: str = Field(primary_key=True)
    vintage: str = Field(primary_key=True)
    schuid: str = Field(primary_key=True)


class SchoolNow(Base, SchoolFields, table=True):  # type: ignore[misc]  # as above
    """A school as all vintages together have it: each field from the newest that has it."""

    __tablename__ = "school_now"
    __table_args__ = (Index("schools_by_name", "college", "sort", "schuid"),)
    college: str = Field(primary_key=True)
    schuid: str = Field(primary_key=True)
    name: str
    """As the newest list that has one; else its SchUID."""
    listed: bool
    """Whether the newest vintage has it."""
    vintage: str
    """The newest vintage that has it."""
    sort: str
    words: str
    """The words that are searched, folded, each after a space."""


class Quote(Base, table=True):
    """Free text about an engagement, which may name people: what a teacher wrote, or why not used.

    `may_publish` is whether the writer agreed to be quoted."""

    __tablename__ = "quote"
    __table_args__ = (Index("quotes_of_an_engagement", "college", "engagement"),)
    college: str = Field(primary_key=True)
    quote: str = Field(primary_key=True)
    engagement: str
    heading: str
    words: str = Field(sa_type=Text)
    may_publish: bool
