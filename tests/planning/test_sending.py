"""Mail through a real server: sent once, tried again when refused, survived when it hangs."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from conftest import SetClock
from kitloan import BadInput, Count, NewHolding
from kitloan.college import College
from kitloan.planning.mailing import mail_server
from planning.mail_server import Post, post_office

DUE = date(2026, 12, 1)
A, B = "mairi@ard-sgoil.example", "iain@lochside.example"
SCHOOLS = {A: ("Àrd-sgoil Mhic Neacail", "Màiri NicDhòmhnaill"), B: ("Lochside", "Iain Strachan")}


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server on the loopback."""
    with post_office() as office:
        yield office


@pytest.fixture
def late(fife: College, clock: SetClock) -> College:
    """Fife's desk, on a day on which two schools are late with three kits."""
    for address, (school, person) in SCHOOLS.items():
        for _ in range(2 if address == A else 1):
            tag = fife.holdings.add(NewHolding("STEM kit")).tag
            fife.loans.check_out([tag], school, contact=person, due_on=DUE)
        with fife.session.store.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE contact SET email = '{address}' WHERE name = '{person}'"
            )
    clock.now = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    return fife


def test_what_is_due_is_sent_once(late: College, post: Post) -> None:
    """Every school gets its letter, on record at once; the next run sends nothing."""
    report = late.notices.send(post.server())
    assert (report.mails, report.sent, report.waiting, report.problem) == (2, 3, 0, "")
    assert sorted(to for to, _ in post.took) == sorted(SCHOOLS)
    (mail,) = (mail for to, mail in post.took if to == A)
    assert mail["From"] == "kits@fife.example"
    assert mail["To"] == A
    assert mail["Message-ID"].endswith("@fife.kitloan>")
    words = mail.get_content()
    assert "Dear Màiri NicDhòmhnaill" in words
    assert words.count("•") == 2
    assert late.notices.due() == []
    assert {each.channel for each in late.notices.sent().items} == {"e-mail"}
    assert late.notices.send(post.server()).mails == 0
    assert len(post.took) == 2
    assert late.ledger.verify().ok


def test_a_refused_mail_waits_and_is_tried_again(late: College, post: Post) -> None:
    """One wrong address must not hold up the others, nor be forgotten."""
    post.refuse = {B}
    report = late.notices.send(post.server())
    assert (report.sent, report.waiting) == (2, 1)
    assert "no such person here" in report.problem
    assert [each.to for each in late.notices.due()] == ["Lochside"]
    post.refuse = set()
    report = late.notices.send(post.server())
    assert (report.sent, report.waiting, report.problem) == (1, 0, "")
    assert sorted(to for to, _ in post.took) == sorted(SCHOOLS)


@pytest.mark.parametrize("at", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("how", ["silent_at", "drops_at"])
def test_a_server_that_hangs_is_survived(late: College, post: Post, at: str, how: str) -> None:
    """The command ends, says what happened, and loses nothing.

    The server stays silent until the test is over, and is waited for once: not for every mail.
    """
    setattr(post, how, at)
    report = late.notices.send(post.server(timeout=1.0))
    assert not post.over.is_set()
    assert post.left_waiting == 1
    assert (report.sent, report.waiting, report.unknown) == (0, 3, 0)
    assert "127.0.0.1" in report.problem
    assert len(late.notices.due()) == 3
    setattr(post, how, "")
    assert late.notices.send(post.server()).sent == 3
    assert len(post.took) == 2


@pytest.mark.parametrize("how", ["silent_at", "drops_at"])
def test_a_mail_that_may_have_gone_is_never_sent_again(late: College, post: Post, how: str) -> None:
    """The server had all of it and went silent: a person decides, not the program."""
    setattr(post, how, "end")
    report = late.notices.send(post.server(timeout=1.0))
    assert report.unknown + report.waiting == 3
    assert report.unknown >= 1
    unknown = report.unknown
    setattr(post, how, "")
    report = late.notices.send(post.server())
    assert (report.sent, report.unknown) == (3 - unknown, unknown)
    assert len(post.took) == 1
    assert len(late.notices.due()) == unknown, "it stays on the list until somebody marks it"
    late.notices.mark()
    assert late.notices.send(post.server()).unknown == 0
    assert late.ledger.verify().ok


def test_a_program_that_was_killed_in_between_sends_nothing_twice(
    late: College, post: Post, clock: SetClock
) -> None:
    """What was with the server when the lid was closed is not sent again by itself."""
    late.notices.send(post.server())
    tag = late.holdings.add(NewHolding("STEM kit")).tag
    late.loans.check_out([tag], "Lochside", contact="Iain Strachan", due_on=clock.now.date())
    clock.move(days=1)
    (notice,) = (each for each in late.notices.due() if each.tag == tag)
    with late.session.store.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO outbox (college, notice, subject, stage, due_on, message, state, tries, "
            f"tried_at, problem) VALUES ('fife', 'overdue', '{notice.subject}', 1, '2026-12-02', "
            "'m', 'sending', 1, '2026-12-03T08:50:00Z', '')"
        )
    report = late.notices.send(post.server())
    assert (report.sent, report.waiting, report.unknown) == (0, 1, 0), "it may be at work now"
    clock.move(hours=1)
    report = late.notices.send(post.server())
    assert (report.sent, report.waiting, report.unknown) == (0, 0, 1)
    assert len(post.took) == 2


def test_two_desks_send_at_once_and_each_mail_goes_once(
    late: College, post: Post, reopen: Callable[..., College]
) -> None:
    """Two technicians press the key in the same minute; no school gets it twice."""
    desks = [reopen(f"desk {n}") for n in range(4)]
    threads = [threading.Thread(target=desk.notices.send, args=(post.server(),)) for desk in desks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(to for to, _ in post.took) == sorted(SCHOOLS)
    assert late.notices.sent().total == 3
    assert late.ledger.verify().ok


def test_what_came_back_meanwhile_is_not_sent(late: College, post: Post) -> None:
    """A letter that waited over the night must not chase a kit that is on its shelf."""
    post.silent_at = "greeting"
    late.notices.send(post.server(timeout=0.2))
    for each in late.find.loans().items:
        late.loans.check_in([each.tag], Count(whole=True))
    post.silent_at = ""
    report = late.notices.send(post.server())
    assert (report.sent, report.waiting, post.took) == (0, 0, [])


def test_nobody_is_in_the_outbox(late: College, post: Post) -> None:
    """A person who is erased must not wait in a queue to be written to."""
    post.silent_at = "greeting"
    late.notices.send(post.server(timeout=0.2))
    with late.session.reading() as connection:
        rows = repr(connection.exec_driver_sql("SELECT * FROM outbox").all())
    assert all(word not in rows for word in (A, B, "Màiri", "Dear"))
    late.people.erase("Iain Strachan")
    post.silent_at = ""
    report = late.notices.send(post.server())
    assert [to for to, _ in post.took] == [A]
    assert report.without_address == 1


def test_what_a_server_answers_about_a_person_is_not_kept(late: College, post: Post) -> None:
    """Many servers repeat the address that they refuse, or the part before the at-sign."""
    post.refuse = {A, B}
    report = late.notices.send(post.server())
    assert report.waiting == 3
    with late.session.reading() as connection:
        kept = connection.exec_driver_sql("SELECT problem FROM outbox").scalars().all()
        rows = repr(connection.exec_driver_sql("SELECT * FROM outbox").all())
    assert set(kept) == {"550 5.1.1"}
    assert all(word not in rows for address in (A, B) for word in address.split("@"))


def test_nobody_answers_at_that_port(late: College) -> None:
    """A server that is switched off is a sentence, and not a traceback."""
    with post_office() as office:
        server = office.server(timeout=0.5)
    report = late.notices.send(server)
    assert (report.sent, report.waiting) == (0, 3)
    assert report.problem.startswith("The mail server 127.0.0.1")


def test_a_line_that_is_a_dot_does_not_end_the_mail(late: College, post: Post) -> None:
    """A template with a line of one dot would end the mail there, and the rest be commands."""
    late.notices.set_template("overdue_1", "Kits\n\nbefore\n.\n..\nQUIT\nafter {kits}")
    late.notices.send(post.server())
    for _, mail in post.took:
        assert mail.get_content().splitlines()[:4] == ["before", ".", "..", "QUIT"]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({}, "no_mail_server"),
        ({"server": "mail.example"}, "bad_settings"),
        ({"server": "mail.example", "from": "no address"}, "bad_settings"),
        ({"server": "mail.example", "from": "a@b", "security": "ssl"}, "bad_settings"),
        ({"server": "mail.example", "from": "a@b", "port": "587"}, "bad_settings"),
        ({"server": "mail.example", "from": "a@b", "port": 0}, "bad_settings"),
        ({"server": "mail.example", "from": "a@b", "timeout": 0}, "bad_settings"),
        ({"server": "mail.example", "from": "a@b", "sevrer": "x"}, "bad_settings"),
    ],
)
def test_settings_that_cannot_be_used(found: dict[str, object], code: str) -> None:
    """A slip in the file is named before anything is sent."""
    with pytest.raises(BadInput) as refusal:
        mail_server(found, None)
    assert refusal.value.code == code


def test_settings_with_their_usual_ports() -> None:
    """The password may be kept out of the file."""
    found = {"server": "mail.example", "from": "a@b", "user": "kits", "password": "old"}
    server = mail_server(found, "new")
    assert (server.port, server.security, server.password) == (587, "starttls", "new")
    assert mail_server(found | {"security": "tls"}, None).port == 465
    assert mail_server(found | {"security": "none"}, None).port == 25
