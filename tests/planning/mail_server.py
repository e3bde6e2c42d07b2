"""A real mail server on the loopback, that takes mails, refuses them, or goes silent; with TLS."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from kitloan.planning.mailing import MailServer, Security


class Post:
    """What a server does, and what it took.

    Attributes:
        took: the mails that it accepted, with the address that each was for.
        refuse: addresses that it refuses.
        silent_at: the command at which it stops answering; `greeting` is before any, `end` after
            the whole of a mail.
        drops_at: the command at which it closes the connection.
        tls: its side of TLS, offered by STARTTLS; None offers none.
        tls_at_once: whether a connection begins with TLS.
        heard: each command, with whether it came encrypted.
        logins: who logged in, and with what.
        left_waiting: how often it did one of these two.
    """

    def __init__(self) -> None:
        self.took: list[tuple[str, EmailMessage]] = []
        self.refuse: set[str] = set()
        self.silent_at = ""
        self.drops_at = ""
        self.tls: ssl.SSLContext | None = None
        self.tls_at_once = False
        self.heard: list[tuple[str, bool]] = []
        self.logins: list[tuple[str, str]] = []
        self.left_waiting = 0
        self.over = threading.Event()
        self.port = 0

    def server(self, timeout: float = 5.0, security: Security = "none") -> MailServer:
        """How it is reached; encrypted, with a login."""
        login = () if security == "none" else ("kits", "a secret")
        return MailServer(
            "127.0.0.1", self.port, "kits@fife.example", security, *login, timeout=timeout
        )


class _Talk(socketserver.StreamRequestHandler):
    _encrypted = False

    def handle(self) -> None:
        try:
            self._talk(cast("Any", self.server).post)
        except OSError:  # the client has had enough: of a certificate, or of waiting
            return

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self.connection = self.request = context.wrap_socket(self.request, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = cast("Any", self.connection.makefile("wb", buffering=0))
        self._encrypted = True

    def _talk(self, post: Post) -> None:
        if post.tls_at_once and post.tls:
            self._encrypt(post.tls)
        if self._stops("greeting", post):
            return
        self._say("220 mail.example")
        to = ""
        while line := self.rfile.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            post.heard.append((verb, self._encrypted))
            if self._stops(verb, post):
                return
            match verb:
                case "EHLO":
                    self._say("250-mail.example")
                    if post.tls and not self._encrypted:
                        self._say("250-STARTTLS")
                    if self._encrypted:
                        self._say("250-AUTH PLAIN")
                    self._say("250 8BITMIME")
                case "HELO" | "RSET":
                    self._say("250 mail.example")
                case "STARTTLS" if post.tls:
                    self._say("220 go on")
                    if self._stops("handshake", post):
                        return
                    self._encrypt(post.tls)
                case "AUTH" if self._encrypted:
                    _, user, password = base64.b64decode(words.split(" ")[2]).decode().split("\0")
                    post.logins.append((user, password))
                    self._say("235 welcome")
                case "MAIL":
                    self._say("250 sender")
                case "RCPT":
                    to = words.partition("<")[2].partition(">")[0]
                    refused = to in post.refuse
                    self._say(
                        f"550 5.1.1 <{to}>: no such person here" if refused else "250 recipient"
                    )
                case "DATA":
                    self._say("354 go on")
                    body = self._body()
                    if self._stops("end", post):
                        return
                    parsed = cast("EmailMessage", message_from_bytes(body, policy=default))
                    post.took.append((to, parsed))
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("500 what")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def _body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _stops(self, at: str, post: Post) -> bool:
        if at not in (post.silent_at, post.drops_at):
            return False
        post.left_waiting += 1
        if post.silent_at == at:
            post.over.wait()
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def post_office() -> Iterator[Post]:
    """A server that runs within the block."""
    post = Post()
    with _Server(("127.0.0.1", 0), _Talk) as server:
        cast("Any", server).post = post
        post.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield post
        finally:
            post.over.set()
            server.shutdown()
            thread.join()
