"""The table of guides: what a school must know of a kit type."""

from sqlalchemy import Text
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class KitGuide(Base, table=True):
    """What a leaflet has about a kit type beside its contents list. NULL is not recorded."""

    __tablename__ = "kit_guide"
    __table_args__ = (in_college("kit_type=kit_type", to="kit_type", name="guide_of_a_kit_type"),)
    college: str = Field(primary_key=True)
    kit_type: str = Field(primary_key=True)
    supplies: str | None = Field(sa_type=Text)
    """What the school has to supply."""
    time: str | None = Field(sa_type=Text)
    space: str | None = Field(sa_type=Text)
    level: str | None = Field(sa_type=Text)
    safety: str | None = Field(sa_type=Text)
    repacking: str | None = Field(sa_type=Text)
