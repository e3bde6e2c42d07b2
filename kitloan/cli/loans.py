"""`kitloan checkout`, `renew` and `undo`."""

import sys
from collections.abc import Callable, Sequence
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import at_terminal, columns, print_json, print_text
from kitloan.contents import (
    Count,
    EnteredShortage,
    Part,
    count_of,
    parse_exception,
    parse_exceptions,
    read_exceptions,
    reckon,
    recorded_shortages,
)
from kitloan.errors import BadInput, Refused
from kitloan.loans.checkouts import Lent
from kitloan.loans.corrections import Corrected
from kitloan.loans.returns import Returned
from kitloan.text.dates import parse_due, parse_past, uk, uk_instant
from kitloan.text.tags import grouped
from kitloan.values import ShortageLine, as_json, plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.history.undo import Undone


T = TypeVar("T")

NEW = click.option("--new", is_flag=True, help="Take a name that is nearly a known one as new.")


def take_near(app: App, name: str, act: Callable[[str, bool], T], *, new: bool) -> T:
    """Do what a name is given for; one that is nearly a known one is asked about at a terminal.

    Args:
        app: the run.
        name: as it was given.
        act: does it with a name, and with whether that may be new though it is nearly known.
        new: whether --new was given.
    """
    try:
        return act(name, new)
    except Refused as refusal:
        if refusal.code != "nearly_known" or not can_ask(app):
            raise
        near = [str(each) for each in refusal.details["near"]]
        print_text(refusal.message)
        for number, each in enumerate(near, start=1):
            print_text(f"  {number}  {each}")
        answer = click.prompt("Its number, or new", prompt_suffix=": ").strip().lower()
        if answer == "new":
            return act(name, True)
        if answer.isdecimal() and 1 <= int(answer) <= len(near):
            return act(near[int(answer) - 1], False)
        raise


def day_given(opened: "College", on: str | None) -> date | None:
    """The day that `--on` names; None when it was not given.

    Raises:
        BadInput: `bad_date`; `in_future`.
    """
    return None if on is None else parse_past(on, opened.session.today)


ON = click.option("--on", metavar="DATE", help="The day it happened, when it was not today.")


@command("checkout", "kitloan checkout AC0001 AC0002 --to 'Kilmarnock Academy' --due 14d")
@click.argument("tags", nargs=-1, required=True)
@click.option("--to", metavar="ORGANISATION", help="The school or partner.")
@click.option("--booking", metavar="ID", help="The booking that it is for; then no --to is needed.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@click.option("--due", metavar="14d|DATE", help="When it is due; else by policy, or 14 days.")
@ON
@click.option("--quantity", type=int, help="How many, of loose stock; 1 when not given.")
@click.option("--for", "purpose", metavar="TEXT", help="What for; kept apart with the contact.")
@click.option("--override", metavar="REASON", help="Lend although a rule is against it.")
@NEW
@pass_app
def checkout(
    app: App,
    tags: tuple[str, ...],
    to: str | None,
    booking: str | None,
    contact: str | None,
    due: str | None,
    on: str | None,
    quantity: int | None,
    purpose: str | None,
    override: str | None,
    new: bool,
) -> None:
    """Lend holdings: all of them, or none.

    TAGS are tags or asset numbers. A borrower not met before is taken in; names that are nearly
    the same are shown.
    """
    if to is None and booking is None:
        raise BadInput("usage", "Missing option '--to'.", "Name the school: --to 'SCHOOL'")
    with app.open() as opened:
        went = day_given(opened, on)
        due_on = None if due is None else parse_due(due, went or opened.session.today)

        def lend(whom: str, new_too: bool) -> list[Lent]:
            return opened.loans.check_out(
                tags,
                None if to is None else whom,
                booking=booking,
                contact=contact,
                due_on=due_on,
                on=went,
                quantity=quantity,
                purpose=purpose,
                override=override,
                new_too=new_too,
            )

        lent = take_near(app, to or "", lend, new=new)
    first = lent[0]
    if app.json:
        loans = [
            {
                "id": each.id,
                "tag": each.tag,
                "to": each.to,
                "due_on": each.due_on.isoformat(),
                "quantity": each.quantity,
            }
            for each in lent
        ]
        print_json(
            {
                "loans": loans,
                "new_organisation": first.new_organisation,
                "nearly": list(first.nearly),
            }
        )
        return
    for each in lent:
        many = f"{each.quantity} of " if each.quantity > 1 else ""
        print_text(
            f"> OUT  {many}{each.type} {grouped(each.tag)} to {each.to}, due {uk(each.due_on)}"
        )
    if first.new_organisation:
        print_text(f"  {first.to} is a new borrower.")
    if first.nearly:
        print_text(
            f"  Nearly the same name: {', '.join(first.nearly)}. If it is one of those, "
            "run kitloan undo and lend again."
        )


@command("correct", "kitloan correct AC0001 --to 'Belmont Academy' --on friday")
@click.argument("tag")
@click.option("--to", metavar="ORGANISATION", help="Whom it went to.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@click.option("--due", metavar="14d|DATE", help="When it is due; days count from the day it went.")
@click.option("--on", metavar="DATE", help="The day it went.")
@click.option("--quantity", type=int, help="How many went, of loose stock.")
@click.option("--from", "from_", metavar="ORGANISATION", help="Whose loan, of loose stock.")
@NEW
@pass_app
def correct(
    app: App,
    tag: str,
    to: str | None,
    contact: str | None,
    due: str | None,
    on: str | None,
    quantity: int | None,
    from_: str | None,
    new: bool,
) -> None:
    """Correct the facts of an open loan. It is no return: nobody counted, and nothing came back.

    What is not named stays. The history shows both: what was recorded, and the correction.
    """
    with app.open() as opened:
        went = day_given(opened, on)
        shown = opened.find.holding(tag).loan if due else None
        counts_from = went or (shown.on if shown else None) or opened.session.today
        due_on = None if due is None else parse_due(due, counts_from)

        def fix(whom: str, new_too: bool) -> Corrected:
            return opened.loans.correct(
                tag,
                to=whom or None,
                contact=contact,
                due_on=due_on,
                on=went,
                quantity=quantity,
                from_=from_,
                new_too=new_too,
            )

        now = take_near(app, to or "", fix, new=new)
    _show_corrected(app, now, "CORRECTED")


@command("pass-on", "kitloan pass-on AC0001 --to 'Belmont Academy'")
@click.argument("tag")
@click.option("--to", required=True, metavar="ORGANISATION", help="Who has it now.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@click.option("--due", metavar="14d|DATE", help="When it is due; as before when not given.")
@click.option("--quantity", type=int, help="How many, of loose stock; all if not given.")
@click.option("--from", "from_", metavar="ORGANISATION", help="Whose loan, of loose stock.")
@ON
@NEW
@pass_app
def pass_on(
    app: App,
    tag: str,
    to: str,
    contact: str | None,
    due: str | None,
    quantity: int | None,
    from_: str | None,
    on: str | None,
    new: bool,
) -> None:
    """One borrower handed it straight on to another. Nobody here saw or counted it."""
    with app.open() as opened:
        day = day_given(opened, on)
        due_on = None if due is None else parse_due(due, day or opened.session.today)

        def hand_on(whom: str, new_too: bool) -> Corrected:
            return opened.loans.pass_on(
                tag,
                whom,
                contact=contact,
                due_on=due_on,
                quantity=quantity,
                from_=from_,
                on=day,
                new_too=new_too,
            )

        now = take_near(app, to, hand_on, new=new)
    _show_corrected(app, now, "PASSED ON")


def _show_corrected(app: App, now: Corrected, word: str) -> None:
    if app.json:
        loan = as_json(now)
        print_json({"loan": loan})
        return
    many = f"{now.quantity} of " if now.quantity > 1 else ""
    since = f", out since {uk(now.on)}" if now.on else ""
    due = f", due {uk(now.due_on)}" if now.due_on else ""
    print_text(f"> {word}  {many}{now.type} {grouped(now.tag)} with {now.to}{since}{due}")
    if now.was_with != now.to:
        print_text(f"  Before: {now.was_with}.")
    if now.new_organisation:
        print_text(f"  {now.to} is a new borrower.")


@command("renew", "kitloan renew AC0001 --due 7d")
@click.argument("tag")
@click.option("--due", required=True, metavar="14d|DATE", help="The new day, counted from today.")
@click.option("--from", "from_", metavar="ORGANISATION", help="Whose loan, of loose stock.")
@click.option("--override", metavar="REASON", help="Renew although a booking needs it.")
@pass_app
def renew(app: App, tag: str, due: str, from_: str | None, override: str | None) -> None:
    """Make a loan due on another day."""
    with app.open() as opened:
        loan, to, due_on = opened.loans.renew(
            tag, parse_due(due, opened.session.today), from_=from_, override=override
        )
        others = [each for each in opened.find.loans(to=to, of=tag).items if each.id != loan]
    if app.json:
        renewed = {"id": loan, "to": to, "due_on": due_on.isoformat()}
        print_json({"loan": renewed, "not_renewed": [each.id for each in others]})
        return
    print_text(f"Renewed: with {to} until {uk(due_on)}.")
    if others:
        print_text(
            f"  {to} has some on {plural(len(others), 'other loan')}, which are as they were; each "
            "time it is given, the one that is due first is renewed."
        )


@command("undo", "kitloan undo AC0001")
@click.argument("tag", required=False)
@click.option("--list", "list_", is_flag=True, help="What you did that is not undone.")
@click.option("--redo", is_flag=True, help="Do again what you undid last.")
@click.option("--yes", is_flag=True, help="Undo an action of an earlier day without being asked.")
@pass_app
def undo(app: App, tag: str | None, list_: bool, redo: bool, yes: bool) -> None:
    """Undo your latest action in this college that is not undone yet.

    With a TAG, what was done last to that holding. It stays on record, and so does the undoing.
    Undo again for the action before. What cannot be undone is never passed over: it is named.
    """
    if list_ + redo + bool(tag) > 1:
        raise BadInput(
            "usage", "One of TAG, --list and --redo at a time.", "See: kitloan undo --help"
        )
    with app.open() as opened:
        if list_:
            _list_actions(app, opened.actions.list(), opened.session.college)
            return
        done = opened.actions.redo() if redo else _undo(app, opened, tag, yes=yes)
    if app.json:
        print_json(
            {
                "redone" if redo else "undone": {
                    "id": done.id,
                    "kind": done.kind,
                    "at": done.at,
                    "tags": list(done.tags),
                    "summaries": list(done.summaries),
                }
            }
        )
        return
    about = f", for {plural(len(done.tags), 'holding')}" if done.tags else ""
    print_text(f"{'Done again' if redo else 'Undone'}, of {uk_instant(done.at)}{about}:")
    for summary, of in zip_longest(done.summaries, done.tags):
        print_text(f"  {grouped(of)}  {summary}" if of else f"  {summary}")


def _undo(app: App, opened: "College", tag: str | None, *, yes: bool) -> "Undone":
    """Undo; an action of an earlier day when somebody there answers yes."""
    try:
        return opened.actions.undo(tag, earlier_day=yes)
    except Refused as refusal:
        if refusal.code != "needs_yes" or not can_ask(app):
            raise
        print_text(refusal.message)
        if not click.confirm("Undo it?"):
            raise
    return opened.actions.undo(tag)


def _list_actions(app: App, found: "list[Undone]", college: str) -> None:
    if app.json:
        items = [
            {
                "id": each.id,
                "at": each.at,
                "kind": each.kind,
                "tags": list(each.tags),
                "summaries": list(each.summaries),
                "undoable": not each.why,
                "why": each.why or None,
                "code": each.code or None,
                "college": college,
            }
            for each in found
        ]
        print_json({"items": items, "total": len(items), "next": None})
        return
    if not found:
        print_text("You have done nothing here that is not undone.")
        return
    print_text(
        columns(
            [
                [
                    uk_instant(each.at),
                    grouped(each.tags[0]) if len(each.tags) == 1 else "",
                    "; ".join(dict.fromkeys(each.summaries)),
                    f"cannot be undone: {each.why}" if each.why else "",
                ]
                for each in found
            ]
        )
    )


def can_ask(app: App) -> bool:
    """Whether somebody is there to answer."""
    return not app.json and at_terminal(sys.stdin) and at_terminal(sys.stdout)


def ask(kit: str, parts: Sequence[Part]) -> Count | None:
    """What a person enters of a kit's contents; None when there is no list, or they count later."""
    if not parts:
        return None
    before = recorded_shortages(parts)
    print_text(kit)
    print_text(columns([_line(part) for part in parts]))
    print_text("Enter: as it left, nothing more is short" if before else "Enter: all there")
    print_text("or what is not: wheel 2, panel 1 broken;  whole: everything is there;  later")
    entered: list[EnteredShortage] = []
    while typed := click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip():
        if typed.lower() in ("whole", "later"):
            if not any(each.number for each in entered):
                return Count(whole=True) if typed.lower() == "whole" else None
            print_text("  You have entered what is short: Enter records it.")
            continue
        try:
            new = read_exceptions(typed, parts)
            reckon(parts, count_of([*entered, *new]))
        except BadInput as problem:
            print_text(f"  {problem.message} {problem.hint}")
            continue
        entered += new
        for each in new:
            if each.number or each.bag is None:
                print_text(f"  {each}")
    return count_of([*before, *entered])


def _line(part: Part) -> list[str]:
    short = part.missing + part.broken
    return [
        f"  {part.bag or ''}",
        f"{part.quantity:>4}",
        part.name + (" *" if part.critical else ""),
        f"was {part.quantity - short}" if short else "",
    ]


EXCEPTIONS = (
    click.option("--whole", is_flag=True, help="Counted: everything on the list is there."),
    click.option(
        "--missing", multiple=True, metavar="'Wheel=2'", help="Counted: so many are not there."
    ),
    click.option(
        "--broken", multiple=True, metavar="'Panel=1'", help="Counted: so many are broken."
    ),
)


@command("checkin", "kitloan checkin AC0001 --missing 'Wheel=2'")
@click.argument("tags", nargs=-1, required=True)
@EXCEPTIONS[0]
@click.option("--uncounted", is_flag=True, help="Not counted yet; not lent until it is.")
@EXCEPTIONS[1]
@EXCEPTIONS[2]
@click.option("--note", metavar="TEXT", help="A remark; kept apart with the contact.")
@click.option("--quantity", type=int, help="How many came back, of loose stock; all if not given.")
@click.option("--used", type=int, default=0, metavar="N", help="Of loose stock: used up.")
@click.option("--lost", type=int, default=0, metavar="N", help="Of loose stock: lost by them.")
@click.option("--from", "from_", metavar="ORGANISATION", help="Whose loan, of loose stock.")
@ON
@pass_app
def checkin(
    app: App,
    tags: tuple[str, ...],
    whole: bool,
    uncounted: bool,
    missing: tuple[str, ...],
    broken: tuple[str, ...],
    note: str | None,
    quantity: int | None,
    used: int,
    lost: int,
    from_: str | None,
    on: str | None,
) -> None:
    """Take holdings back, with the count of their contents.

    Enter only what is not right: what you do not name stays as it was known before. On a terminal a
    kit with a contents list is asked about; elsewhere, with no answer, it is back but uncounted.
    """
    count = count_said(whole, missing, broken)
    if uncounted and count is not None:
        raise BadInput(
            "counted_and_not",
            "A kit cannot be counted and uncounted at once.",
            "Leave out --uncounted, or what the count found.",
        )
    alone = quantity is None or len(tags) == 1
    asks = count is None and not (uncounted or used or lost) and alone and can_ask(app)
    with app.open() as opened:
        came = day_given(opened, on)
        groups = _counted(opened, tags) if asks else [(tags, count)]
        back = [
            each
            for some, found in groups
            for each in opened.loans.check_in(
                some,
                found,
                quantity=quantity,
                note=note,
                from_=from_,
                on=came,
                used=used,
                lost=lost,
            )
        ]
        served = opened.wants.servable(tuple(each.type for each in back))
        unused = opened.engagements.lack_use([loan for each in back for loan, _ in each.loans])
    if app.json:
        loans = [loan for each in back for loan in _as_json(each)]
        print_json({"loans": loans, "could_have": as_json(served)})
        return
    for each in back:
        print_text(_told(each))
    for want in served:
        print_text(f"  {want.to} is waiting for {want.quantity} {want.type} ({want.id}).")
    if used or lost:
        print_text(f"  Used up: {used}. Lost by the borrower: {lost}. Held now that many fewer.")
    if unused:
        print_text(
            f"  Record its use: kitloan engagement add --loan {unused[0]} --date DATE "
            "--learners BAND=N"
            if len(unused) == 1
            else "  List them to record their use: kitloan engagements --missing"
        )


def _counted(opened: "College", tags: Sequence[str]) -> list[tuple[Sequence[str], Count | None]]:
    """Each kit with what a person enters of it; nothing is asked when one of them is not out."""
    held = {each.tag: each for each in map(opened.find.holding, tags)}
    if not all(each.out_quantity for each in held.values()):
        return [(tags, None)]
    return [
        ([tag], ask(f"{each.type} {grouped(tag)}", opened.loans.contents(tag)))
        for tag, each in held.items()
    ]


def _as_json(each: Returned) -> list[dict[str, object]]:
    """Each loan that it came back on: a stock may have been lent to one borrower in several."""
    return [
        {
            "id": loan,
            "tag": each.tag,
            "to": each.to,
            "quantity": quantity,
            "counted": each.counted,
            "shortages": as_json(each.shortages),
        }
        for loan, quantity in each.loans
    ]


def _told(each: Returned) -> str:
    many = f"{each.quantity} of " if each.quantity > 1 or each.still_out else ""
    words = {"whole": "IN, WHOLE", "uncounted": "IN, TO BE COUNTED"}.get(each.counted, "IN")
    symbol = "=" if each.counted != "uncounted" else "?"
    if each.shortages:
        symbol, words = "%", words if each.counted == "uncounted" else "IN, SHORT"
    if not each.quantity and (each.used or each.lost):
        symbol, words, many = "-", "GONE", f"{each.used + each.lost} of "
    on = f", on {len(each.loans)} loans" if len(each.loans) > 1 else ""
    lines = [f"{symbol} {words}  {many}{each.type} {grouped(each.tag)} from {each.to}{on}"]
    lines += [f"  {line}" for line in _short(each.shortages)]
    if each.found:
        lines.append(f"  No longer short: {', '.join(each.found)}")
    if each.still_out:
        lines.append(f"  {each.to} still has {each.still_out}.")
    return "\n".join(lines)


def _short(shortages: tuple[ShortageLine, ...]) -> list[str]:
    return [str(line) for line in shortages]


def count_said(whole: bool, missing: tuple[str, ...], broken: tuple[str, ...]) -> Count | None:
    """What `EXCEPTIONS` mean for a kit's contents; None when there are none."""
    if not (whole or missing or broken):
        return None
    return Count(whole, parse_exceptions(missing), parse_exceptions(broken))


@command("count", "kitloan count AC0001 --whole")
@click.argument("tag")
@EXCEPTIONS[0]
@EXCEPTIONS[1]
@EXCEPTIONS[2]
@ON
@pass_app
def count(
    app: App,
    tag: str,
    whole: bool,
    missing: tuple[str, ...],
    broken: tuple[str, ...],
    on: str | None,
) -> None:
    """Count the contents of a kit that is here."""
    found = count_said(whole, missing, broken)
    with app.open() as opened:
        if found is None and can_ask(app):
            held = opened.find.holding(tag)
            # One that is not here is refused for that, and not after it was counted.
            away = held.out_quantity or held.status in ("missing", "in_transit", "withdrawn")
            found = (Count(whole=True) if away else None) or ask(
                f"{held.type} {grouped(held.tag)}", opened.loans.contents(tag)
            )
        if found is None:
            raise BadInput(
                "no_count",
                "What did the count find?",
                "Give --whole, or what is not right: --missing 'Wheel=2' --broken 'Panel=1'",
            )
        bare, short = opened.loans.count(tag, found, on=day_given(opened, on))
    _say_short(app, bare, short)


@command("restock", "kitloan restock AC0001 'Wheel=2'")
@click.argument("tag")
@click.argument("what", metavar="'COMPONENT=N'")
@pass_app
def restock(app: App, tag: str, what: str) -> None:
    """Make a shortage good: so many of a component were put back."""
    component, quantity = parse_exception(what)
    with app.open() as opened:
        bare, short = opened.loans.restock(tag, component, quantity)
    _say_short(app, bare, short)


def _say_short(app: App, tag: str, short: tuple[ShortageLine, ...]) -> None:
    if app.json:
        print_json({"tag": tag, "shortages": as_json(short)})
        return
    print_text(f"{grouped(tag)}  " + ("% SHORT" if short else "= WHOLE"))
    for line in _short(short):
        print_text(f"  {line}")
