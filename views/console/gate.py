"""The gate before the screen: to which host names it answers, and that no page may frame it.

Streamlit looks at the host of a websocket alone and lets any page show it in a frame. It runs this
module in place of app.py (`views.console.server`), which holds the application it serves.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_HEADERS = [
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_REFUSAL = b"no such host here: hexperience app --host NAME says under which name it is served\n"


class Gate:
    """An ASGI application before another: plain requests of other hosts end here."""

    def __init__(self, served: Application) -> None:
        self._served = served

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one request.

        `scope`, `receive`, `send`: as ASGI has them. A websocket passes: Streamlit looks
        at its host.
        """
        if scope["type"] != "http":
            await self._served(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        names = st.get_option("server.allowedHosts") or []
        if names and not (len(hosts) == 1 and is_named(hosts[0], names)):
            start = {"type": "http.response.start", "status": 403, "headers": [
                (b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_REFUSAL)),
            ]}  # fmt: skip
            await sealed(start)
            await sealed({"type": "http.response.body", "body": _REFUSAL})
            return
        await self._served(scope, receive, sealed)


def is_named(host: str, names: Iterable[str]) -> bool:
    """Whether a request's host is one of some names, whatever its port and case.

    `host`: as the header has it. `names`: without ports; addresses of IPv6 without brackets.
    """
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.netloc == host and "@" not in host and (port is None or port > 0)
    name = (parts.hostname or "").rstrip(".")
    return is_plain and name in {one.lower().rstrip(".") for one in names}


# Starlette unpacks each of the middleware in three
_GATE: Any = (Gate, (), {})
app = st.App(Path(__file__).resolve().parents[2] / "app.py", middleware=[_GATE])
