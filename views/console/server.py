"""The command line that serves the screen, for the console and for the browser tests."""

import os
import subprocess
import sys
from pathlib import Path

from views.console.printing import ERR

APP = Path(__file__).with_name("gate.py")
"""What Streamlit serves: app.py behind a gate."""

_FLAGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "theme.light.primaryColor": "#2c6e9b",
    "theme.dark.primaryColor": "#6fb1dc",
    "theme.dark.backgroundColor": "#14171b",
    "theme.dark.secondaryBackgroundColor": "#20252c",
    "theme.baseFontSize": "15",
    "theme.baseRadius": "4px",
    "theme.paddingTop": "0.75rem",
    "theme.paddingBottom": "1.5rem",
    "theme.headingFontSizes": '["1.7rem", "1.4rem", "1.2rem", "1.15rem", "1.02rem", "0.95rem"]',
}
_HERE_ONLY = ("127.0.0.1", "localhost", "::1")


def command(
    *, port: int, address: str = "127.0.0.1", base_path: str = "", host: str = ""
) -> list[str]:
    """Streamlit's command line for one address and port.

    Served to this machine only, requests that name another host are refused, plain ones by the gate
    and websockets by Streamlit: a page elsewhere cannot reach it by pointing its own name here (DNS
    rebinding). `host`: the name under which a
    reverse proxy on this machine offers it; `base_path`: the folder below that name.
    """
    flags = {**_FLAGS, "server.port": str(port), "server.address": address}
    if base_path:
        flags["server.baseUrlPath"] = base_path.strip("/")
    if host:
        flags["browser.serverAddress"] = host
    line = [sys.executable, "-m", "streamlit", "run", str(APP)]
    line += [f"--{name}={value}" for name, value in flags.items()]
    if address in _HERE_ONLY:
        hosts = [*_HERE_ONLY, *([host] if host else [])]
        line += [f"--server.allowedHosts={name}" for name in hosts]
    return line


def serve(config: Path, port: int, *, base_path: str = "", host: str = "") -> None:
    """Serves the screen of a configuration until it is stopped; the rest as of `command`.

    `config`: file of the configuration. `port`: on 127.0.0.1. `base_path`, `host`: as of `command`.
    """
    address = f"http://127.0.0.1:{port}/{base_path.strip('/')}".rstrip("/")
    ERR.print(f"the map: {address}  (Ctrl-C ends it)", highlight=False)
    environ = {**os.environ, "HEXPERIENCE_CONFIG": str(config.resolve())}
    line = command(port=port, base_path=base_path, host=host)
    subprocess.run(line, env=environ, check=False)  # noqa: S603  our own
