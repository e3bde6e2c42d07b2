"""The state as it was: every entry up to an instant, applied to a scratch store."""

from pydantic import ValidationError
from sqlalchemy import Connection, func, select

from kitloan.entries import parse
from kitloan.errors import KitloanError, StoreError
from kitloan.ledger import record
from kitloan.models import LedgerEntry, LedgerHead, table
from kitloan.store import Store
from kitloan.verify.verdict import Progress
from kitloan.verify.walk import STEP, entries_of

entry, head = table(LedgerEntry), table(LedgerHead)


def replay(live: Connection, scratch: Store, until: str, progress: Progress) -> None:
    """Apply every entry up to an instant to a scratch store: the state as it was then.

    Raises:
        StoreError: `damaged`, when an entry cannot be read or applied.
    """
    total = live.execute(
        select(func.count()).select_from(entry).where(entry.c.at <= until)
    ).scalar_one()
    with scratch.engine.begin() as replayed:
        colleges = live.execute(select(head.c.college).order_by(head.c.college)).scalars().all()
        done = 0
        for college in colleges:
            for row in entries_of(live, college):
                if row.at > until:
                    break
                try:
                    record(replayed, college, row.epoch, parse(row.body), row.body, row.hash)
                except (ValidationError, KitloanError) as problem:
                    raise StoreError(
                        "damaged",
                        f"Entry {row.seq} of {college!r} cannot be read or applied.",
                        "Run `kitloan ledger verify` to see what is wrong with the store.",
                        college=college,
                        seq=row.seq,
                    ) from problem
                done += 1
                if done % STEP == 0:
                    progress(done, total)
