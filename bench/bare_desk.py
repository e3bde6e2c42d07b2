"""The floor under the desk's readiness: a bare desk of the same libraries.

It does what any desk must do that paints by Textual and keeps its store by SQLModel: paint, load
SQLModel behind the paint, open the file with the pragmas of the shipped store, read a kit, and
paint that it is ready. It has one table, no rules and no lists.
"""

import sys
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class BareDesk(App[None]):
    """Says when it has read a kit."""

    def compose(self) -> ComposeResult:
        """Lay out a line and an input."""
        yield Static("bare and painted")
        yield Input()

    def on_mount(self) -> None:
        """Listen."""
        self.query_one(Input).focus()

    def on_ready(self) -> None:
        """Paint, then open the store."""
        self.call_after_refresh(self.run_worker, self.open_store, thread=True)

    def open_store(self) -> None:
        """On a thread: load SQLModel, open the store and read a kit."""
        from floors import PRAGMAS
        from sqlalchemy import create_engine, event, select
        from sqlmodel import Field, SQLModel

        class Holding(SQLModel, table=True):
            college: str = Field(primary_key=True)
            tag: str = Field(primary_key=True)
            kit_type: str
            quantity: int
            out_quantity: int

        engine = create_engine(f"sqlite:///{sys.argv[1]}")

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: object) -> None:
            for pragma in PRAGMAS:
                connection.execute(pragma)

        with engine.begin() as connection:
            table = SQLModel.metadata.tables["holding"]
            kit = connection.execute(select(table).limit(1)).one()
        self.call_from_thread(self.query_one(Static).update, f"READY for {kit.tag}")


BareDesk().run()
