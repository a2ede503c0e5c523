"""The served screen: to whom it answers, under which name and folder, and that it is alive."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.bench.town import Town
from views.console import server

PATIENCE_S = 60


def test_the_command_serves_this_machine_only_unless_asked_otherwise() -> None:
    line = server.command(port=8765)
    assert line[:5] == [sys.executable, "-m", "streamlit", "run", str(server.APP)]
    assert server.APP.is_file()
    assert {"--server.port=8765", "--server.address=127.0.0.1"} <= set(line)
    assert "--server.allowedHosts=127.0.0.1" in line
    open_line = server.command(port=80, address="0.0.0.0")  # noqa: S104 - what is tested
    assert not any("allowedHosts" in flag for flag in open_line)


def test_the_server_tells_nobody_and_shows_no_traceback() -> None:
    assert {
        "--browser.gatherUsageStats=false", "--client.showErrorDetails=none",
        "--client.showErrorLinks=false", "--server.enableXsrfProtection=true",
        "--server.enableCORS=true", "--server.headless=true",
    } <= set(server.command(port=1))  # fmt: skip


@pytest.fixture(scope="module")
def proxied(town: Town) -> Iterator[int]:
    """Port of the town's screen, served as behind a reverse proxy: maps.example.com/radio."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    line = server.command(port=port, base_path="/radio/", host="maps.example.com")
    environ = {**os.environ, "HEXPERIENCE_CONFIG": str(town.config)}
    process = subprocess.Popen(line, env=environ, cwd=town.config.parent)
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until and not _answers(port):
        time.sleep(0.2)
    yield port
    process.terminate()
    process.wait(timeout=PATIENCE_S)


def _answers(port: int) -> bool:
    with suppress(OSError):
        return _get(port, "/radio/_stcore/health")[0] == 200
    return False


def _get(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request(
        "GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
    answer = connection.getresponse()
    body = b"" if answer.status == 101 else answer.read()
    connection.close()
    return answer.status, body


def test_below_a_base_path_the_screen_and_its_health_answer(proxied: int) -> None:
    assert _get(proxied, "/radio/_stcore/health") == (200, b"ok")
    status, page = _get(proxied, "/radio/", Host="maps.example.com")
    assert status == 200
    assert b'<div id="root">' in page


@pytest.mark.parametrize("path", ["/radio/", "/radio/places", "/radio/_stcore/health"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("maps.example.com", 200), ("MAPS.example.com:443", 200), ("127.0.0.1:8501", 200),
        ("[::1]:8501", 200), ("evil.example.com", 403), ("127.0.0.1.evil.example.com", 403),
        ("maps.example.com@evil.example.com", 403), ("", 403), ("maps.example.com:x", 403),
    ],
)  # fmt: skip
def test_plain_requests_of_other_hosts_are_refused_and_no_page_may_frame_it(
    proxied: int, host: str, status: int, path: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxied, timeout=PATIENCE_S)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    assert answer.status == status
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"
    answer.read()
    connection.close()


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("maps.example.com", "https://maps.example.com", 101),
        ("127.0.0.1", "http://127.0.0.1", 101),
        ("evil.example.com", "https://maps.example.com", 403),
        ("maps.example.com", "https://evil.example.com", 403),
    ],
)
def test_only_the_proxys_own_name_is_let_in(
    proxied: int, host: str, origin: str, status: int
) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
               "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    answer = _get(proxied, "/radio/_stcore/stream", Host=host, Origin=origin, **upgrade)
    assert answer[0] == status
