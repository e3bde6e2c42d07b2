"""People: who took a loan, kept apart from the ledger so that they can be forgotten.

Erasing takes away the person's row, the remarks on their loans, and every remark of the college in
which their name, e-mail or phone stands: in the store, and in every copy that kitloan made beside
it. What cannot be done now, because a copy is open elsewhere or the disk is full, is named, and
done when it is said again. The ledger is not touched: it never knew more than an opaque id.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from kitloan.errors import BadInput, KitloanError
from kitloan.ledger.session import Session
from kitloan.storage.erasure import (
    contact,
    everybody,
    finish,
    forget,
    is_due,
    loan,
    remark,
    same_person,
)
from kitloan.storage.files import whole_file
from kitloan.storage.schema import OLDEST
from kitloan.storage.side_files import clear_abandoned, copies, left_elsewhere, unfinished
from kitloan.storage.statements import AnyRow
from kitloan.storage.store import Store, open_store
from kitloan.storage.user_files import desk_log
from kitloan.text.names import fold, plain
from kitloan.text.personal import Mentions, Named, words

_LINE_WENT = "(a line about a person was erased)"


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was forgotten: people, and remarks that spoke of them.

    Attributes:
        people: how many; 0 where only what an earlier erasure had left was done.
        remarks: how many went from the store.
        copies_left: other files in which they may still be: copies that are damaged, open
            elsewhere or in the making, and the desk's log where it cannot be written.
        store_left: why what was deleted may still lie in the store's own files; empty when it does
            not.
    """

    people: int
    remarks: int
    copies_left: tuple[str, ...] = ()
    store_left: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing of them is left in any file that kitloan knows."""
        return not (self.copies_left or self.store_left)


class People:
    """Questions and wishes about people, in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self) -> list[dict[str, Any]]:
        """Everybody on file: id, name, organisation, email, phone; by name."""
        with self._session.reading() as connection:
            rows = connection.execute(
                select(
                    contact.c.contact.label("id"),
                    contact.c.name,
                    contact.c.organisation,
                    contact.c.email,
                    contact.c.phone,
                )
                .where(contact.c.college == self._session.college)
                .order_by(contact.c.name_key, contact.c.contact)
            )
            return [dict(row._mapping) for row in rows]

    def remarks(self, tag: str) -> list[dict[str, str]]:
        """The remarks kept beside a holding: heading and words. An undone loan's are not shown."""
        stands = (
            select(loan.c.loan)
            .where(loan.c.college == remark.c.college, loan.c.loan == remark.c.loan)
            .exists()
        )
        with self._session.reading() as connection:
            rows = connection.execute(
                select(remark.c.heading, remark.c.words)
                .where(
                    remark.c.college == self._session.college,
                    remark.c.tag == tag,
                    or_(remark.c.loan.is_(None), stands),
                )
                .order_by(remark.c.heading, remark.c.remark)
            )
            return [dict(row._mapping) for row in rows]

    def erase(self, who: str) -> Erased:
        """Forget a person: name, e-mail, phone, and remarks about them.

        Whoever is in none but an older copy is forgotten there. Said again, it goes on where it
        could not before.

        Args:
            who: the person's name, e-mail address or contact id.

        Raises:
            BadInput: `unknown_contact`, or `ambiguous` when several people bear the name at
                different organisations.
            StoreError: `busy`, `full`, ...; nothing was forgotten then.
        """
        store, college = self._session.store, self._session.college
        with store.read() as connection:
            people = _answering(everybody(connection, college), who)
            due = is_due(connection, college)
        if not people:
            older = self._look_in_copies(who)
            people = older.people
            named = _Called(who.strip())
            if not (people or due or older.due or _is_in_log(named)):
                raise _unknown(who, older.unread)
            log_left = _forget_in_log([*people, named])
        else:
            log_left = ()
        _must_be_one(people, who)
        gone = forget(store, college, people)
        left = finish(store, college)
        # The copies after the store: one that is made from now on knows of nobody.
        others = self._forget_in_copies(people)
        log_left = log_left or _forget_in_log(people)
        return Erased(len(_told_apart(people)), gone, (*others, *log_left), left)

    def _look_in_copies(self, who: str) -> "_Older":
        """Who answers to a name in the copies beside the store."""
        clear_abandoned(self._session.store)
        older = _Older(unread=list(map(str, unfinished(self._session.store))))
        for each in self._others():
            try:
                with _opened(each) as copy, copy.read() as connection:
                    older.due |= is_due(connection, self._session.college)
                    older.people += _answering(everybody(connection, self._session.college), who)
            except KitloanError:
                older.unread.append(str(each))
        return older

    def _forget_in_copies(self, people: Sequence[AnyRow]) -> tuple[str, ...]:
        """Forget people in every copy as well; gives those in which they may still stand."""
        store = self._session.store
        clear_abandoned(store)
        left = [each for each in self._others() if not self._is_forgotten_in(each, people)]
        return tuple(str(each) for each in (*left, *unfinished(store)))

    def _others(self) -> list[Path]:
        """Every copy that kitloan made of a store here, or left."""
        return [*copies(self._session.store), *left_elsewhere()]

    def _is_forgotten_in(self, path: Path, people: Sequence[AnyRow]) -> bool:
        """Forget people in a copy, and finish what was begun there; whether that could be done."""
        try:
            with _opened(path) as copy:
                forget(copy, self._session.college, people)
                return not finish(copy, self._session.college)
        except KitloanError:
            return False


@dataclass(slots=True)
class _Older:
    """What the copies say: who is meant, whether one is unfinished, and which cannot be read."""

    unread: list[str]
    people: list[AnyRow] = field(default_factory=list)
    due: bool = False


@dataclass(frozen=True, slots=True)
class _Called:
    """Somebody of whom no more is known than what was asked for."""

    name: str
    email: str | None = None
    phone: str | None = None


def _is_in_log(who: _Called) -> bool:
    """Whether the desk's log speaks of somebody; one word alone could be anything there."""
    if len(words(who.name)) < 2:
        return False
    mentions = Mentions([who])
    try:
        text = desk_log().read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(map(mentions.are_in, text.splitlines()))


def _forget_in_log(people: Sequence[Named]) -> tuple[str, ...]:
    """Take the lines that speak of people out of the desk's log; gives it where that failed."""
    log, mentions = desk_log(), Mentions(people)
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        kept = [_LINE_WENT if mentions.are_in(line) else line for line in lines]
        if kept != lines:
            with whole_file(log) as beside:
                beside.write_text("\n".join([*kept, ""]), encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, KitloanError):
        return (str(log),)
    return ()


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    store = open_store(str(path), oldest=OLDEST)
    try:
        yield store
    finally:
        store.close()


def _answering(rows: Sequence[AnyRow], who: str) -> list[AnyRow]:
    """Who is meant: by the id, else by name or e-mail as given, else by the name's words."""
    by_id = [row for row in rows if row.contact == who.strip()]
    given = fold(who)
    as_given = [row for row in rows if given in (row.name_key, fold(row.email or ""))]
    said = sorted(words(who))
    return by_id or as_given or [row for row in rows if said and sorted(words(row.name)) == said]


def _told_apart(people: Sequence[AnyRow]) -> list[AnyRow]:
    """One row for each person, who may stand in several copies."""
    found: list[AnyRow] = []
    for row in people:
        if not any(same_person(row, each) for each in found):
            found.append(row)
    return found


def _must_be_one(people: Sequence[AnyRow], who: str) -> None:
    apart = _told_apart(people)
    if len(apart) > 1:
        raise BadInput(
            "ambiguous",
            f"{len(apart)} people answer to {plain(who)!r}: "
            + ", ".join(f"{row.contact} at {row.at or 'no organisation'}" for row in apart)
            + ".",
            "Give the id of the one to forget.",
            contacts=[row.contact for row in apart],
        )


def _unknown(who: str, unread: Sequence[str]) -> BadInput:
    more = f", but what {', '.join(unread)} holds cannot be told" if unread else ""
    return BadInput(
        "unknown_contact",
        f"Nobody called {plain(who)!r} is on file here{more}.",
        "Give the name as it was typed at check-out, the e-mail address, or the id.",
        unread=list(unread),
    )
