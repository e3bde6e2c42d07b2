"""For the teacher, who has no login: leaflets, the page to ask for a kit, a card's second code."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest

from cli.running import POSIX, Cli, Stock, Untouched
from cli.test_sharing import coming
from kitloan.evidence.leaflets import request_page

OUTSIDE = re.compile(r"(?:https?:)?//|@import|url\(|<(?:img|link|iframe|object|embed)\b")


class Read(HTMLParser):
    """The elements of a page, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def words_of(pdf: Path) -> str:
    """All words of a PDF."""
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_a_leaflet_has_what_is_recorded_and_says_what_is_not(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A teacher reads what is in the box; nothing is made up."""
    assert cli("types", "guide", "STEM kit", "--time", "90 minutes <b>", "--level", "P6").code == 0
    html, pdf = tmp_path / "stem.html", tmp_path / "stem.pdf"
    made = cli("--json", "leaflet", "stem kit", "--out", html, "--mail", "stem@fife.example").json
    assert made["not_recorded"] == ["What the school supplies", "Space", "Safety", "Repacking"]
    assert (made["type"], made["components"], made["pages"]) == ("STEM kit", 5, None)
    text = html.read_text(encoding="utf-8")
    page = Read(text)
    assert cli("--json", "leaflet", "STEM kit", "--out", pdf).json["pages"] == 1
    for words in (page.words, words_of(pdf)):
        for each in ("Red holdall", "Wheel hub", "Facilitator manual", "90 minutes <b>", "P6"):
            assert each in words
        assert words.count("Not recorded.") == 4
        assert "43 parts in all. The kit is not lent without the parts in bold." in words
    assert "b" not in page.tags and "script" not in page.tags
    assert 'href="mailto:stem@fife.example?subject=Part%20missing%3A%20STEM%20kit"' in text
    assert not OUTSIDE.search(text)
    goggles = cli("leaflet", "Safety goggles", "--out", html)
    assert "no contents list" in goggles.out
    assert "No contents list is recorded for this kit." in html.read_text(encoding="utf-8")


def test_a_guide_is_corrected_and_taken_away(cli: Cli, stock: Stock) -> None:
    """What was recorded is shown again, kept where it is not named, and can be undone."""
    assert cli("types", "guide", "STEM kit", "--time", "1 hour", "--space", "a hall").code == 0
    now = cli("--json", "types", "guide", "STEM kit", "--space", "").json
    assert (now["time"], now["space"], now["safety"]) == ("1 hour", None, None)
    assert cli("--json", "types", "guide", "STEM kit").json == now
    assert cli("undo").code == 0
    assert cli("--json", "types", "guide", "STEM kit").json["space"] == "a hall"
    assert cli("ledger", "verify").code == 0


def test_the_page_to_ask_for_a_kit_needs_nothing_else(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A page on a school's computer works without a server, and asks nobody."""
    out = tmp_path / "ask.html"
    made = cli("--json", "request-page", "--out", out, "--mail", "stem@fife.example").json
    assert (made["types"], made["mail"]) == (["Safety goggles", "STEM kit"], "stem@fife.example")
    text = out.read_text(encoding="utf-8")
    assert not OUTSIDE.search(text) and "fetch(" not in text and "XMLHttpRequest" not in text
    assert "default-src 'none'" in text and "form-action 'none'" in text
    page = Read(text)
    assert page.tags.count("option") == 3 and page.tags.count("script") == 1
    sly = Read(request_page('"><script>x</script>', ["</option><script>y"], ""))
    assert sly.tags.count("script") == 1


def test_a_request_that_came_by_mail_is_a_booking(
    cli: Cli, stock: Stock, tmp_path: Path, nothing_changes: Untouched
) -> None:
    """Pasted at the desk it fills the booking; with a field wrong nothing is booked."""
    first, last = coming(7), coming(9)
    line = f"KLREQ1;type=STEM%20kit;n=1;from={first};to={last};school=Alva%20Academy"
    booked = cli("--json", "book", "--read", line).json["booking"]
    days = booked["collect_on"], booked["return_by"]
    assert (booked["to"], *days) == ("Alva Academy", first, last)
    mail = tmp_path / "mail.txt"
    mail.write_text(f"Hello,\n> {line.replace('STEM', 'Safety').replace('kit', 'goggles')}\n")
    assert cli("book", "--read", mail).code == 0
    later = line.replace(first, coming(20)).replace(last, coming(21))
    assert cli("book", "--read", "-", stdin=later).code == 0
    turned = line.replace(f"from={first};to={last}", f"from={last};to={first}")
    with nothing_changes():
        for code, args in (
            ("bad_request", ("--read", line.replace(";n=1", ";n=x"))),
            ("bad_request", ("--read", turned)),
            ("bad_request", ("--read", tmp_path / "none.txt")),
            ("unknown_type", ("--read", line.replace("STEM", "GEM"))),
            ("usage", ("--read", line, "--to", "Alva Academy")),
            ("usage", ("--type", "STEM kit", "--from", first, "--until", last)),
        ):
            answer = cli("--json", "book", *args)
            assert (answer.code, answer.error["code"]) == (2, code)
            assert answer.error["hint"]


@POSIX
def test_a_pipe_is_no_mail(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A counter that waits for a pipe is closed."""
    os.mkfifo(tmp_path / "pipe")
    answer = cli("--json", "book", "--read", tmp_path / "pipe")
    assert (answer.code, answer.error["code"]) == (2, "not_a_file")


def test_the_cards_second_code_opens_a_mail_and_is_the_tag(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A phone writes to the desk; a scanner that reads that code has the kit all the same."""
    import zxingcpp
    from PIL import Image

    picture = tmp_path / "card.png"
    for size in ("a5", "a6"):
        card = ("cards", "contents", stock.kit, "--size", size, "--out", tmp_path / "card.pdf")
        done = cli(*card, "--mail", "stem@fife.example", "--preview", picture)
        assert done.code == 0, done.err
        with Image.open(picture) as drawn:
            texts = {each.text for each in zxingcpp.read_barcodes(drawn)}
        assert texts == {stock.kit, f"mailto:stem@fife.example?subject={stock.kit}"}
        assert cli("--json", "read", picture).json["files"][0]["tags"] == [stock.kit]
    assert "bad_mail" in cli("--json", *card, "--mail", "no address").out
    long = f"{'a' * 60}@{'b' * 50}.example"
    assert cli("--json", *card, "--mail", long).error["code"] == "mail_too_long"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("leaflet", "Telescope", "--out", "x.html"), "unknown_type"),
        (("leaflet", "STEM kit", "--out", "x.doc"), "bad_file_name"),
        (("leaflet", "STEM kit", "--out", "x"), "bad_file_name"),
        (("leaflet", "STEM kit", "--out", "none/x.pdf"), "cannot_write"),
        (("leaflet", "STEM kit", "--out", "x.html", "--mail", "a@b"), "bad_mail"),
        (("leaflet", "STEM kit", "--out", "x.html", "--mail", "a@b.uk?bcc=c@d.uk"), "bad_mail"),
        (("leaflet", "STEM kit"), "usage"),
        (("request-page", "--out", "x.pdf"), "bad_file_name"),
        (("types", "guide", "Telescope", "--time", "1 h"), "unknown_type"),
        (("types", "guide", "STEM kit", "--time", "x" * 1001), "bad_text"),
        (("types", "guide", "STEM kit", "--safety", "ask Mr Ross"), "names_a_person"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_remedy(
    cli: Cli, stock: Stock, tmp_path: Path, args: tuple[str, ...], code: str
) -> None:
    """Nothing is written, and the next step is named."""
    placed = [str(tmp_path / each) if each.startswith(("x.", "none/")) else each for each in args]
    answer = cli("--json", *placed)
    assert (answer.code, answer.error["code"]) == (2, code), answer.out
    assert answer.error["hint"]
    assert not list(tmp_path.glob("x*"))


def test_the_form_is_one_page_that_asks_for_nothing(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A teacher has no login; a form of a loan that is none would come back refused."""
    lent = cli("--json", "checkout", stock.kit, "--to", "Lochside Academy")
    loan = lent.json["loans"][0]["id"]
    page = tmp_path / "form.html"
    made = cli("--json", "evaluation", "page", "--loan", loan, "--out", str(page))
    assert made.json == {"file": str(page), "loan": loan, "mail": None}
    text = page.read_text(encoding="utf-8")
    assert f'value="{loan}"' in text and not OUTSIDE.search(text)
    for more, code in (
        (("--loan", "L9", "--out", str(page)), "unknown_loan"),
        (("--mail", "nobody", "--out", str(page)), "bad_mail"),
        (("--out", str(tmp_path / "form.pdf")), "bad_file_name"),
    ):
        wrong = cli("--json", "evaluation", "page", *more)
        assert (wrong.code, wrong.json["error"]["code"]) == (2, code)
