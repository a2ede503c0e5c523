"""Real servers on loopback, on free ports: honest ones, and ones that fail in one way each."""

import asyncio
import http.server
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""Of localhost, signed by itself, made for these tests: it guards nothing."""


class Box:
    """Keeps each mail that an honest server took: sender, recipients, content."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 kept"

    def authenticate(self, *arguments: Any) -> AuthResult:
        login = arguments[-1]
        known = isinstance(login, LoginPassword) and login.password == b"sesame"
        return AuthResult(success=known)


@contextmanager
def honest() -> Iterator[tuple[Box, int]]:
    """An SMTP server that wants STARTTLS and a password; what it took, and its port."""
    box, loop = Box(), asyncio.new_event_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def protocol() -> SMTP:
        return SMTP(
            box, hostname="localhost", tls_context=context, require_starttls=True, loop=loop,
            authenticator=box.authenticate, auth_required=True,
        )  # fmt: skip

    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield box, server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class Scripted(socketserver.ThreadingTCPServer):
    """An SMTP server that fails at one step: `fails` maps a verb, or "." for the end of a mail."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, fails: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.fails = fails
        self.mails: list[bytes] = []


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say(b"220 scripted")
        while line := self.rfile.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            if self._ended(verb):
                return
            if verb == "DATA":
                self._say(b"354 go on")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                self.server.mails.append(b"".join(lines))  # type: ignore[attr-defined]
                if self._ended("."):
                    return
            self._say(b"250 fine")
            if verb == "QUIT":
                return

    def _ended(self, step: str) -> bool:
        how = self.server.fails.get(step)  # type: ignore[attr-defined]
        if how is None:
            return False
        if how == "hang":
            # until the other side gives up
            self.rfile.read()
        elif how != "die":
            self._say(how.encode())
        return True

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[int]:
    """Runs a server beside the test; its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Hooks(http.server.ThreadingHTTPServer):
    """A receiver of webhooks that answers `status`, or dies with the body taken (0)."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.status = status
        self.posts: list[tuple[str, dict[str, str], bytes]] = []


class _Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, dict(self.headers), content))  # type: ignore[attr-defined]
        status = self.server.status  # type: ignore[attr-defined]
        if not status:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def nobody() -> int:
    """A port on which nobody listens: it was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
