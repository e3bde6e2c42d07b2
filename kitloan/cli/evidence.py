"""`kitloan schools`, `engagement`, `engagements` and `evaluation`."""

import sys
from pathlib import Path
from typing import Any, get_args

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.find import AFTER, LIMIT, show_more
from kitloan.cli.loans import NEW, take_near
from kitloan.cli.output import columns, print_json, print_notice, print_text
from kitloan.cli.teachers import MAIL, html_out, write_page
from kitloan.errors import BadInput
from kitloan.evidence.bands import parse_learners
from kitloan.evidence.engagements import (
    EngagementChange,
    EngagementLine,
    EngagementTaken,
    NewEngagement,
)
from kitloan.evidence.evaluations import Answers, EvaluationLine, parse_confidence
from kitloan.storage.files import insist_on_file
from kitloan.text.dates import parse_past, uk
from kitloan.text.fields import EngagementKind, Purpose, Source
from kitloan.text.scans import FORM
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural

_MOST_TEXT = 500_000
_MOST_PROBLEMS = 20


@click.group("schools", epilog="Example: kitloan schools find 'kilm ac'")
def schools() -> None:
    """The list of schools, and which school a borrower is."""


@command("import", "kitloan schools import 'School contact details.xlsx'", group=schools)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--vintage", metavar="DATE", help="What it is of, where the file does not show it.")
@pass_app
def import_(app: App, file: Path, vintage: str | None) -> None:
    """Read a list of schools as the Scottish Government publishes it.

    It is read by its headings, wherever the line of them is. Each vintage is kept. A school that a
    newer list does not have is no longer listed, and stays.
    """
    with app.open() as opened:
        taken = opened.schools.take_in(file, vintage)
    if app.json:
        document = as_json(taken)
        document["problems"] = [each.as_json() for each in taken.problems]
        print_json(document)
        return
    print_text(
        f"{plural(taken.schools, 'school')} of {taken.vintage}: {taken.added:,} new, "
        f"{taken.unlisted:,} of earlier lists not listed any more."
    )
    print_text(columns([[f"  {head}", field] for head, field in taken.columns.items()]))
    for each in taken.problems[:_MOST_PROBLEMS]:
        where = f"Row {each.row}, {each.column}: " if each.row is not None else ""
        print_text(f"! {where}{each.value} {each.problem}.")
    if (more := len(taken.problems) - _MOST_PROBLEMS) > 0:
        print_text(f"! {more:,} more values were left out; --json lists all.")


@command("find", "kitloan schools find 'kilm ac'", group=schools)
@click.argument("text", default="")
@AFTER
@LIMIT
@pass_app
def find(app: App, text: str, after: str | None, limit: int) -> None:
    """Find schools by the first letters of the words of their names."""
    with app.open() as opened:
        page = opened.schools.find(text, after, limit)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text(
            f"No school on the lists matches {text!r}."
            if text
            else "No list of schools was read yet: kitloan schools import FILE"
        )
        return
    rows = [
        [
            each.schuid,
            each.name,
            each.council or "",
            f"roll {each.roll:,}" if each.roll is not None else "",
            "" if each.listed else f"not listed; last in {each.vintage}",
        ]
        for each in page.items
    ]
    print_text(columns(rows))
    show_more(len(page.items), page.total, page.next)


@command("link", "kitloan schools link 'Kilmarnock Academy' 8212627S", group=schools)
@click.argument("organisation")
@click.argument("schuid")
@NEW
@pass_app
def link(app: App, organisation: str, schuid: str, new: bool) -> None:
    """Record which school a borrower is. A later link replaces it."""
    with app.open() as opened:
        linked = take_near(
            app,
            organisation,
            lambda name, new_too: opened.schools.link(name, schuid, new_too=new_too),
            new=new,
        )
    if app.json:
        print_json(as_json(linked))
        return
    print_text(
        f"{linked.organisation} is {linked.name or 'a school outside the lists'} ({linked.schuid})."
    )


@command("unlinked", "kitloan schools unlinked", group=schools)
@AFTER
@LIMIT
@pass_app
def unlinked(app: App, after: str | None, limit: int) -> None:
    """List borrowers that are linked to no school, and which schools they may be."""
    with app.open() as opened:
        page = opened.schools.unlinked(after, limit)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text("Every borrower is linked to a school.")
        return
    for each in page.items:
        print_text(each.organisation)
        if not each.proposals:
            print_text("  No school on the lists has this name.")
        for school in each.proposals:
            print_text(f"  {school.schuid}  {school.name}, {school.council or 'no council'}")
    print_text("Confirm each: kitloan schools link ORGANISATION SCHUID")
    show_more(len(page.items), page.total, page.next)


@click.group(
    "engagement",
    epilog="Example: kitloan engagement add --tag AC0001 --date 23/11/2026 "
    "--learners p5-p7=27 --hours 4.5",
)
def engagement() -> None:
    """What a kit was used for: one record for each use by one group."""


_NUMBERS = (
    click.option("--sessions", type=int, metavar="N", help="How many sessions; 1 if not given."),
    click.option("--hours", type=float, metavar="H", help="All sessions together, to the half."),
    click.option(
        "--learners",
        multiple=True,
        metavar="BAND=N",
        help="Learners of a band: early p2-p4 p5-p7 s1-s3 s4-s6 asn college adult mixed. Left out, "
        "they are unknown.",
    ),
    click.option(
        "--girls",
        type=int,
        metavar="N",
        help="Of a group of the size of the policy may_split, or larger.",
    ),
    click.option(
        "--boys",
        type=int,
        metavar="N",
        help="Of a group of the size of the policy may_split, or larger.",
    ),
    click.option("--staff", type=int, metavar="N", help="Teachers and other staff."),
    click.option("--programme", metavar="P", help="The programme that it was part of."),
    click.option(
        "--not-used",
        metavar="REASON",
        help="It was not used: time, parts, guide, staff, other, or in words.",
    ),
)


def _numbers(function: Any) -> Any:
    for option in reversed(_NUMBERS):
        function = option(function)
    return function


@command(
    "add",
    "kitloan engagement add --tag AC0001 --date 23/11/2026 --learners p5-p7=27 --hours 4.5",
    group=engagement,
)
@click.option("--loan", metavar="ID", help="The loan on which it was used.")
@click.option("--tag", metavar="TAG", help="The holding; its loan on that day is meant.")
@click.option("--event", metavar="ID", help="The event that it was part of.")
@click.option("--org", metavar="ORGANISATION", help="Who used it; the borrower if not given.")
@click.option("--schuid", metavar="SCHUID", help="The school; the borrower's if not given.")
@click.option("--date", "day", required=True, metavar="DATE", help="The day.")
@_numbers
@click.option("--employers", type=int, metavar="N", help="Employers who took part.")
@click.option("--volunteers", type=int, metavar="N", help="Volunteers who took part.")
@click.option("--purpose", type=click.Choice(get_args(Purpose)), help="What it was for.")
@click.option("--theme", "themes", multiple=True, metavar="T", help="A theme; may be repeated.")
@click.option("--kind", type=click.Choice(get_args(EngagementKind)), help="What kind it was.")
@click.option("--partly", is_flag=True, help="Only part of it was used.")
@click.option(
    "--source",
    type=click.Choice(get_args(Source)),
    default="teacher",
    help="Who has the numbers: counted, or estimated by the teacher (if not given) or organiser.",
)
@NEW
@pass_app
def add(
    app: App,
    /,
    day: str,
    learners: tuple[str, ...],
    new: bool,
    org: str | None,
    **given: Any,
) -> None:
    """Record one use by one group, on a loan, a kit, an event or none."""
    counts = parse_learners(learners) if learners and learners != ("unknown",) else None
    with app.open() as opened:
        on = parse_past(day, opened.session.today)

        def act(name: str | None, new_too: bool) -> EngagementTaken:
            wanted = NewEngagement(on=on, learners=counts, organisation=name, **given)
            return opened.engagements.record(wanted, new_too=new_too)

        taken = act(None, False) if org is None else take_near(app, org, act, new=new)
    _show(app, taken, "Recorded")


@command("correct", "kitloan engagement correct e41f0c --learners p5-p7=26", group=engagement)
@click.argument("id_", metavar="ID")
@click.option("--date", "day", metavar="DATE", help="The day.")
@_numbers
@click.option("--unknown", is_flag=True, help="The learners are not known after all.")
@click.option("--source", type=click.Choice(get_args(Source)), help="Who has the numbers.")
@pass_app
def correct(
    app: App, /, id_: str, day: str | None, learners: tuple[str, ...], **given: Any
) -> None:
    """Correct an engagement. What is not given stays as it is."""
    counts = parse_learners(learners) if learners else None
    with app.open() as opened:
        on = None if day is None else parse_past(day, opened.session.today)
        change = EngagementChange(on=on, learners=counts, **given)
        taken = opened.engagements.correct(id_, change)
    _show(app, taken, "Corrected")


@command("withdraw", "kitloan engagement withdraw e41f0c", group=engagement)
@click.argument("id_", metavar="ID")
@pass_app
def withdraw(app: App, id_: str) -> None:
    """Take an engagement out of every figure: it did not happen, or was recorded twice."""
    with app.open() as opened:
        line = opened.engagements.withdraw(id_)
    if app.json:
        print_json({"id": line.id, "withdrawn": as_json(line)})
        return
    print_text(f"Withdrawn: {_words(line)}")


def _show(app: App, taken: EngagementTaken, what: str) -> None:
    if app.json:
        document = {"id": taken.engagement.id, "engagement": as_json(taken.engagement)}
        print_json(document | {"warnings": as_json(taken.warnings)})
        return
    print_text(f"{what} as {taken.engagement.id}: {_words(taken.engagement)}")
    for each in taken.warnings:
        print_notice(each.message)


def _words(line: EngagementLine) -> str:
    if line.used == "no":
        return f"{line.org or 'an event'}, {uk(line.date)}, not used ({line.not_used})"
    known = line.learners is not None
    parts = [
        line.org or "an event",
        uk(line.date),
        ", ".join(f"{many} {name}" for name, many in (line.learners or {}).items())
        if known
        else "learners not known",
        plural(line.sessions, "session"),
        f"{line.hours:g} hours" if line.hours is not None else "",
    ]
    return ", ".join(part for part in parts if part)


@command("engagements", "kitloan engagements --to 'Kilmarnock Academy'")
@click.option("--to", metavar="ORGANISATION", help="Only those of this organisation.")
@click.option("--missing", is_flag=True, help="Loans that came back and have none: to ask for.")
@AFTER
@LIMIT
@pass_app
def engagements(app: App, to: str | None, missing: bool, after: str | None, limit: int) -> None:
    """List engagements, the latest first."""
    with app.open() as opened:
        if missing:
            waiting = opened.engagements.waiting(after, limit)
        else:
            page = opened.engagements.list(to=to, after=after, limit=limit)
    if missing:
        if app.json:
            print_json(as_json(waiting))
            return
        if not waiting.items:
            print_text("Every loan that came back has its use on record.")
        print_text(
            columns(
                [[each.id, grouped(each.tag), uk(each.back_on), each.to] for each in waiting.items]
            )
        )
        show_more(len(waiting.items), waiting.total, waiting.next)
        return
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text(
            "No use is on record yet. Record one: kitloan engagement add --tag TAG --date DATE "
            "--learners BAND=N"
        )
        return
    print_text(columns([[each.id, _words(each)] for each in page.items]))
    show_more(len(page.items), page.total, page.next)


@click.group("evaluation", epilog="Example: kitloan evaluation read form.txt")
def evaluation() -> None:
    """What teachers answered about a use."""


@command(
    "add", "kitloan evaluation add --engagement e41f0c --enjoyed 5 --again yes", group=evaluation
)
@click.option("--engagement", "which", required=True, metavar="ID", help="Which engagement.")
@click.option("--enjoyed", type=int, metavar="1-5", help="Learners enjoyed it.")
@click.option("--interest", type=int, metavar="1-5", help="Learners are more interested in STEM.")
@click.option(
    "--confidence",
    metavar="s=1,t=0,e=1,m=0",
    help="Able to teach Science, Technology, Engineering, Mathematics: -1 less, 0 same, 1 more.",
)
@click.option("--again", type=click.Choice(("yes", "no")), help="They would borrow it again.")
@click.option("--helped", multiple=True, metavar="CODE", help="What would have helped.")
@click.option("--quote", metavar="TEXT", help="What they wrote; kept apart, can be erased.")
@click.option("--may-quote", is_flag=True, help="They agreed to be quoted.")
@pass_app
def add_evaluation(
    app: App,
    which: str,
    enjoyed: int | None,
    interest: int | None,
    confidence: str | None,
    again: str | None,
    helped: tuple[str, ...],
    quote: str | None,
    may_quote: bool,
) -> None:
    """Record what a teacher answered about an engagement."""
    answers = Answers(
        enjoyed=enjoyed,
        interest=interest,
        confidence=None if confidence is None else parse_confidence(confidence),
        again=None if again is None else again == "yes",
        helped=helped,
    )
    with app.open() as opened:
        found = opened.evaluations.add(which, answers, quote=quote, may_quote=may_quote)
    if app.json:
        print_json({"evaluation": as_json(found)})
        return
    print_text(f"Recorded for {found.engagement}: {_answers(found)}")


@command("list", "kitloan evaluation list", group=evaluation)
@AFTER
@LIMIT
@pass_app
def list_evaluations(app: App, after: str | None, limit: int) -> None:
    """List what teachers answered and wrote, engagement by engagement."""
    with app.open() as opened:
        page = opened.evaluations.list(after, limit)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text("No teacher has answered yet. Record answers: kitloan evaluation add")
        return
    for each in page.items:
        print_text(f"{each.engagement}  {_answers(each)}")
        for written in each.quotes:
            may = " (may be quoted)" if written.may_publish else ""
            print_text(f"  {written.heading}{may}: {written.words}")
    show_more(len(page.items), page.total, page.next)


@command("read", "kitloan evaluation read forms.txt", group=evaluation)
@click.argument("text", metavar="TEXT|FILE")
@pass_app
def read(app: App, text: str) -> None:
    """Take in forms: lines that begin with KLEVAL1, as TEXT, in a FILE, or - for standard input.

    All of them are taken in, or none: a line with one field wrong changes nothing.
    """
    forms = _forms(text)
    with app.open() as opened:
        taken = opened.evaluations.read(forms)
    if app.json:
        print_json({"items": as_json(taken), "total": len(taken)})
        return
    for each in taken:
        print_text(f"{_words(each.engagement)}: {_answers(each.evaluation)}")
        for warned in each.warnings:
            print_notice(warned.message)
    print_text(f"{plural(len(taken), 'form')} read.")


@command(
    "page", "kitloan evaluation page --mail stem@college.example --out form.html", group=evaluation
)
@html_out
@MAIL
@click.option("--loan", metavar="ID", help="The loan, which is then filled in.")
@pass_app
def page(app: App, out: Path, mail: str | None, loan: str | None) -> None:
    """The form for teachers as one page: for the college's site, or to be mailed with a loan.

    It makes a mail of one line, which is pasted at the desk, or read: kitloan evaluation read TEXT
    """
    from kitloan.evidence.form_page import evaluation_page
    from kitloan.evidence.leaflets import check_mail

    address = check_mail(mail)
    with app.open() as opened:
        which = opened.evaluations.check_loan(loan) if loan else ""
        write_page(out, evaluation_page(opened.college_name, loan=which, mail=address))
    if app.json:
        print_json({"file": str(out), "loan": which or None, "mail": address or None})
        return
    print_text(f"{out}: the form{f' for loan {which}' if which else ''}.")
    if not address:
        print_text("  It names no address to write to. To name one: --mail ADDRESS")


def _forms(text: str) -> str:
    if text.lstrip().upper().startswith(FORM) and ";" in text:
        return text
    if text == "-":
        return sys.stdin.read(_MOST_TEXT)
    path = Path(text)
    insist_on_file(path)
    try:
        if path.stat().st_size > _MOST_TEXT:
            raise BadInput("file_too_large", f"{text} is too large for a file of forms.")
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as problem:
        raise BadInput(
            "bad_form",
            f"{text[:80]!r} is neither a form nor a file of forms that can be read.",
            f"A form is a line that begins with {FORM};",
            line=None,
            field=None,
            value=text[:80],
        ) from problem


def _answers(found: EvaluationLine) -> str:
    levels = ", ".join(
        f"{subject.upper()} {_LEVELS[level]}"
        for subject, level in found.confidence.items()
        if level is not None
    )
    parts = [
        f"enjoyed {found.enjoyed} of 5" if found.enjoyed is not None else "",
        f"interest {found.interest} of 5" if found.interest is not None else "",
        f"again {'yes' if found.again else 'no'}" if found.again is not None else "",
        f"able to teach {levels}" if levels else "",
        f"would have helped: {' '.join(found.helped)}" if found.helped else "",
    ]
    return ", ".join(part for part in parts if part) or "no answers"


_LEVELS = {-1: "less", 0: "the same", 1: "more"}
"""How able a teacher is to teach a subject, compared with before."""
