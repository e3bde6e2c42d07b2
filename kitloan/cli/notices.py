"""`kitloan notices`: which notices are due to whom, and the ways of sending them."""

import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.calendar import day_or_today
from kitloan.cli.context import App, command, common_options, pass_app
from kitloan.cli.find import AFTER, show_more
from kitloan.cli.output import columns, print_json, print_text
from kitloan.errors import BadInput, StoreError, no_such_file
from kitloan.text.dates import uk, uk_instant
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.planning.notices import Key, Message, Notice

_PASSWORD = "KITLOAN_MAIL_PASSWORD"  # noqa: S105  # the name of a variable
_SHOWN = ("kind", "subject", "stage", "to", "due_on", "text", "title", "contact", "email", "phone")


@click.group(
    "notices", invoke_without_command=True, epilog="Example: kitloan notices --out letters"
)
@click.option("--on", metavar="DATE", help="The day; today when not given. It may be to come.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write letters (PDF) and mail drafts (.eml) into a folder.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a table for mail merge.",
)
@click.option(
    "--ics",
    "ics_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a calendar of what is due back and booked.",
)
@click.option("--send", is_flag=True, help="Send them by mail, and record what was taken.")
@common_options(hidden=True)
@click.pass_context
def notices(
    ctx: click.Context,
    on: str | None,
    folder: Path | None,
    csv_file: Path | None,
    ics_file: Path | None,
    send: bool,
) -> None:
    """List the notices that borrowers are due, and write or send them.

    Reading changes nothing. Only --send and `notices sent --mark` record that something was sent;
    until then it stays on the list.
    """
    if ctx.invoked_subcommand is not None:
        return
    app = ctx.ensure_object(App)
    if sum(each is not None for each in (folder, csv_file, ics_file)) + send > 1:
        raise BadInput(
            "usage", "Choose one way.", "--out FOLDER, --csv FILE, --ics FILE, or --send."
        )
    with app.open() as opened:
        day = day_or_today(on, opened.session.today)
        if send:
            _send(app, opened, day)
            return
        if ics_file is not None:
            _write_calendar(app, opened, ics_file)
            return
        due = opened.notices.due(day)
        mails = opened.notices.messages(day) if folder is not None else []
        name = opened.college_name
    answer: dict[str, Any] = {"items": [_item(each) for each in due], "total": len(due)}
    if folder is not None:
        answer["files"] = _write_folder(folder, mails, day, name)
    if csv_file is not None:
        from kitloan.planning.channels import table

        _write(csv_file, table(due))
        answer["files"] = [str(csv_file)]
    if app.json:
        print_json(answer | {"next": None})
        return
    if not due:
        print_text(f"No notice is due on {uk(day)}.")
    elif "files" in answer:
        print_text(f"{plural(len(due), 'notice')} of {uk(day)}, in:")
        print_text("\n".join(f"  {each}" for each in answer["files"]))
        print_text("When they are sent, record it: kitloan notices sent --mark")
    else:
        print_text("\n".join(_lines(due)).rstrip())
        print_text(
            f"\n{plural(len(due), 'notice')}. When they are sent: kitloan notices sent --mark"
        )


def _item(each: "Notice") -> dict[str, Any]:
    return {name: as_json(getattr(each, name)) for name in (*_SHOWN, "tag", "mailto")}


def _lines(due: "Iterable[Notice]") -> Iterator[str]:
    for each in due:
        stage = f" {each.stage}" if each.stage else ""
        person = ", ".join(filter(None, (each.contact, each.phone, each.email)))
        person = f" ({person})" if person else ""
        yield f"{each.kind.replace('_', ' ').upper()}{stage}  {each.to}{person}"
        yield from (f"  {line}" for line in [each.title, "", *each.text.strip().split("\n")])
        if each.mailto:
            yield f"  {each.mailto}"
        yield ""


def _write(path: Path, content: bytes) -> None:
    from kitloan.storage.files import whole_file

    with whole_file(path) as new:
        new.write_bytes(content)


def _write_calendar(app: App, opened: "College", path: Path) -> None:
    from kitloan.planning.channels import calendar_file

    events = opened.notices.events()
    _write(path, calendar_file(events, opened.session.college))
    if app.json:
        print_json({"file": str(path), "events": len(events)})
        return
    print_text(f"{plural(len(events), 'event')} in {path}.")


def _write_folder(folder: Path, mails: "list[Message]", day: date, college: str) -> list[str]:
    """Letters to everybody in one PDF, and a draft for each who has an address."""
    from kitloan.cli.paper import letter_of
    from kitloan.planning.channels import draft
    from kitloan.text.names import slug

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{folder} cannot be made: {problem.strerror}.",
            "Name a folder that you may write to.",
            file=str(folder),
        ) from problem
    if not mails:
        return []
    from kitloan_labels.papers import write_letters

    outside = [each for each in mails if each.kind != "inspection_due"]
    files = []
    if outside:
        letters = folder / "letters.pdf"
        write_letters([letter_of(each, day, college) for each in outside], letters)
        files.append(str(letters))
    for number, each in enumerate(mails, start=1):
        if each.recipient.email or each.kind == "inspection_due":
            stage = f"-{each.stage}" if each.stage else ""
            name = f"{number:03}-{each.kind}{stage}-{slug(each.recipient.to)[:60]}.eml"
            _write(folder / name, draft(each))
            files.append(str(folder / name))
    return files


def _send(app: App, opened: "College", day: date) -> None:
    from kitloan.planning.mailing import mail_server
    from kitloan.storage.user_files import read_settings, settings_file

    found = read_settings(settings_file()).get("mail", {})
    if not isinstance(found, dict):
        raise BadInput("bad_settings", "The setting mail is a table.", "Write it as [mail].")
    server = mail_server(found, os.environ.get(_PASSWORD))
    report = opened.notices.send(server, day)
    if report.problem or report.unknown:
        app.exit_code = StoreError.exit_code
    if app.json:
        print_json(as_json(report))
        return
    print_text(f"{plural(report.mails, 'mail')} sent, with {plural(report.sent, 'notice')}.")
    if report.without_address:
        print_text(
            f"{plural(report.without_address, 'notice')} without an e-mail address: "
            "kitloan notices --out FOLDER writes letters."
        )
    if report.problem:
        print_text(report.problem)
    if report.waiting:
        print_text(f"{plural(report.waiting, 'notice')} waiting: run kitloan notices --send again.")
    if report.unknown:
        print_text(
            f"{plural(report.unknown, 'notice')} may have been sent, and will not be sent again. "
            "Ask the mail server's people, then record it: kitloan notices sent --mark"
        )


@command("sent", "kitloan notices sent --mark", group=notices)
@click.option("--mark", is_flag=True, help="Record that everything that is due was sent.")
@click.option("--on", metavar="DATE", help="With --mark: the day whose notices they are.")
@AFTER
@pass_app
def sent(app: App, mark: bool, on: str | None, after: str | None) -> None:
    """List the notices that were sent, or record that they were."""
    if on and not mark:
        raise BadInput("usage", "--on goes with --mark.", "kitloan notices sent --mark --on DATE")
    with app.open() as opened:
        if mark:
            keys = opened.notices.mark(day_or_today(on, opened.session.today))
            if app.json:
                print_json({"marked": len(keys), "items": [_key(each) for each in keys]})
            else:
                print_text(f"{plural(len(keys), 'notice')} recorded as sent.")
            return
        page = opened.notices.sent(after)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text("No notice is on record as sent. When you have sent some: --mark")
        return
    print_text(
        columns(
            [
                [
                    uk_instant(each.at),
                    each.kind.replace("_", " ") + (f" {each.stage}" if each.stage else ""),
                    uk(each.due_on) if each.due_on else "",
                    each.tag or each.subject,
                    each.channel,
                    each.by,
                ]
                for each in page.items
            ]
        )
    )
    show_more(len(page.items), page.total, page.next)


def _key(each: "Key") -> dict[str, Any]:
    return {
        "kind": each.kind,
        "subject": each.subject,
        "stage": each.stage or None,
        "due_on": each.due_on or None,
    }


@command("template", "kitloan notices template overdue_1 --from letter.txt", group=notices)
@click.argument("name", required=False)
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take the words of this text file.",
)
@click.option("--default", is_flag=True, help="Go back to the words that kitloan comes with.")
@click.option("--gaelic", is_flag=True, help="Show an example in Gaelic.")
@pass_app
def template(app: App, name: str | None, file: Path | None, default: bool, gaelic: bool) -> None:
    """Show the words of a notice, or replace them. Without NAME, list all of them.

    The first line is the subject, then comes an empty line, then the words.
    """
    from kitloan.planning.sending import gaelic_example

    if (file is not None) + default + gaelic > 1 or ((file or default or gaelic) and not name):
        raise BadInput(
            "usage", "Name one template.", "kitloan notices template NAME [--from FILE | --default]"
        )
    if name and gaelic:
        words = gaelic_example(name)
        print_json({"template": name, "text": words, "own": False}) if app.json else print_text(
            words.rstrip()
        )
        return
    with app.open() as opened:
        if name and (file is not None or default):
            line = opened.notices.set_template(name, None if file is None else _read(file))
            lines = [line]
        else:
            lines = opened.notices.templates()
    if name:
        found = [each for each in lines if each.name == name]
        if not found:
            raise BadInput(
                "unknown_template",
                f"There is no template {name!r}.",
                f"There are: {', '.join(each.name for each in lines)}.",
                template=name,
            )
        if app.json:
            print_json({"template": name, "text": found[0].text, "own": found[0].own})
        else:
            print_text(found[0].text.rstrip())
        return
    if app.json:
        items = [{"template": each.name, "text": each.text, "own": each.own} for each in lines]
        print_json({"items": items, "total": len(items), "next": None})
        return
    print_text(
        columns(
            [
                [each.name, "the college's own" if each.own else "", each.text.split("\n")[0]]
                for each in lines
            ]
        )
    )


def _read(file: Path) -> str:
    from kitloan.storage.files import insist_on_file

    insist_on_file(file)
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise no_such_file(file) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(
            "bad_template",
            f"{file} cannot be read as text: {problem}.",
            "Save it as plain text in UTF-8.",
            file=str(file),
        ) from problem
