"""A parcel as the signed body of a webhook: our own form, Slack's or Teams'."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from contracts.settings.sections import Settings
from views.delivery.answers import Refused, Unclear, secret, verified
from views.delivery.parcel import Parcel

_VARIABLE = "HEXPERIENCE_WEBHOOK_SECRET"
_GATEWAYS = (408, 502, 504)
"""Answers of one who stands between: whether the receiver took it, they do not know."""


def send(parcel: Parcel, settings: Settings, first_at: datetime) -> str:
    """Posts a parcel and returns what the receiver answered.

    `parcel`: of an audience whose channel is webhook. `settings`: of secret and certificates.
    `first_at`: when it was first tried, which its body names. Raises Refused where the receiver
    surely has not taken it, Unclear where it may have.
    """
    content = body(parcel, first_at)
    link = _connection(parcel.recipient, settings)
    try:
        link.connect()
        link.request("POST", _path(parcel.recipient), content, _heads(parcel, content, settings))
    except (OSError, http.client.HTTPException) as error:
        link.close()
        # without all of the length that it was promised no receiver takes a body
        raise Refused(_said(error)) from None
    try:
        answer = link.getresponse()
        said = f"{answer.status} {answer.reason}"
    except (OSError, http.client.HTTPException) as error:
        raise Unclear(_said(error)) from None
    finally:
        link.close()
    return _judged(answer.status, said)


def _judged(status: int, said: str) -> str:
    if status // 100 == 2:
        return said
    if status in _GATEWAYS:
        raise Unclear(said)
    # a redirection is not followed: the body would go where nobody wrote
    raise Refused(f"{said}: name the address that it goes to" if status // 100 == 3 else said)


def _connection(url: str, settings: Settings) -> http.client.HTTPConnection:
    parts, wait = urlsplit(url), settings.delivery.timeout_s
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=wait)
    ca_file = settings.delivery.ca_file
    context: ssl.SSLContext = verified(settings.resolve(ca_file) if ca_file else None)
    return http.client.HTTPSConnection(host, parts.port, timeout=wait, context=context)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _heads(parcel: Parcel, content: bytes, settings: Settings) -> dict[str, str]:
    heads = {"Content-Type": "application/json", "Idempotency-Key": parcel.id}
    file = settings.delivery.secret_file
    key = secret(settings.resolve(file) if file else None, _VARIABLE)
    if key:
        stamp = str(int(time.time()))
        heads["X-Hexperience-Timestamp"] = stamp
        heads["X-Hexperience-Signature"] = signature(key, stamp, content)
    return heads


def signature(key: str, stamp: str, content: bytes) -> str:
    """What proves that a body is ours and of now: sha256=HMAC-SHA256 of `stamp`, a dot, the body.

    `key`: the secret that both sides know. `stamp`: seconds since 1970. `content`: the body.
    """
    signed = stamp.encode() + b"." + content
    return "sha256=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def body(parcel: Parcel, first_at: datetime) -> bytes:
    """The body in the form of the audience's receiver; the same for every attempt.

    `parcel`: what is sent. `first_at`: when it was first tried.
    """
    form = _FORMS[parcel.audience.receiver](parcel, first_at)
    return json.dumps(form, ensure_ascii=False).encode()


def _json(parcel: Parcel, first_at: datetime) -> dict[str, Any]:
    note = parcel.note
    files = {name: base64.b64encode(each).decode() for name, each in parcel.files().items()}
    return {
        "id": parcel.id,
        "audience": parcel.name,
        "what": parcel.what,
        "first_sent_utc": first_at.isoformat(timespec="seconds"),
        **{key: note[key] for key in ("subject", "headline", "lines")},
        "files_base64": files,
    }


def _slack(parcel: Parcel, _: datetime) -> dict[str, Any]:
    note = parcel.note
    lines = "\n".join(f"*{_plain(word)}*: {_plain(said)}" for word, said in note["lines"])
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": note["subject"][:150]}},
        *({"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}
          for text in (_plain(note["headline"]), lines)),
    ]  # fmt: skip
    return {"text": _plain(note["headline"]), "blocks": blocks}


def _plain(text: str) -> str:
    """Text in which Slack sees no link and nobody to call."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(parcel: Parcel, _: datetime) -> dict[str, Any]:
    note = parcel.note
    facts = [{"title": word, "value": said} for word, said in note["lines"]]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": note["subject"], "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": note["headline"], "wrap": True},
            {"type": "FactSet", "facts": facts},
        ],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


_FORMS: dict[str, Callable[[Parcel, datetime], dict[str, Any]]] = {
    "json": _json,
    "slack": _slack,
    "teams": _teams,
}


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {error.verify_message}"
    return str(error) or type(error).__name__
