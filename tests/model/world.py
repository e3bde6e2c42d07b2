"""What a verb does to a college: the model that the real core is argued with.

Nothing here is shared with the program under test but the words: no ledger, no tables, no
transactions. A verb of `Say` has the name of the real verb; it changes the dictionary, or raises
`No` with the code of the refusal that the real one must give. To add a verb: write it here, and
add its row to `VERBS` in `sayings.py`.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from kitloan import Count, Gift, NewHolding
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.text.dates import DEFAULT_LOAN_DAYS, LONGEST_LOAN_DAYS, day_of
from model.state import Act, Kept, Loan, Name, No, Short, World, counted, no, past, same_name


class Say:
    """One request to a world: who says it, when, under which id. Its verbs are methods.

    What was done before is said to the world as it was; done once more, it must come to the same.
    `minted` is the tag that the real one drew for what is new, where it draws one.
    """

    def __init__(
        self,
        world: World,
        by: str,
        now: str,
        today: date,
        id: str,  # noqa: A002
        *,
        minted: str = "",
    ) -> None:
        self.w = world
        self.minted = minted
        self.by = by
        self.at = now
        self.today = today
        self.id = id
        self.then = past(world)
        self.known = world.people
        self.done = world.acts.get(id)
        if self.done is not None:
            was = self.done.then
            self.w = World(deepcopy(was.kept), dict(was.types), dict(was.borrowers), was.labels)
            self.w.acts, self.at, self.by = world.acts, self.done.at, self.done.by

    def say(self, verb: str, given: Mapping[str, Any]) -> object:
        """Say it; who says again what was done is refused only for other words."""
        try:
            return getattr(self, verb)(**given)
        except No:
            if self.done is not None:
                no("id_reused")
            raise

    # -- what the verbs are made of -------------------------------------------------------------

    def must_be_free_number(self, number: str | None, but: str = "") -> None:
        """No holding on the register has this asset number, save the one that is to have it."""
        if number is None or self.done is not None:
            return
        for tag, kept in self.w.kept.items():
            taken = kept.asset_number is not None and kept.state != "withdrawn" and tag != but
            if taken and same_name(str(kept.asset_number)) == same_name(number):
                no("number_taken")

    def find(self, text: str) -> str:
        """The tag of the holding that a text means."""
        bare = text.replace(" ", "").replace("-", "").upper()
        if bare in self.w.kept:
            return bare
        for tag, kept in self.w.kept.items():
            if bare in kept.second_tags:
                return tag
        bearing = [
            tag
            for tag, kept in self.w.kept.items()
            if kept.asset_number is not None and same_name(kept.asset_number) == same_name(text)
        ]
        here = [tag for tag in bearing if self.w.kept[tag].state != "withdrawn"]
        numbered = here or bearing
        if len(numbered) == 1:
            return numbered[0]
        if numbered:
            no("ambiguous")
        if bare in self.w.labels:
            no("unclaimed_tag")
        raise No("unknown_tag" if len(bare) == 13 and bare.startswith("KL") else "unknown_holding")

    def write(
        self,
        verb: str,
        said: object,
        before: Mapping[str, Kept | None],
        *,
        parts: int = 1,
        more: int = 0,
        desk: bool = True,
        answer: object = None,
        person: int | None = None,
    ) -> object:
        """Put a request on record: `parts` entries about holdings, `more` about other things."""
        after = past(self.w)
        if self.done is not None:
            was = self.done.after
            same = (verb, said, answer) == (self.done.verb, self.done.said, self.done.answer)
            if not same or (after.kept, set(after.types)) != (was.kept, set(was.types)):
                no("id_reused")
            return answer
        then = self.then
        self.w.acts[self.id] = Act(
            verb,
            said,
            self.by,
            then,
            after,
            self.at,
            person,
            desk,
            dict(before),
            parts,
            answer=answer,
        )
        self.w.entries += parts + more
        self.w.at = self.at
        return answer

    def copies(self, *tags: str) -> dict[str, Kept | None]:
        return {tag: deepcopy(self.w.kept.get(tag)) for tag in tags}

    def see(self, tag: str) -> None:
        self.w.kept[tag].seen = (self.at, self.by)

    def new_type(self, name: str) -> int:
        """Take in a kit type; how many entries that takes."""
        if same_name(name) in self.w.types:
            return 0
        self.define(name, ())
        return 1

    def define(self, name: str, contents: tuple[ContentsLine, ...]) -> None:
        key = same_name(name)
        self.w.types[key] = (name, contents)
        self.w.names.append(Name(self.id, "type", key, (name, contents)))

    def undo_names(self, request: str, *, alone: bool) -> int:
        """Take back the kit types and borrowers of a request that nothing rests on; how many."""
        left, gone = list(self.w.names), 0
        for name in [each for each in reversed(left) if each.request == request]:
            same = [each for each in left if (each.kind, each.key) == (name.kind, name.key)]
            if same[-1] is not name or (len(same) == 1 and self.is_used(name)):
                if alone:
                    no("built_upon")
                continue
            left.remove(name)
            gone += 1
        self.w.names = left
        self.w.types = {each.key: each.value for each in left if each.kind == "type"}
        here = {each.key for each in left if each.kind == "borrower"}
        self.w.borrowers = {key: name for key, name in self.w.borrowers.items() if key in here}
        return gone

    def is_used(self, name: Name) -> bool:
        if name.kind == "type":
            return any(kept.type == name.key for kept in self.w.kept.values())
        lent = any(loan.to == name.key for kept in self.w.kept.values() for loan in kept.loans)
        return lent or any(to == name.key for _, to in self.w.people)

    def parts_of(self, tag: str) -> dict[str, int]:
        """What a kit should hold; a stock of loose items has no contents."""
        kept = self.w.kept[tag]
        contents = self.w.types[kept.type][1] if kept.quantity == 1 else ()
        return {each.name: each.quantity for each in contents}

    def unusable(self, kept: Kept) -> bool:
        critical = {each.name for each in self.w.types[kept.type][1] if each.critical}
        return bool(critical & set(kept.short))

    def reckon(self, tag: str, count: Count | None) -> tuple[bool, Short]:
        """Whether the kit is uncounted after a count, and what is short then."""
        listed, short = self.parts_of(tag), dict(self.w.kept[tag].short)
        if count is None or not (count.whole or count.missing or count.broken):
            return bool(listed), short
        if count.whole and (count.missing or count.broken):
            no("whole_but_short")
        if count.whole:
            return False, {}
        if not listed:
            no("no_contents_list")
        for place, named in enumerate((count.missing, count.broken)):
            for name, number in (named or {}).items():
                if number < 0:
                    no("bad_quantity")
                if name not in listed:
                    no("no_such_component")
                pair = list(short.get(name, (0, 0)))
                pair[place] = number
                short[name] = (pair[0], pair[1])
        if any(sum(short.get(name, (0, 0))) > most for name, most in listed.items()):
            no("too_many_short")
        return False, {name: pair for name, pair in short.items() if any(pair)}

    def loans_meant(self, tag: str, to: str | None) -> list[Loan]:
        loans = self.w.kept[tag].out
        if not loans:
            self.must_be_here(self.w.kept[tag])
        if to is not None:
            loans = [each for each in loans if each.to == same_name(to)]
        if not loans:
            no("not_out")
        if len({each.to for each in loans}) > 1:
            no("which_loan")
        return loans

    def must_be_free(self, tag: str) -> None:
        if tag in self.w.kept or any(tag in each.second_tags for each in self.w.kept.values()):
            no("tag_taken")

    def must_be_due(self, due: date, went: date | None = None) -> None:
        went = went or self.today
        if self.done:
            return
        if due < went:
            no("due_in_the_past")
        if (due - went).days > LONGEST_LOAN_DAYS:
            no("due_too_late")

    def lent_to(self, tag: str, to: str) -> int:
        """A holding is with a borrower; how many entries taking in that borrower takes."""
        new = same_name(to) not in self.w.borrowers
        self.w.borrowers.setdefault(same_name(to), to)
        if new:
            self.w.names.append(Name(self.id, "borrower", same_name(to)))
        self.w.kept[tag].named.append(("borrower", same_name(to)))
        return new

    # -- the counter ----------------------------------------------------------------------------

    def check_out(
        self,
        tags: Sequence[str],
        to: str,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        quantity: int | None = None,
        override: str | None = None,
    ) -> object:
        found = list(dict.fromkeys(self.find(text) for text in tags)) or no("nothing_named")
        number = 1 if quantity is None else quantity
        said = (tuple(found), override)
        due = due_on or self.lent_until() or self.today + timedelta(days=DEFAULT_LOAN_DAYS)
        self.must_be_due(due)
        for tag in found:
            self.may_be_lent(self.w.kept[tag], number, override)
        before = self.copies(*found)
        new = sum(self.lent_to(tag, to) for tag in found)
        who = self.person(contact, to) if contact else None
        loans = [(f"{self.id}-{n}", tag) for n, tag in enumerate(found, start=1)]
        for loan, tag in loans:
            self.w.kept[tag].loans.append(Loan(loan, same_name(to), number, due, self.at))
            self.see(tag)
        said = (*said, who)
        return self.write(
            "check_out", said, before, parts=len(found), more=new, answer=loans, person=who
        )

    def lent_until(self) -> date | None:
        """The day that loans of this request are due on, when it was said before."""
        kept = self.done.after.kept if self.done else {}
        loans = [loan for each in kept.values() for loan in each.loans]
        return next((loan.due for loan in loans if loan.id == f"{self.id}-1"), None)

    def person(self, contact: str, to: str) -> int:
        """Who takes a loan; whom that was is not known any more when they were forgotten since."""
        if self.done and self.done.person and self.done.person not in self.known.values():
            return self.done.person
        met = self.known.get((contact, same_name(to)))
        if met is None:
            if self.done:
                no("id_reused")
            self.w.met += 1
            met = self.w.people[contact, same_name(to)] = self.w.met
        return met

    def may_be_lent(self, kept: Kept, number: int, override: str | None) -> None:
        self.must_be_here(kept)
        if number < 1:
            no("bad_quantity")
        if kept.quantity - kept.out_quantity < number:
            if kept.quantity > 1:
                no("not_enough")
            no("on_loan" if kept.out else "bad_quantity")
        if kept.repair:
            no("out_of_use")
        if kept.uncounted:
            no("uncounted")
        if self.unusable(kept) and not override:
            no("incomplete")

    def check_in(
        self,
        tags: Sequence[str],
        count: Count | None = None,
        *,
        quantity: int | None = None,
        from_: str | None = None,
        used: int = 0,
        lost: int = 0,
    ) -> object:
        found = list(dict.fromkeys(self.find(text) for text in tags)) or no("nothing_named")
        named = count is not None and (count.missing or count.broken)
        if len(found) > 1 and (named or quantity is not None):
            no("one_at_a_time")
        before, parts, answer = self.copies(*found), 0, []
        said = (tuple(found), counted(count), used, lost)
        if used or lost:
            if len(found) > 1:
                no("one_at_a_time")
            parts, answer = self.lose(found[0], count, quantity or 0, used + lost, from_)
        for tag in () if answer else found:
            loans = self.loans_meant(tag, from_)
            outstanding = sum(each.left for each in loans)
            back = outstanding if quantity is None else quantity
            if back < 1:
                no("bad_quantity")
            if back > outstanding:
                no("more_than_out")
            uncounted, short = self.reckon(tag, count)
            answer.append((tag, loans[0].id, back))
            for each in loans:
                now = min(back, each.left)
                each.back += now
                back -= now
                parts += now > 0
            self.w.kept[tag].uncounted, self.w.kept[tag].short = uncounted, short
            self.see(tag)
        return self.write("check_in", said, before, parts=parts, answer=answer)

    def lose(
        self, tag: str, count: Count | None, back: int, gone: int, from_: str | None
    ) -> tuple[int, list[tuple[str, str, int]]]:
        """Take some of a stock off a loan and off the register; the answer where none is back."""
        loans, kept = self.loans_meant(tag, from_), self.w.kept[tag]
        if kept.quantity == 1:
            no("bad_quantity")
        if back + gone > sum(each.left for each in loans):
            no("more_than_out")
        if gone >= kept.quantity:
            no("nothing_left")
        kept.quantity -= gone
        parts = 0
        for each in loans:
            now = min(gone, each.left)
            each.back += now
            gone -= now
            parts += now > 0
        if back:
            return parts, []
        if count is not None:
            if kept.quantity > 1 and (count.missing or count.broken) and not count.whole:
                no("no_contents_list")
            no("counted_and_not")
        return parts, [(tag, loans[0].id, 0)]

    def correct(
        self,
        tag: str,
        *,
        to: str | None = None,
        contact: str | None = None,
        due_on: date | None = None,
        quantity: int | None = None,
        from_: str | None = None,
    ) -> object:
        if (to, contact, due_on, quantity) == (None, None, None, None):
            no("usage")
        tag = self.find(tag)
        loan = self.loans_meant(tag, from_)[0]
        if quantity is not None and quantity < 1:
            no("bad_quantity")
        if quantity is not None and quantity <= loan.back:
            no("more_back")
        before = self.copies(tag)
        if due_on is not None:
            self.must_be_due(due_on, day_of(loan.out_at))
        more = self.lent_to(tag, to or self.w.borrowers[loan.to])
        loan.to = same_name(to) if to else loan.to
        who = self.person(contact, self.w.borrowers[loan.to]) if contact else None
        loan.due, loan.quantity = due_on or loan.due, quantity or loan.quantity
        said = (tag, loan.id, loan.to, who, loan.due, loan.quantity)
        answer = loan.id, loan.left, loan.due
        return self.write("correct", said, before, more=more, answer=answer, person=who)

    def pass_on(
        self,
        tag: str,
        to: str,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        quantity: int | None = None,
        from_: str | None = None,
    ) -> object:
        tag = self.find(tag)
        loan = self.loans_meant(tag, from_)[0]
        handed = loan.left if quantity is None else quantity
        if handed < 1:
            no("bad_quantity")
        if handed > loan.left:
            no("more_than_out")
        if same_name(to) == loan.to:
            no("same_borrower")
        if due_on is not None:
            self.must_be_due(due_on)
        before = self.copies(tag)
        more = self.lent_to(tag, to)
        who = self.person(contact, to) if contact else None
        loan.back += handed
        new = Loan(f"{self.id}-1", same_name(to), handed, due_on or loan.due, self.at)
        self.w.kept[tag].loans.append(new)
        answer = new.id, new.left, new.due
        said = (tag, loan.id, who, new.due)
        return self.write("pass_on", said, before, parts=2, more=more, answer=answer, person=who)

    def renew(self, tag: str, due_on: date, *, from_: str | None = None) -> object:
        tag = self.find(tag)
        self.must_be_due(due_on)
        loan = self.loans_meant(tag, from_)[0]
        before = self.copies(tag)
        loan.due = due_on
        return self.write("renew", (tag, due_on), before, answer=(loan.id, due_on))

    def count(self, tag: str, count: Count) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        if kept.out:
            no("on_loan")
        self.must_be_here(kept)
        before = self.copies(tag)
        kept.uncounted, kept.short = self.reckon(tag, count)
        self.see(tag)
        return self.write("count", (tag, counted(count)), before)

    def restock(self, tag: str, component: str, quantity: int) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        if quantity < 1:
            no("bad_quantity")
        self.must_be_here(kept)
        if not kept.short:
            no("nothing_short")
        if component not in kept.short:
            no("no_such_component")
        missing, broken = kept.short[component]
        if quantity > missing + broken:
            no("more_than_short")
        before = self.copies(tag)
        found = min(quantity, missing)
        kept.short[component] = (missing - found, broken - (quantity - found))
        if kept.short[component] == (0, 0):
            del kept.short[component]
        self.see(tag)
        return self.write("restock", (tag, component, quantity), before)

    def undo(self) -> object:
        if self.done is not None:
            if self.done.verb != "undo":
                no("id_reused")
            return self.done.answer
        acts = list(self.w.acts.values())
        mine = [
            n for n, a in enumerate(acts) if a.verb != "undo" and a.by == self.by and not a.undone
        ]
        last = mine[-1] if mine else -1
        if self.w.erased.get(self.by, -1) > last:
            no("cannot_undo")
        if last < 0:
            no("nothing_to_undo")
        act = acts[last]
        if not act.desk:
            no("cannot_undo")
        terms = self.terms_since(acts[last + 1 :], act)
        act.undone = True
        for tag, kept in act.before.items():
            if kept is not None and not self.names_are_known(kept):
                no("built_upon")
            if kept is None:
                del self.w.kept[tag]
            elif act.verb == "record_gift":
                self.w.kept[tag].given = kept.given
            else:
                self.w.kept[tag] = replace(deepcopy(kept), given=self.w.kept[tag].given)
        request = list(self.w.acts)[last]
        more = act.parts + terms + self.undo_names(request, alone=not act.before)
        self.write("undo", None, {}, more=more, parts=0, desk=False, answer=set(act.before))
        return set(act.before)

    def names_are_known(self, kept: Kept) -> bool:
        """Whether what was done to a holding still names kit types and borrowers on record."""
        known = {"type": self.w.types.keys(), "borrower": self.w.borrowers.keys()}
        return all(key in known[kind] for kind, key in kept.named)

    def terms_since(self, since: Sequence[Act], act: Act) -> int:
        """How many gifts recorded since go with an act; whatever else was done since stops it.

        Whose a holding is rests on no loan and no count.
        """
        gone = 0
        for later in since:
            if later.undone or not set(later.before) & set(act.before):
                continue
            if later.verb != "record_gift" or act.verb == "record_gift":
                no("built_upon")
            if any(act.before.get(tag, later) is None for tag in later.before):
                later.undone = True
                gone += 1
        return gone

    # -- the register ---------------------------------------------------------------------------

    def add(self, new: NewHolding) -> object:
        tag = str(new.tag)
        said = (same_name(new.type), new.quantity, tag)
        self.must_be_free(tag)
        if new.quantity < 1:
            no("bad_quantity")
        self.must_be_free_number(new.asset_number)
        more = self.new_type(new.type)
        self.w.kept[tag] = Kept(
            same_name(new.type),
            new.quantity,
            (self.at, self.by),
            asset_number=new.asset_number,
            serial=new.serial,
            location=new.location,
            given=new.gift or None,
            named=[("type", same_name(new.type))],
        )
        parts = 2 if new.gift else 1
        return self.write("add", said, {tag: None}, parts=parts, more=more, answer=tag)

    def amend(
        self,
        tag: str,
        *,
        type: str | None = None,  # noqa: A002
        quantity: int | None = None,
        asset_number: str | None = None,
        serial: str | None = None,
    ) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        held = kept.quantity if quantity is None else quantity
        if held < 1:
            no("bad_quantity")
        if held < kept.out_quantity:
            no("more_out")
        if asset_number and asset_number != kept.asset_number:
            self.must_be_free_number(asset_number, tag)
        before = self.copies(tag)
        more = self.new_type(type) if type else 0
        kept.type = same_name(type) if type else kept.type
        kept.named.append(("type", kept.type))
        kept.quantity = held
        if asset_number is not None:
            kept.asset_number = asset_number or None
        if serial is not None:
            kept.serial = serial or None
        became = (kept.type, kept.quantity, kept.asset_number or "", kept.serial or "")
        return self.write("amend", (tag, *became), before, more=more)

    def record_gift(self, tag: str, gift: Gift) -> object:
        tag = self.find(tag)
        before = self.copies(tag)
        self.w.kept[tag].given = gift
        self.write("record_gift", (tag, gift), before)
        return None

    def move(self, tag: str, location: str) -> object:
        tag = self.find(tag)
        self.must_be_here(self.w.kept[tag])
        before = self.copies(tag)
        self.w.kept[tag].location = location
        self.see(tag)
        self.write("move", (tag, location), before)
        return None

    def sight(self, tag: str) -> object:
        tag = self.find(tag)
        self.must_be_here(self.w.kept[tag])
        before = self.copies(tag)
        self.see(tag)
        self.write("sight", tag, before)
        return None

    def report_missing(self, tag: str, reason: str | None = None) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        self.must_be_here(kept)
        if kept.quantity > 1:
            no("several")
        before = self.copies(tag)
        for loan in kept.out[:1]:
            loan.back = loan.quantity
            kept.lost_on_loan = True
        kept.state = "missing"
        return self.write("report_missing", (tag, reason), before)

    def found(self, tag: str) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        if kept.state != "missing":
            no("not_missing")
        before = self.copies(tag)
        kept.state, kept.proposed = "held", None
        kept.uncounted = kept.uncounted or (kept.lost_on_loan and bool(self.parts_of(tag)))
        kept.lost_on_loan = False
        self.see(tag)
        return self.write("found", tag, before)

    def put_in_repair(self, tag: str, reason: str) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        self.must_be_here(kept)
        if kept.out:
            no("on_loan")
        before = self.copies(tag)
        kept.repair = True
        return self.write("put_in_repair", (tag, reason), before)

    def repaired(self, tag: str) -> object:
        tag = self.find(tag)
        if not self.w.kept[tag].repair:
            no("not_in_repair")
        before = self.copies(tag)
        self.w.kept[tag].repair = False
        return self.write("repaired", tag, before)

    def split(self, tag: str, quantity: int, location: str | None = None) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        if quantity < 1:
            no("bad_quantity")
        self.must_be_here(kept)
        if kept.repair:
            no("out_of_use")
        if quantity >= kept.quantity:
            no("bad_quantity")
        if quantity > kept.quantity - kept.out_quantity:
            no("not_enough")
        new = str(self.done.answer if self.done else self.minted)
        before = self.copies(tag) | {new: None}
        kept.quantity -= quantity
        self.w.kept[new] = Kept(
            kept.type,
            quantity,
            (self.at, self.by),
            location=location or kept.location,
            given=kept.given,
            named=[("type", kept.type)],
        )
        parts = 3 if kept.given is not None else 2
        return self.write("split", (tag, quantity, location), before, parts=parts, answer=new)

    def propose_withdrawal(
        self, tag: str, reason: str, *, donor_agreement: str | None = None
    ) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        self.may_leave(kept, donor_agreement)
        before = self.copies(tag)
        kept.proposed = (self.by, donor_agreement)
        return self.write("propose_withdrawal", (tag, reason), before)

    def withdraw(self, tag: str) -> object:
        tag = self.find(tag)
        kept = self.w.kept[tag]
        self.may_leave(kept, "said later")
        by, donor_agreement = kept.proposed or no("not_proposed")
        self.may_leave(kept, donor_agreement)
        if by == self.by:
            no("same_person")
        before = self.copies(tag)
        kept.state, kept.proposed = "withdrawn", None
        return self.write("withdraw", tag, before)

    def may_leave(self, kept: Kept, donor_agreement: str | None) -> None:
        if kept.out:
            no("on_loan")
        if kept.state != "missing":
            self.must_be_here(kept)
        if kept.gift.title in ("on_loan_from_donor", "held_for_esp") and not donor_agreement:
            no("donor_must_agree")

    def must_be_here(self, kept: Kept) -> None:
        if kept.state != "held":
            no(kept.state)

    def claim_label(self, tag: str, new: str) -> object:
        tag = self.find(tag)
        self.must_be_free(new)
        before = self.copies(tag)
        self.w.kept[tag].second_tags.add(new)
        self.see(tag)
        self.write("claim_label", (tag, new), before)
        return None

    def define_types(self, types: Sequence[KitTypeDefined]) -> object:
        said = tuple(types)
        for each in types:
            self.define(each.name, each.contents)
        if types or self.done:
            self.write("define_types", said, {}, parts=0, more=len(types))
        return None

    def labels_printed(self, tags: Sequence[str]) -> object:
        self.w.labels |= set(tags)
        self.write("labels_printed", None, {}, parts=0, more=1, desk=False)
        return None

    # -- people, who are in no ledger -----------------------------------------------------------

    def erase(self, who: str) -> object:
        named = [each for each in self.w.people if same_name(each[0]) == same_name(who)]
        if not named:
            no("unknown_contact")
        if len(named) > 1:
            no("ambiguous")
        for each in named:
            del self.w.people[each]
        self.w.erased[self.by] = len(self.w.acts)
        return len(named)
