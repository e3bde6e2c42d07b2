"""The tables of evidence, as the step to version 4 makes them."""

from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    text,
)

if TYPE_CHECKING:
    from alembic.operations import Operations

_IS_SCHUID = (
    "substr(schuid, 1, 2) = 'X-' OR (length(schuid) >= 8 AND length(schuid) <= 9 "
    "AND ltrim(substr(schuid, 1, 7), '0123456789') = '' AND (substr(schuid, 8) = 'P' "
    "OR substr(schuid, 8) = 'S' OR substr(schuid, 8) = 'SP'))"
)


def make_evidence(op: "Operations") -> None:
    """Make them, with their constraints and indexes, in an upgraded store."""
    op.create_table(
        "school_link",
        Column("college", String(), nullable=False),
        Column("organisation", String(), nullable=False),
        Column("schuid", String(), nullable=False),
        Column("vintage", String(), nullable=True),
        PrimaryKeyConstraint("college", "organisation"),
        ForeignKeyConstraint(
            ["college", "organisation"],
            ["organisation.college", "organisation.organisation"],
            name="link_of_a_borrower",
        ),
        CheckConstraint(_IS_SCHUID, name="school_link_schuid_valid"),
    )
    op.create_index("links_by_school", "school_link", ["college", "schuid"])
    op.create_table(
        "organisation_profile",
        Column("college", String(), nullable=False),
        Column("organisation", String(), nullable=False),
        Column("organisation_kind", String(), nullable=True),
        Column("referred_by", String(), nullable=True),
        Column("partnership", String(), nullable=True),
        PrimaryKeyConstraint("college", "organisation"),
        ForeignKeyConstraint(
            ["college", "organisation"],
            ["organisation.college", "organisation.organisation"],
            name="profile_of_a_borrower",
        ),
        CheckConstraint(
            "organisation_kind IN ('school', 'early_years', 'college', 'university', 'council', "
            "'public_body', 'employer', 'third_sector', 'community', 'other')",
            name="profile_kind_known",
        ),
    )
    op.create_table(
        "engagement",
        Column("on", String(), nullable=False),
        Column("engagement_kind", String(), nullable=False),
        Column("organisation", String(), nullable=True),
        Column("schuid", String(), nullable=True),
        Column("vintage", String(), nullable=True),
        Column("loan", String(), nullable=True),
        Column("holding", String(), nullable=True),
        Column("event", String(), nullable=True),
        Column("programme", String(), nullable=True),
        Column("used", String(), nullable=False),
        Column("not_used", String(), nullable=True),
        Column("sessions", Integer(), nullable=False),
        Column("half_hours", Integer(), nullable=True),
        Column("girls", Integer(), nullable=True),
        Column("boys", Integer(), nullable=True),
        Column("staff", Integer(), nullable=True),
        Column("employers", Integer(), nullable=True),
        Column("volunteers", Integer(), nullable=True),
        Column("purpose", String(), nullable=True),
        Column("source", String(), nullable=False),
        Column("college", String(), nullable=False),
        Column("engagement", String(), nullable=False),
        Column("learners", Integer(), nullable=True),
        Column("themes", String(), nullable=False),
        Column("recorded_at", String(), nullable=False),
        Column("recorded_by", String(), nullable=False),
        Column("live", Boolean(), nullable=False),
        PrimaryKeyConstraint("college", "engagement"),
        CheckConstraint("boys >= 0", name="engagement_boys_not_negative"),
        CheckConstraint("girls >= 0", name="engagement_girls_not_negative"),
        CheckConstraint(
            "half_hours IS NULL OR (half_hours >= 0 AND half_hours <= 48 * sessions)",
            name="engagement_hours_within_days",
        ),
        CheckConstraint("learners >= 0", name="engagement_learners_not_negative"),
        ForeignKeyConstraint(
            ["college", "organisation"],
            ["organisation.college", "organisation.organisation"],
            name="engagement_of_a_borrower",
        ),
        ForeignKeyConstraint(
            ["college", "loan"],
            ["loan.college", "loan.loan"],
            name="engagement_on_a_loan",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint(f"schuid IS NULL OR {_IS_SCHUID}", name="engagement_schuid_valid"),
        CheckConstraint(
            "source IN ('counted', 'teacher', 'organiser')", name="engagement_source_known"
        ),
        CheckConstraint(
            "(girls IS NULL AND boys IS NULL) OR (learners IS NOT NULL AND learners "
            ">= 5 AND coalesce(girls, 0) + coalesce(boys, 0) <= learners)",
            name="engagement_split_within_learners",
        ),
        CheckConstraint(
            "used <> 'no' OR coalesce(learners, 0) = 0", name="engagement_unused_has_no_learners"
        ),
        CheckConstraint("used IN ('yes', 'partly', 'no')", name="engagement_used_known"),
    )
    op.create_index("engagements_by_day", "engagement", ["college", "on", "engagement"])
    op.create_index("engagements_of_an_organisation", "engagement", ["college", "organisation"])
    op.create_index("engagements_on_a_loan", "engagement", ["college", "loan"])
    op.create_table(
        "engagement_band",
        Column("college", String(), nullable=False),
        Column("engagement", String(), nullable=False),
        Column("band", String(), nullable=False),
        Column("learners", Integer(), nullable=True),
        Column("organisation", String(), nullable=True),
        Column("loan", String(), nullable=True),
        Column("on", String(), nullable=False),
        Column("live", Boolean(), nullable=False),
        PrimaryKeyConstraint("college", "engagement", "band"),
        CheckConstraint(
            "band IN ('', 'early', 'p2-p4', 'p5-p7', 's1-s3', 's4-s6', 'asn', "
            "'college', 'adult', 'mixed')",
            name="band_known",
        ),
        CheckConstraint("learners >= 0", name="band_learners_not_negative"),
        ForeignKeyConstraint(
            ["college", "engagement"],
            ["engagement.college", "engagement.engagement"],
            name="band_of_an_engagement",
        ),
    )
    op.create_table(
        "evaluation",
        Column("college", String(), nullable=False),
        Column("engagement", String(), nullable=False),
        Column("enjoyed", Integer(), nullable=True),
        Column("interest", Integer(), nullable=True),
        Column("science", Integer(), nullable=True),
        Column("technology", Integer(), nullable=True),
        Column("engineering", Integer(), nullable=True),
        Column("mathematics", Integer(), nullable=True),
        Column("again", Boolean(), nullable=True),
        Column("helped", String(), nullable=False),
        Column("channel", String(), nullable=False),
        Column("received_at", String(), nullable=False),
        PrimaryKeyConstraint("college", "engagement"),
        CheckConstraint(
            "engineering + 1 >= 0 AND engineering + 1 <= 2",
            name="evaluation_engineering_less_same_more",
        ),
        CheckConstraint("enjoyed BETWEEN 1 AND 5", name="evaluation_enjoyed_1_to_5"),
        CheckConstraint("interest BETWEEN 1 AND 5", name="evaluation_interest_1_to_5"),
        CheckConstraint(
            "mathematics + 1 >= 0 AND mathematics + 1 <= 2",
            name="evaluation_mathematics_less_same_more",
        ),
        ForeignKeyConstraint(
            ["college", "engagement"],
            ["engagement.college", "engagement.engagement"],
            name="evaluation_of_an_engagement",
        ),
        CheckConstraint(
            "science + 1 >= 0 AND science + 1 <= 2", name="evaluation_science_less_same_more"
        ),
        CheckConstraint(
            "technology + 1 >= 0 AND technology + 1 <= 2",
            name="evaluation_technology_less_same_more",
        ),
    )
    op.create_table(
        "school",
        Column("college", String(), nullable=False),
        Column("vintage", String(), nullable=False),
        Column("schuid", String(), nullable=False),
        Column("name", String(), nullable=True),
        Column("council", String(), nullable=True),
        Column("council_code", String(), nullable=True),
        Column("sector", String(), nullable=False),
        Column("roll", Integer(), nullable=True),
        Column("postcode", String(), nullable=True),
        Column("latitude", String(), nullable=True),
        Column("longitude", String(), nullable=True),
        Column("denomination", String(), nullable=True),
        Column("rurality", Integer(), nullable=True),
        Column("deprived", String(), nullable=True),
        PrimaryKeyConstraint("college", "vintage", "schuid"),
    )
    op.create_table(
        "school_now",
        Column("college", String(), nullable=False),
        Column("schuid", String(), nullable=False),
        Column("name", String(), nullable=False),
        Column("council", String(), nullable=True),
        Column("council_code", String(), nullable=True),
        Column("sector", String(), nullable=False),
        Column("roll", Integer(), nullable=True),
        Column("postcode", String(), nullable=True),
        Column("latitude", String(), nullable=True),
        Column("longitude", String(), nullable=True),
        Column("denomination", String(), nullable=True),
        Column("rurality", Integer(), nullable=True),
        Column("deprived", String(), nullable=True),
        Column("listed", Boolean(), nullable=False),
        Column("vintage", String(), nullable=False),
        Column("sort", String(), nullable=False),
        Column("words", String(), nullable=False),
        PrimaryKeyConstraint("college", "schuid"),
    )
    op.create_index("schools_by_name", "school_now", ["college", "sort", "schuid"])
    op.create_table(
        "quote",
        Column("college", String(), nullable=False),
        Column("quote", String(), nullable=False),
        Column("engagement", String(), nullable=False),
        Column("heading", String(), nullable=False),
        Column("words", Text(), nullable=False),
        Column("may_publish", Boolean(), nullable=False),
        PrimaryKeyConstraint("college", "quote"),
    )
    op.create_index("quotes_of_an_engagement", "quote", ["college", "engagement"])
    if op.get_bind().dialect.name == "sqlite":  # whose integrity check proves what no ledger has
        op.create_index(
            "quote_rows_twice",
            "quote",
            ["college", "quote", "engagement", "heading", "words", "may_publish"],
        )
    live = text("live AND loan IS NOT NULL")
    op.create_index(
        "one_engagement_of_a_loan_band_and_day",
        "engagement_band",
        ["college", "loan", "organisation", "band", "on"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
