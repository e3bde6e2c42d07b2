"""Upgrading a store that an earlier release made: the steps, the rehearsal and the upgrade itself.

`up_to_date` opens a store, and upgrades it first if that is due. A SQLite store is kept as the
day's copy, and the upgrade is tried on another copy, before the store is changed. On both databases
the upgrade is one transaction.

There is one step for each version of the tables, and a released step is never edited. Steps only
add: tables, indexes, columns that may be empty. So a program of the version before that is still
open goes on working. Every constraint and index has a name. `kitloan.storage.schema` makes a new
store; a test compares the two, on both databases.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    text,
)

from kitloan.backups import about_file, check_copy
from kitloan.backups.evidence_tables import make_evidence
from kitloan.errors import KitloanError, StoreError
from kitloan.history.walk import Progress
from kitloan.storage.files import whole_file, working_folder
from kitloan.storage.schema import OLDEST, SCHEMA, version_of
from kitloan.storage.side_files import day_file
from kitloan.storage.store import Store, one_at_a_time, open_store
from kitloan.text.dates import system_clock, today
from kitloan.text.names import in_natural_order, search_form

if TYPE_CHECKING:
    from alembic.operations import Operations

_NOT_BY_YOU = ("read_only", "not_allowed", "unreachable", "cannot_write")
"""Codes of errors when this user may not change the file or the database."""

_AS_IT_WAS = (
    "The store was not upgraded or changed. Run `kitloan ledger verify` with the earlier kitloan, "
    "which still opens it, or restore a backup with this one."
)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """An upgrade of a store to this release.

    Attributes:
        since: the version of its tables before.
        kept: the file with the store as it was; None on a server.
    """

    since: int
    kept: str | None

    def __str__(self) -> str:
        kept = f" A copy from before is kept as {self.kept}." if self.kept else ""
        return f"An earlier release made this store. It was checked and upgraded.{kept}"


def up_to_date(
    make: Callable[[str], Store], place: str, progress: Progress | None = None
) -> tuple[Store, Upgraded | None]:
    """The store at `place`, upgraded first if an earlier release made it.

    Args:
        make: the function that opens it: `open_store` or `create_store`.
        place: the path of a SQLite file, or a PostgreSQL URL.
        progress: called with how many entries of the copy are checked, of how many.

    Raises:
        StoreError: as `make`; `upgrade_due`, when this user may not change the file or database;
            `damaged`, when the store fails the check, and was not changed.
    """
    try:
        return make(place), None
    except StoreError as problem:
        if problem.code != "upgrade_due":
            raise
    done = _upgrade(place, progress)
    return make(place), done


def upgrade_copy(path: Path) -> None:
    """Upgrade a copy that nobody else has open, if an earlier release made it."""
    store = open_store(str(path), oldest=OLDEST)
    try:
        with store.write() as connection:
            version = version_of(connection)
            if version < SCHEMA:
                bring_up(connection, version)
    finally:
        store.close()


def _upgrade(place: str, progress: Progress | None) -> Upgraded | None:
    store = open_store(place, oldest=OLDEST)
    try:
        with store.write() as connection:
            one_at_a_time(connection)
            version = version_of(connection)
            if version == SCHEMA:
                return None  # another program has just upgraded it
            kept = _keep_and_rehearse(store, progress) if store.is_sqlite else None
            bring_up(connection, version)
        return Upgraded(version, kept)
    except KitloanError as problem:
        if problem.code not in _NOT_BY_YOU:
            raise
        raise _not_by_you(store, problem) from problem
    finally:
        store.close()


def _keep_and_rehearse(store: Store, progress: Progress | None) -> str:
    """Keep the store as the day's copy, and check the upgrade on another copy."""
    file = day_file(store, today(system_clock))
    file.parent.mkdir(mode=0o700, exist_ok=True)
    size = Path(store.name).stat().st_size
    with (
        whole_file(file, over_a_store=True) as part,
        working_folder(file.parent.parent, "upgrade", room=3 * size) as folder,
    ):
        store.copy_to(part)
        rehearsal = folder / "rehearsal.sqlite"
        shutil.copyfile(part, rehearsal)
        try:
            upgrade_copy(rehearsal)
            check_copy(rehearsal, store.name, progress)
        except StoreError as problem:
            shown = about_file(problem, rehearsal, store.name)
            raise StoreError(shown.code, shown.message, _AS_IT_WAS, **shown.details) from problem
    return str(file)


def _not_by_you(store: Store, problem: KitloanError) -> StoreError:
    hint = (
        "Copy the file to a folder that you may write to, and open it there with --store."
        if store.is_sqlite
        else "Ask the database's administrator to run, with this kitloan: kitloan provision URL"
    )
    return StoreError(
        "upgrade_due",
        f"{store.name} was made by an earlier kitloan, and you may not upgrade it: "
        f"{problem.message}",
        hint,
        store=store.name,
    )


def bring_up(connection: Connection, version: int) -> None:
    """Upgrade a store's tables from `version` to this program's, in the caller's transaction."""
    from alembic.operations import Operations  # when an upgrade is due, and not before
    from alembic.runtime.migration import MigrationContext

    op = Operations(MigrationContext.configure(connection))
    for step in range(version + 1, SCHEMA + 1):
        STEPS[step](op)
    # In a shared database the version's row belongs to no college, and is closed to the owner too.
    forced = (
        connection.dialect.name == "postgresql"
        and connection.exec_driver_sql(
            "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'setting'::regclass"
        ).scalar_one()
    )
    if forced:
        connection.exec_driver_sql("ALTER TABLE setting NO FORCE ROW LEVEL SECURITY")
    changed = connection.execute(
        text(
            "UPDATE setting SET value = :now "
            "WHERE college = '' AND name = 'schema' AND value = :before"
        ),
        {"now": str(SCHEMA), "before": str(version)},
    ).rowcount
    if forced:
        connection.exec_driver_sql("ALTER TABLE setting FORCE ROW LEVEL SECURITY")
    if changed != 1:
        raise StoreError(
            "not_allowed",
            "This login may not upgrade the tables.",
            "Upgrade with the login that set up the database.",
        )


def _to_3(op: "Operations") -> None:
    """Index holdings that are elsewhere or incomplete, so that lists do not read all holdings.

    And add `lost_twin`: two branches of a ledger may have the same name, so that several lost
    entries have one number.
    """
    elsewhere, unusable = text("state <> 'held'"), text("critical_short > 0")
    op.create_index(
        "holdings_elsewhere",
        "holding",
        ["college", "state", "tag"],
        sqlite_where=elsewhere,
        postgresql_where=elsewhere,
    )
    op.create_index(
        "incomplete_holdings",
        "holding",
        ["college", "tag"],
        sqlite_where=unusable,
        postgresql_where=unusable,
    )
    columns: dict[str, Any] = {
        "college": String(),
        "hash": String(),
        "epoch": Integer(),
        "seq": Integer(),
    }
    op.create_table(
        "lost_twin",
        *(Column(name, kind, nullable=False) for name, kind in columns.items()),
        Column("body", Text(), nullable=False),
        PrimaryKeyConstraint("college", "hash"),
    )
    op.create_index("lost_twins_in_order", "lost_twin", ["college", "seq"])
    if (
        op.get_bind().dialect.name == "sqlite"
    ):  # whose integrity check proves rows that no ledger has
        op.create_index("lost_twin_rows_twice", "lost_twin", [*columns, "body"])


def _to_4(op: "Operations") -> None:
    """Whether anything was counted, and since when a loan is out, is on record or unknown.

    A holding has the instant of its latest count, so that nothing uncounted is called whole. A loan
    that a register had began on a day unknown, and not when the register was read. And a holding
    may be in repair, and one that was written off may turn up. Borrowers and kit types are renamed,
    merged and closed. Kits are booked by a calendar and policies. What the kits did is on record.
    """
    for name in ("counted_at", "out_of_use", "in_repair", "number_order"):
        op.add_column("holding", Column(name, String(), nullable=True))
    op.execute(
        "ALTER TABLE holding ADD COLUMN most_out INTEGER "
        "CONSTRAINT out_of_use_is_not_lent CHECK (out_quantity <= most_out)"
    )
    op.execute(
        "ALTER TABLE stocktake_scan ADD COLUMN quantity INTEGER "
        "CONSTRAINT counted_not_negative CHECK (quantity >= 0)"
    )
    for name in ("expected", "counted_seq"):
        op.add_column("stocktake_scan", Column(name, Integer(), nullable=True))
    _inspections_and_blocks(op)
    _who_wrote_notes(op)
    for name in ("again_reason", "again_at", "again_by"):
        op.add_column("withdrawal", Column(name, String(), nullable=True))
    for owner in ("kit_type", "organisation"):
        op.add_column(owner, Column("merged_into", String(), nullable=True))
    op.add_column("kit_type", Column("contents_at", String(), nullable=True))
    op.add_column("gifting", Column("agreed_on", String(), nullable=True))
    for name in ("closed_at", "words"):
        op.add_column("organisation", Column(name, String(), nullable=True))
    _names_and_moves(op)
    _add_planning(op)
    make_evidence(op)
    _make_sharing(op)
    _contact_changes(op)
    changes = text("kind IN ('engagement.corrected', 'engagement.withdrawn', 'entry.reversed')")
    op.create_index(
        "changes_of_uses",
        "ledger_entry",
        ["college", "at"],
        sqlite_where=changes,
        postgresql_where=changes,
    )
    op.drop_index("holdings_found_by_words", "holding")
    of_words = ["college", "number_order", "words", "tag"]
    op.create_index("holdings_found_by_words", "holding", of_words)
    loan = "json_extract(body, '$.fact.loan')"
    if op.get_bind().dialect.name == "postgresql":
        loan = "CAST(body AS json) #>> '{fact,loan}'"
    # An entry's text is canonical, and quotes inside a value are escaped.
    with _every_row(op, "holding", "kit_type", "ledger_entry", "loan", "organisation", "reversal"):
        _words_in_search_form(op.get_bind())
        _numbers_in_order(op.get_bind())
        _when_contents_changed(op.get_bind())
        op.execute(
            text(
                "UPDATE loan SET out_at = '' WHERE (college, loan) IN "  # noqa: S608  # our own words
                f"(SELECT college, {loan} FROM ledger_entry WHERE kind = 'loan.found')"
            )
        )
        op.execute(
            text(
                "UPDATE holding SET counted_at = (SELECT max(e.at) FROM ledger_entry AS e "
                "WHERE e.college = holding.college AND e.tag = holding.tag AND e.kind IN "
                "('contents.counted', 'loan.checked_in', 'transfer.received', 'transfer.sent') "
                "AND (replace(e.body, :short, '') <> e.body "
                "OR replace(e.body, :whole, '') <> e.body) "
                "AND NOT EXISTS (SELECT 1 FROM reversal AS r WHERE r.college = e.college "
                "AND r.epoch = e.epoch AND r.seq = e.seq))"
            ).bindparams(short='"counted":"short"', whole='"counted":"whole"')
        )


def _make_sharing(op: "Operations") -> None:
    """What colleges offer each other, what they claim, and the answers; guides of kit types."""
    op.create_table(
        "kit_guide",
        Column("college", String(), nullable=False),
        Column("kit_type", String(), nullable=False),
        *(
            Column(each, Text(), nullable=True)
            for each in ("supplies", "time", "space", "level", "safety", "repacking")
        ),
        PrimaryKeyConstraint("college", "kit_type"),
        ForeignKeyConstraint(
            ["college", "kit_type"],
            ["kit_type.college", "kit_type.kit_type"],
            name="guide_of_a_kit_type",
        ),
    )
    op.create_table(
        "offer",
        Column("college", String(), nullable=False),
        Column("offer", String(), nullable=False),
        Column("kit_type", String(), nullable=False),
        Column("quantity", Integer(), nullable=False),
        Column("accepted", Integer(), nullable=False),
        Column("terms", String(), nullable=False),
        Column("first", String(), nullable=True),
        Column("last", String(), nullable=True),
        Column("until", String(), nullable=False),
        Column("kits", String(), nullable=False),
        Column("donor_agreement", String(), nullable=True),
        Column("open", Boolean(), nullable=False),
        Column("made_at", String(), nullable=False),
        Column("component", String(), nullable=True),
        Column("note", String(), nullable=True),
        Column("change", String(), nullable=True),
        PrimaryKeyConstraint("college", "offer"),
        CheckConstraint("accepted BETWEEN 0 AND quantity", name="never_more_claimed_than_offered"),
        ForeignKeyConstraint(
            ["college", "kit_type"],
            ["kit_type.college", "kit_type.kit_type"],
            name="offer_of_a_kit_type",
        ),
        CheckConstraint("quantity > 0", name="offer_of_something"),
        CheckConstraint("terms IN ('lend', 'keep', 'parts')", name="offer_terms_known"),
        CheckConstraint(
            "(terms = 'parts') = (component IS NOT NULL)", name="offer_of_parts_has_their_name"
        ),
        CheckConstraint(
            "(terms <> 'lend' AND first IS NULL AND last IS NULL) OR "
            "(terms = 'lend' AND first IS NOT NULL AND last IS NOT NULL AND first <= last)",
            name="offer_to_lend_has_days_in_order",
        ),
    )
    op.create_index("offers_by_type", "offer", ["college", "kit_type"])
    op.create_table(
        "claim_answer",
        Column("college", String(), nullable=False),
        Column("offer", String(), nullable=False),
        Column("to_college", String(), nullable=False),
        Column("quantity", Integer(), nullable=False),
        Column("answered_at", String(), nullable=False),
        PrimaryKeyConstraint("college", "offer", "to_college"),
        ForeignKeyConstraint(
            ["college", "offer"], ["offer.college", "offer.offer"], name="answer_about_an_offer"
        ),
        CheckConstraint("quantity >= 0", name="answer_not_negative"),
    )
    op.create_table(
        "claim",
        Column("college", String(), nullable=False),
        Column("claim", String(), nullable=False),
        Column("from_college", String(), nullable=False),
        Column("offer", String(), nullable=False),
        Column("type_name", String(), nullable=True),
        Column("quantity", Integer(), nullable=False),
        Column("open", Boolean(), nullable=False),
        Column("made_at", String(), nullable=False),
        Column("component", String(), nullable=True),
        Column("change", String(), nullable=True),
        PrimaryKeyConstraint("college", "claim"),
        CheckConstraint("quantity > 0", name="claim_of_something"),
        CheckConstraint("from_college <> college", name="claim_of_another_college"),
    )
    op.create_table(
        "ask",
        *(
            Column(each, String(), nullable=False)
            for each in ("college", "ask", "to_college", "type_name")
        ),
        Column("kit", String(), nullable=True),
        Column("quantity", Integer(), nullable=False),
        Column("first", String(), nullable=False),
        Column("last", String(), nullable=False),
        Column("note", String(), nullable=True),
        Column("open", Boolean(), nullable=False),
        Column("made_at", String(), nullable=False),
        PrimaryKeyConstraint("college", "ask"),
        CheckConstraint("quantity > 0", name="ask_for_something"),
        CheckConstraint("to_college <> college", name="ask_of_another_college"),
        CheckConstraint("first <= last", name="ask_has_days_in_order"),
    )
    op.create_table(
        "ask_answer",
        *(Column(each, String(), nullable=False) for each in ("college", "ask", "from_college")),
        *(Column(each, String(), nullable=True) for each in ("type_name", "first", "last")),
        Column("quantity", Integer(), nullable=False),
        Column("reason", String(), nullable=True),
        Column("answered_at", String(), nullable=False),
        PrimaryKeyConstraint("college", "ask"),
        CheckConstraint("quantity >= 0", name="ask_answer_not_negative"),
        CheckConstraint("quantity > 0 OR reason IS NOT NULL", name="no_has_a_reason"),
    )
    op.create_table(
        "college_place",
        *(
            Column(each, String(), nullable=False)
            for each in ("college", "whose", "latitude", "longitude")
        ),
        PrimaryKeyConstraint("college", "whose"),
    )


def _contact_changes(op: "Operations") -> None:
    """What somebody changed of a person's details, for as long as it can be undone."""
    texts = ("contact", "organisation", "name", "name_key")
    optional = ("email", "phone", "email_before", "phone_before")
    columns: list[Column[Any]] = [
        *(Column(each, String(), nullable=False) for each in ("college", "change", *texts)),
        *(Column(each, String(), nullable=True) for each in optional),
        *(Column(each, Boolean(), nullable=False) for each in ("is_new", "undone")),
        *(Column(each, String(), nullable=False) for each in ("at", "by")),
        *(Column(each, Integer(), nullable=False) for each in ("epoch", "seq", "number")),
    ]
    op.create_table("contact_change", *columns, PrimaryKeyConstraint("college", "change"))
    if op.get_bind().dialect.name == "sqlite":
        names = [column.name for column in columns]
        op.create_index("contact_change_rows_twice", "contact_change", names)


def _who_wrote_notes(op: "Operations") -> None:
    """Notes have their day and their writer."""
    new = ["written_at", "written_by", "request"]
    for name in new:
        op.add_column("remark", Column(name, String(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":  # as `kitloan.storage.integrity` has it
        op.drop_index("remark_rows_twice", "remark")
        old = ["college", "remark", "tag", "loan", "contact", "heading", "words"]
        op.create_index("remark_rows_twice", "remark", [*old, *new])


def _words_in_search_form(connection: Connection) -> None:
    """What is searched has no accents and apostrophes any more, and borrowers have it too."""
    for query, change in (
        (
            "SELECT college, tag, words FROM holding",
            "UPDATE holding SET words = :words WHERE college = :college AND tag = :key",
        ),
        (
            "SELECT college, organisation, name FROM organisation",
            "UPDATE organisation SET words = :words WHERE college = :college "
            "AND organisation = :key",
        ),
    ):
        changed = [
            {"college": college, "key": key, "words": search_form(words)}
            for college, key, words in connection.exec_driver_sql(query).all()
        ]
        if changed:
            connection.execute(text(change), changed)


def _numbers_in_order(connection: Connection) -> None:
    """Lists are in the order of the college's own numbers, as people count."""
    numbered = [
        {"college": college, "tag": tag, "n": f"0{in_natural_order(number)}" if number else "1"}
        for college, tag, number in connection.exec_driver_sql(
            "SELECT college, tag, asset_number FROM holding"
        ).all()
    ]
    if numbered:
        connection.execute(
            text("UPDATE holding SET number_order = :n WHERE college = :college AND tag = :tag"),
            numbered,
        )


def _when_contents_changed(connection: Connection) -> None:
    """A kit that was counted before its contents list changed was not counted against it."""
    rows = connection.exec_driver_sql(
        "SELECT e.college, e.at, e.body FROM ledger_entry AS e WHERE e.kind = 'kit_type.defined' "
        "AND NOT EXISTS (SELECT 1 FROM reversal AS r WHERE r.college = e.college "
        "AND r.epoch = e.epoch AND r.seq = e.seq) ORDER BY e.college, e.epoch, e.seq"
    ).all()
    known: dict[tuple[str, str], Any] = {}
    changed: dict[tuple[str, str], str] = {}
    for college, at, body in rows:
        fact = json.loads(body)["fact"]
        key = college, fact["kit_type"]
        if known.get(key, fact["contents"]) != fact["contents"]:
            changed[key] = at
        known[key] = fact["contents"]
    for (college, kind), at in changed.items():
        connection.execute(
            text("UPDATE kit_type SET contents_at = :at WHERE college = :c AND kit_type = :k"),
            {"at": at, "c": college, "k": kind},
        )


def _names_and_moves(op: "Operations") -> None:
    """Other names of borrowers and kit types, and what moved when two became one."""
    for name, keys, others in (
        ("other_name", ("college", "subject", "key"), ("whose", "name")),
        ("moved_row", ("college", "subject", "merged", "of_table", "key"), ("into_",)),
    ):
        op.create_table(
            name,
            *(Column(each, String(), nullable=False) for each in (*keys, *others)),
            CheckConstraint("subject IN ('organisation', 'kit_type')", name=f"{name}_of_a_subject"),
            PrimaryKeyConstraint(*keys),
        )


def _inspections_and_blocks(op: "Operations") -> None:
    """The tables of inspections, blocks and notices."""
    op.create_table(
        "regime",
        *(Column(name, String(), nullable=False) for name in ("college", "regime", "code_key")),
        *(Column(name, String(), nullable=False) for name in ("code", "kit_type")),
        Column("months", Integer(), nullable=False),
        Column("gate", Boolean(), nullable=False),
        PrimaryKeyConstraint("college", "regime"),
        CheckConstraint("months > 0", name="regime_months_positive"),
        ForeignKeyConstraint(
            ["college", "kit_type"],
            ["kit_type.college", "kit_type.kit_type"],
            name="regime_of_a_kit_type",
        ),
    )
    columns = ["college", "kit_type", "code_key"]
    op.create_index("regimes_of_a_type", "regime", columns, unique=True)
    op.create_table(
        "inspection",
        *(Column(name, String(), nullable=False) for name in ("college", "tag", "code_key")),
        *(Column(name, String(), nullable=False) for name in ("code", "result")),
        *(Column(name, String(), nullable=False) for name in ("done_at", "done_by")),
        Column("valid_until", String(), nullable=True),
        PrimaryKeyConstraint("college", "tag", "code_key"),
        CheckConstraint("result IN ('pass', 'fail')", name="inspection_result_known"),
        CheckConstraint("result = 'pass' OR valid_until IS NULL", name="failed_is_not_valid"),
        ForeignKeyConstraint(
            ["college", "tag"], ["holding.college", "holding.tag"], name="inspection_of_a_holding"
        ),
    )
    op.create_table(
        "block",
        *(Column(name, String(), nullable=False) for name in ("college", "organisation", "reason")),
        Column("until", String(), nullable=True),
        *(Column(name, String(), nullable=False) for name in ("since", "blocked_by")),
        PrimaryKeyConstraint("college", "organisation"),
        ForeignKeyConstraint(
            ["college", "organisation"],
            ["organisation.college", "organisation.organisation"],
            name="block_of_a_borrower",
        ),
    )
    key = ("college", "notice", "subject", "stage", "due_on")
    kinds: dict[str, Any] = {"stage": Integer()}
    op.create_table(
        "sent_notice",
        *(Column(name, kinds.get(name, String()), nullable=False) for name in key),
        *(Column(name, String(), nullable=False) for name in ("channel", "template")),
        Column("tag", String(), nullable=True),
        *(Column(name, String(), nullable=False) for name in ("sent_at", "sent_by")),
        PrimaryKeyConstraint(*key),
    )
    op.create_index("notices_of_a_holding", "sent_notice", ["college", "tag"])
    op.create_table(
        "outbox",
        *(Column(name, kinds.get(name, String()), nullable=False) for name in key),
        *(Column(name, String(), nullable=False) for name in ("message", "state")),
        Column("tries", Integer(), nullable=False),
        *(Column(name, String(), nullable=False) for name in ("tried_at", "problem")),
        PrimaryKeyConstraint(*key),
        CheckConstraint("state IN ('waiting', 'sending', 'unknown')", name="outbox_state_known"),
        CheckConstraint("tries >= 0", name="outbox_tries_not_negative"),
    )
    if op.get_bind().dialect.name == "sqlite":  # as `kitloan.storage.integrity` has it
        more = ("message", "state", "tries", "tried_at", "problem")
        op.create_index("outbox_rows_twice", "outbox", [*key, *more])


def _add_planning(op: "Operations") -> None:
    """The tables of the calendar, the policies, bookings, and what is wanted."""
    for name in ("booking", "free_from"):
        op.add_column("loan", Column(name, String(), nullable=True))
    for name, column in (("loans_of_a_booking", "booking"), ("loans_that_ended", "closed_at")):
        some = text(f"{column} IS NOT NULL")
        op.create_index(name, "loan", ["college", column], sqlite_where=some, postgresql_where=some)
    for table, keys, rest in _PLANNING:
        op.create_table(
            table,
            *(Column(name, String(), nullable=False) for name in ("college", *keys)),
            *(Column(name.rstrip("?"), kind, nullable="?" in name) for name, kind in rest.items()),
            *(rule() for rule in _RULES_OF_PLANNING.get(table, ())),
            PrimaryKeyConstraint("college", *keys),
        )
    for name, table, columns in _INDEXES_OF_PLANNING:
        op.create_index(name, table, ["college", *columns])


def _within_college(column: str, to: str, name: str) -> Callable[[], ForeignKeyConstraint]:
    return partial(
        ForeignKeyConstraint,
        ["college", column],
        [f"{to}.college", f"{to}.{column}"],
        name=name,
    )


def _check(rule: str, name: str) -> Callable[[], CheckConstraint]:
    return partial(CheckConstraint, rule, name=name)


_PLANNING: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("calendar_week", ("site",), {"desk": String(), "staff": String()}),
    ("calendar_day", ("site", "day"), {"open": Boolean(), "reason?": String()}),
    ("policy", ("policy", "kit_type"), {"setting": String()}),
    (
        "event",
        ("event",),
        {
            "name": String(),
            "starts_on": String(),
            "ends_on": String(),
            "place?": String(),
            "organisation?": String(),
            "state": String(),
            "made_at": String(),
            "made_by": String(),
            "made_seq": Integer(),
        },
    ),
    (
        "booking",
        ("booking",),
        {
            "organisation": String(),
            "contact?": String(),
            "collect_on": String(),
            "return_by": String(),
            "busy_from": String(),
            "free_from": String(),
            "lapses_after": String(),
            "series?": String(),
            "event?": String(),
            "state": String(),
            "changes": Integer(),
            "made_at": String(),
            "made_by": String(),
            "made_seq": Integer(),
        },
    ),
    ("booking_line", ("booking", "kit_type"), {"quantity": Integer(), "collected": Integer()}),
    ("booking_pin", ("booking", "kit"), {"kit_type": String()}),
    ("kit_day", ("kit", "day"), {"booking": String()}),
    (
        "type_day",
        ("kit_type", "day"),
        {"capacity": Integer(), "committed": Integer(), "excused": Integer()},
    ),
    (
        "want",
        ("want",),
        {
            "organisation": String(),
            "contact?": String(),
            "kit_type": String(),
            "quantity": Integer(),
            "earliest": String(),
            "latest": String(),
            "days": Integer(),
            "open": Boolean(),
            "event?": String(),
            "made_at": String(),
            "made_seq": Integer(),
        },
    ),
    (
        "demand",
        ("demand",),
        {
            "organisation?": String(),
            "kit_type": String(),
            "quantity": Integer(),
            "first": String(),
            "last": String(),
            "rule": String(),
            "asked_on": String(),
        },
    ),
)
"""Of each new table the name, the key after the college, and the other columns; with `?`, empty."""
_RULES_OF_PLANNING: Mapping[str, tuple[Callable[[], Any], ...]] = {
    "event": (
        _check("state IN ('planned', 'cancelled')", "event_state_known"),
        _check("starts_on <= ends_on", "event_days_in_order"),
        _within_college("organisation", "organisation", "event_of_a_borrower"),
    ),
    "booking": (
        _check("state IN ('made', 'cancelled', 'lapsed')", "booking_state_known"),
        _check(
            "busy_from <= collect_on AND collect_on <= return_by AND return_by <= free_from",
            "booking_days_in_order",
        ),
        _within_college("organisation", "organisation", "booking_for_a_borrower"),
    ),
    "booking_line": (
        _check("quantity > 0", "booking_line_of_something"),
        _check("collected BETWEEN 0 AND quantity", "never_more_collected"),
        _within_college("booking", "booking", "line_of_a_booking"),
        _within_college("kit_type", "kit_type", "line_of_a_kit_type"),
    ),
    "booking_pin": (_within_college("booking", "booking", "pin_of_a_booking"),),
    "kit_day": (_within_college("booking", "booking", "kit_day_of_a_booking"),),
    "type_day": (
        _check("committed BETWEEN 0 AND capacity + excused", "never_more_promised_than_there_is"),
    ),
    "want": (
        _check("quantity > 0", "want_of_something"),
        _within_college("organisation", "organisation", "want_of_a_borrower"),
        _within_college("kit_type", "kit_type", "want_of_a_kit_type"),
    ),
}
_INDEXES_OF_PLANNING = (
    ("events_of_a_borrower", "event", ("organisation",)),
    ("bookings_by_state", "booking", ("state", "lapses_after")),
    ("bookings_by_day", "booking", ("collect_on",)),
    ("bookings_of_a_borrower", "booking", ("organisation",)),
    ("booking_lines_by_type", "booking_line", ("kit_type",)),
    ("booking_pins_by_type", "booking_pin", ("kit_type",)),
    ("kit_days_of_a_booking", "kit_day", ("booking",)),
    ("wants_of_a_borrower", "want", ("organisation",)),
    ("demand_by_day", "demand", ("asked_on",)),
)


@contextmanager
def _every_row(op: "Operations", *tables: str) -> Iterator[None]:
    """For a step that fills rows of every college: where they share a database, each row is its
    college's alone, and closed to the tables' owner too."""
    connection = op.get_bind()
    forced = [
        name
        for name in tables
        if connection.dialect.name == "postgresql"
        and connection.exec_driver_sql(
            f"SELECT relforcerowsecurity FROM pg_class WHERE oid = '{name}'::regclass"  # noqa: S608
        ).scalar_one()
    ]
    for name in forced:
        connection.exec_driver_sql(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    yield
    for name in forced:
        connection.exec_driver_sql(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


STEPS: Mapping[int, Callable[["Operations"], None]] = {3: _to_3, 4: _to_4}
"""The steps to each version of the tables that came after the first release."""
