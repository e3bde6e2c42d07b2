"""The mail server: what is set about it, and one mail at a time through it."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Final, Literal

from kitloan.errors import BadInput

Security = Literal["starttls", "tls", "none"]
_PORTS: Final[Mapping[str, int]] = {"starttls": 587, "tls": 465, "none": 25}
_LINE_WITH_A_DOT = re.compile(rb"(?m)^\.")
"""A dot that begins a line is doubled, because one alone ends a mail (RFC 5321, 4.5.2)."""
_TEXTS = ("server", "from", "security", "user", "password")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server (SMTP).

    Attributes:
        host: its name or address.
        port: its port.
        sender: the address that mails are from.
        security: `starttls`, `tls`, or `none` for a server on this machine or network.
        user: whom to log in as; empty for no login.
        password: with what.
        timeout: how many seconds to wait for each of its answers.
    """

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: str = ""
    timeout: float = 20.0


class NotSent(Exception):
    """A mail was certainly not sent, and may be tried again. `server`: no other would go either."""

    def __init__(self, why: str, *, server: bool) -> None:
        super().__init__(why)
        self.server = server


class PerhapsSent(Exception):
    """The mail server had all of a mail and did not answer: it is not to be sent again."""


def mail_server(found: Mapping[str, Any], password: str | None) -> MailServer:
    """The mail server of the `[mail]` table of the user's settings.

    Args:
        found: the table.
        password: the password from elsewhere, which comes before the table's.

    Raises:
        BadInput: `no_mail_server`, `bad_settings`.
    """
    if not found:
        raise BadInput(
            "no_mail_server",
            "No mail server is set.",
            'Put into the settings file: [mail] server = "HOST", from = "ADDRESS"; see '
            "docs/notices.md. Without one: kitloan notices --out FOLDER",
        )
    known = {*_TEXTS, "port", "timeout"}
    for name, value in found.items():
        kinds = str if name in _TEXTS else (int, float)
        if name not in known or not isinstance(value, kinds) or isinstance(value, bool):
            raise BadInput(
                "bad_settings",
                f"The setting {name!r} under [mail] cannot be used.",
                f"There are: {', '.join(sorted(known))}. See docs/notices.md.",
                setting=name,
            )
    security = str(found.get("security", "starttls"))
    host, sender = str(found.get("server", "")).strip(), str(found.get("from", "")).strip()
    timeout = float(found.get("timeout", 20))
    port = int(found.get("port", _PORTS.get(security, 0)))
    if security not in _PORTS or not host or "@" not in sender or not 0 < port < 65536:
        raise BadInput(
            "bad_settings",
            "The settings under [mail] are not complete.",
            'server = "HOST", from = "ADDRESS", and security = "starttls", "tls" or "none".',
        )
    if not 0 < timeout <= 300:
        raise BadInput("bad_settings", "The timeout under [mail] is from 1 to 300 seconds.", "")
    secret = password if password is not None else str(found.get("password", ""))
    kind: Security = security  # type: ignore[assignment]  # one of _PORTS
    return MailServer(host, port, sender, kind, str(found.get("user", "")), secret, timeout)


@contextmanager
def connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection to a mail server, logged in.

    Raises:
        NotSent: it does not answer, or not as it should.
    """
    try:
        connection = _connect(server)
    except (OSError, smtplib.SMTPException, UnicodeError) as problem:
        raise NotSent(_why(problem), server=True) from problem
    try:
        yield connection
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    made: smtplib.SMTP
    if server.security == "tls":
        made = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        made = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if server.security == "starttls":
            made.starttls(context=context)
        if server.user:
            made.login(server.user, server.password)
    except BaseException:
        made.close()
        raise
    return made


def send_mail(connection: smtplib.SMTP, server: MailServer, to: str, mail: EmailMessage) -> None:
    """Send one mail.

    Raises:
        NotSent: it was refused, or the server went before it had the mail.
        PerhapsSent: the server had all of it, and no answer came.
    """
    try:
        connection.ehlo_or_helo_if_needed()
        _expect(connection.mail(server.sender), (250,))
        _expect(connection.rcpt(to), (250, 251))
        _expect(connection.docmd("DATA"), (354,))
        body = _LINE_WITH_A_DOT.sub(b"..", bytes(mail))
    except NotSent:
        with suppress(OSError, smtplib.SMTPException):
            connection.rset()
        raise
    except (OSError, smtplib.SMTPException, UnicodeError) as problem:
        raise NotSent(_why(problem), server=True) from problem
    try:
        connection.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        answer = connection.getreply()
    except (OSError, smtplib.SMTPException) as problem:
        raise PerhapsSent(_why(problem)) from problem
    _expect(answer, (250,))


def _expect(answer: tuple[int, bytes], good: tuple[int, ...]) -> None:
    code, words = answer
    if code not in good:
        raise NotSent(f"{code} {words.decode('utf-8', 'replace')}"[:200], server=code == 421)


def _why(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "it did not answer in time"
    return (str(problem) or type(problem).__name__)[:200]
