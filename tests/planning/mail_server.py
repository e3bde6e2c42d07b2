"""A real mail server on the loopback, that takes mails, refuses them, or goes silent."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from kitloan.planning.mailing import MailServer


class Post:
    """What a server does, and what it took.

    Attributes:
        took: the mails that it accepted, with the address that each was for.
        refuse: addresses that it refuses.
        silent_at: the command at which it stops answering; `greeting` is before any, `end` after
            the whole of a mail.
        drops_at: the command at which it closes the connection.
        left_waiting: how often it did one of these two.
    """

    def __init__(self) -> None:
        self.took: list[tuple[str, EmailMessage]] = []
        self.refuse: set[str] = set()
        self.silent_at = ""
        self.drops_at = ""
        self.left_waiting = 0
        self.over = threading.Event()
        self.port = 0

    def server(self, timeout: float = 5.0) -> MailServer:
        """How it is reached."""
        return MailServer("127.0.0.1", self.port, "kits@fife.example", "none", timeout=timeout)


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        post = cast("Any", self.server).post
        if self._stops("greeting", post):
            return
        self._say("220 mail.example")
        to = ""
        while line := self.rfile.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if self._stops(verb, post):
                return
            match verb:
                case "EHLO" | "HELO" | "RSET":
                    self._say("250 mail.example")
                case "MAIL":
                    self._say("250 sender")
                case "RCPT":
                    to = words.partition("<")[2].partition(">")[0]
                    refused = to in post.refuse
                    self._say("550 no such person here" if refused else "250 recipient")
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
