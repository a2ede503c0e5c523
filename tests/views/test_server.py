import sys

from views import server


def test_the_command_serves_this_machine_only_unless_told_otherwise() -> None:
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
