"""Mail through a real server with TLS: nothing leaves unless the server is who it should be."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from kitloan.planning.mailing import Security, mail_server
from planning.certificates import certified
from planning.mail_server import Post, post_office

ADDRESS = "mairi@ard-sgoil.example"
ENCRYPTED: tuple[Security, ...] = ("starttls", "tls")


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server on the loopback."""
    with post_office() as office:
        yield office


@pytest.fixture
def late(fife: College, clock: SetClock) -> College:
    """Fife's desk, on a day on which a school is late with a kit."""
    tag = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([tag], "Àrd-sgoil", contact="Màiri", due_on=date(2026, 12, 1))
    fife.people.set_contact("Màiri", of="Àrd-sgoil", email=ADDRESS)
    clock.now = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    return fife


@pytest.mark.parametrize("security", ENCRYPTED)
def test_a_mail_goes_encrypted_to_a_server_that_is_trusted(
    late: College,
    post: Post,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    security: Security,
) -> None:
    """The login, the address and the words are for the mail server, and for no one on the way."""
    known = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(known.authority))
    post.tls, post.tls_at_once = known.context, security == "tls"
    report = late.notices.send(post.server(security=security))
    assert (report.sent, report.waiting, report.problem) == (1, 0, "")
    assert [to for to, _ in post.took] == [ADDRESS]
    assert post.logins == [("kits", "a secret")]
    in_clear = [verb for verb, encrypted in post.heard if not encrypted]
    assert in_clear == ([] if security == "tls" else ["EHLO", "STARTTLS"])
    assert late.notices.due() == []


@pytest.mark.parametrize("security", ENCRYPTED)
@pytest.mark.parametrize("wrong", ["not trusted", "another's", "expired"])
def test_a_certificate_that_proves_nothing_gets_nothing(
    late: College,
    post: Post,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    security: Security,
    wrong: str,
) -> None:
    """Somebody in between would have the password, and every school's late kits."""
    address = "127.0.0.2" if wrong == "another's" else "127.0.0.1"
    known = certified(tmp_path, address, days=-1 if wrong == "expired" else 2)
    if wrong != "not trusted":
        monkeypatch.setenv("SSL_CERT_FILE", str(known.authority))
    post.tls, post.tls_at_once = known.context, security == "tls"
    report = late.notices.send(post.server(security=security))
    assert (report.sent, report.waiting) == (0, 1)
    assert "certificate" in report.problem.lower()
    assert (post.took, post.logins) == ([], [])
    assert len(late.notices.due()) == 1, "it is tried again when the server is put right"


def test_a_server_without_encryption_gets_no_password(late: College, post: Post) -> None:
    """A mail server that offers no STARTTLS is not talked to in clear instead."""
    report = late.notices.send(post.server(security="starttls"))
    assert (report.sent, report.waiting) == (0, 1)
    assert "STARTTLS" in report.problem
    assert {verb for verb, _ in post.heard} <= {"EHLO", "QUIT"}
    assert post.took == []


@pytest.mark.parametrize("how", ["silent_at", "drops_at"])
def test_a_handshake_that_never_ends_is_survived(
    late: College, post: Post, tmp_path: Path, how: str
) -> None:
    """The command ends in its time, and the mail waits."""
    post.tls = certified(tmp_path).context
    setattr(post, how, "handshake")
    begun = time.monotonic()
    report = late.notices.send(post.server(timeout=0.5, security="starttls"))
    assert time.monotonic() - begun < 60
    assert (report.sent, report.waiting) == (0, 1)
    assert report.problem


def test_encryption_is_what_is_set_when_nothing_is() -> None:
    """Who writes two lines into the settings does not send passwords in clear."""
    found = mail_server({"server": "mail.example", "from": "kits@fife.example"}, None)
    assert (found.security, found.port) == ("starttls", 587)
