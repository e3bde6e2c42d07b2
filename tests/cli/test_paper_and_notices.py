"""Papers and notices from the command line, in the shapes that scripts hold on to."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pypdfium2

from cli.running import Cli, Stock
from cli.shapes import has, in_days, times_are_right
from planning.mail_server import post_office

TOMORROW = in_days(1).strftime("%d/%m/%Y")


def words(pdf: Path) -> str:
    """Everything that is written in a PDF."""
    with pypdfium2.PdfDocument(pdf) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document)


def lent(cli: Cli, due: str = "0d") -> None:
    """FC001 is with a school that is to bring it back."""
    cli("checkout", "FC001", "--to", "Àrd-sgoil Mhic Neacail", "--contact", "Màiri", "--due", due)


def test_papers_of_a_loan(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A sheet when it goes, a receipt when it comes back."""
    out = tmp_path / "loan.pdf"
    lent(cli)
    made = cli("paper", "loan", "FC001", "--out", out, "--json")
    assert made.code == 0
    has(made.json, "file", "pages")
    assert made.json["file"] == str(out)
    assert all(each in words(out) for each in ("FC001", "Facilitator manual", "Àrd-sgoil"))
    assert cli("paper", "loan", "--to", "Àrd-sgoil Mhic Neacail", "--out", out).code == 0
    assert cli("paper", "loan", "FC003", "--out", out, "--json").error["code"] == "not_out"
    assert cli("paper", "loan", "--out", out).code == 2
    none = cli("paper", "receipt", "FC001", "--out", tmp_path / "none.pdf", "--json")
    assert (none.code, none.error["code"]) == (1, "never_returned")
    cli("checkin", "FC001", "--missing", "Wheel=2")
    assert cli("paper", "receipt", "FC001", "--out", out).code == 0
    assert "Wheel: 2 missing" in words(out)
    cli("restock", "FC001", "Wheel=2")
    cli("paper", "receipt", "FC001", "--out", out)
    assert "Wheel: 2 missing, changed since" in words(out)


def test_the_days_list_and_letters(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """What is due today, and tomorrow a letter to whoever has not brought it."""
    lent(cli)
    out = tmp_path / "out.pdf"
    assert cli("paper", "list", "--out", out).code == 0
    assert "Due back (1)" in words(out)
    today = cli("paper", "letter", "--out", out, "--json")
    assert (today.code, today.error["code"]) == (1, "nothing_overdue")
    made = cli("paper", "letter", "--on", TOMORROW, "--out", out)
    assert (made.code, "1 letter" in made.out) == (0, True)
    assert "Dear Màiri" in words(out)
    only = cli("paper", "letter", "--to", "Nobody", "--on", TOMORROW, "--out", out)
    assert only.code == 1
    assert cli("paper", "list", "--on", TOMORROW, "--out", out).code == 0
    assert "Overdue (1)" in words(out)


def test_notices_are_listed_and_only_marking_records(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """Reading is free: looked at, written and merged as often as one likes."""
    lent(cli)
    first = cli("notices", "--on", TOMORROW, "--json").json
    assert set(first) == {"items", "total", "next"}
    (item,) = first["items"]
    assert {"kind", "subject", "stage", "to", "due_on", "text"} <= set(item)
    assert (item["kind"], item["stage"], item["to"]) == ("overdue", 1, "Àrd-sgoil Mhic Neacail")
    assert item["due_on"] == in_days(0).isoformat()
    times_are_right(first)
    folder = tmp_path / "out"
    for line in (("--out", folder), ("--csv", tmp_path / "n.csv"), ("--ics", tmp_path / "n.ics")):
        assert cli("notices", "--on", TOMORROW, *line).code == 0
    assert "Dear Màiri" in words(folder / "letters.pdf")
    assert (tmp_path / "n.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (tmp_path / "n.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert cli("notices", "--on", TOMORROW, "--json").json == first
    assert "OVERDUE 1" in cli("notices", "--on", TOMORROW).out
    marked = cli("notices", "sent", "--mark", "--on", TOMORROW, "--json").json
    assert marked["marked"] == 1
    assert cli("notices", "--on", TOMORROW, "--json").json["items"] == []
    sent = cli("notices", "sent", "--json").json
    has(sent, "items", "total", "next", items={"kind", "subject", "stage", "due_on", "channel"})
    assert "overdue 1" in cli("notices", "sent").out
    assert cli("notices", "--out", folder, "--send").code == 2
    assert cli("notices", "--on", "no day").code == 2


def test_drafts_for_those_who_have_an_address(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """One file opens as one mail, to look over and send."""
    register = tmp_path / "register.csv"
    register.write_text(
        "Kit No,Description,On loan to,Due back,Contact,Contact e-mail\n"
        f"Z1,Telescope,Lochside Academy,{in_days(0):%d/%m/%Y},Iain Strachan,i@lochside.example\n",
        encoding="utf-8",
    )
    assert cli("import", register, "--accept-proposed").code == 0
    (item,) = (
        each
        for each in cli("notices", "--on", TOMORROW, "--json").json["items"]
        if each["kind"] == "overdue"
    )
    assert item["mailto"].startswith("mailto:i@lochside.example?subject=")
    assert len(item["mailto"]) <= 1500
    made = cli("notices", "--on", TOMORROW, "--out", tmp_path / "out", "--json").json
    (draft,) = (Path(each) for each in made["files"] if each.endswith(".eml"))
    read = message_from_bytes(draft.read_bytes(), policy=default)
    assert (read["To"], read["X-Unsent"]) == ("i@lochside.example", "1")
    settings = tmp_path / "config" / "kitloan" / "settings.toml"
    settings.parent.mkdir(parents=True)
    with post_office() as post:
        settings.write_text(
            f'[mail]\nserver = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\n'
            'from = "kits@fife.example"\ntimeout = 5\n',
            encoding="utf-8",
        )
        sent = cli("notices", "--on", TOMORROW, "--send", "--json")
        assert (sent.code, sent.json["sent"]) == (0, 1)
        post.silent_at = "greeting"
        settings.write_text(settings.read_text().replace("timeout = 5", "timeout = 0.2"))
        cli("renew", "Z1", "--due", "1d")
        later = in_days(2).strftime("%d/%m/%Y")
        hung = cli("notices", "--on", later, "--send", "--json")
        assert (hung.code, hung.json["waiting"]) == (3, 1)
        assert "Traceback" not in hung.err
    assert [to for to, _ in post.took] == ["i@lochside.example"]


def test_templates(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Shown, replaced, refused by the field's name, and taken back."""
    lent(cli)
    words_file = tmp_path / "letter.txt"
    words_file.write_text("Air ais\n\n{contact}, {kitts}\n", encoding="utf-8")
    refused = cli("notices", "template", "overdue_1", "--from", words_file, "--json")
    assert (refused.code, refused.error["code"]) == (2, "unknown_field")
    assert refused.error["details"]["field"] == "kitts"
    words_file.write_text("Air ais\n\n{contact}, {kits}\n", encoding="utf-8")
    made = cli("notices", "template", "overdue_1", "--from", words_file, "--json")
    assert (made.code, made.json["own"]) == (0, True)
    assert "Air ais" in cli("notices", "--on", TOMORROW).out
    assert "the college's own" in cli("notices", "template").out
    assert cli("notices", "template", "overdue_1", "--default", "--json").json["own"] is False
    assert "a charaid" in cli("notices", "template", "overdue_1", "--gaelic").out
    assert cli("notices", "template", "overdue_1", "--from", tmp_path / "no.txt").code == 2
    assert cli("notices", "template", "overdu").code == 2
    assert cli("notices", "template", "--default").code == 2


def test_no_mail_server_is_a_sentence(cli: Cli, stock: Stock) -> None:
    """A college without one is told what there is instead."""
    refused = cli("notices", "--send", "--json")
    assert (refused.code, refused.error["code"]) == (2, "no_mail_server")
    assert "--out" in refused.error["hint"]
