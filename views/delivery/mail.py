"""A parcel as a mail: handed to an SMTP server, whose answer is kept apart from its silence."""

import html
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import PurePath

from contracts.settings.audiences import Mail
from contracts.settings.sections import Settings
from views.delivery.answers import Refused, Unclear, secret, verified
from views.delivery.parcel import Parcel

_KINDS = {
    ".html": ("text", "html"),
    ".txt": ("text", "plain"),
    ".csv": ("text", "csv"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".gpkg": ("application", "geopackage+sqlite3"),
    ".zip": ("application", "zip"),
}
_POLICY = SMTP.clone(cte_type="7bit")
"""No server has to know more than ASCII."""
_VARIABLE = "HEXPERIENCE_SMTP_PASSWORD"


def send(parcel: Parcel, settings: Settings, first_at: datetime) -> str:
    """Hands a mail over and returns what the server answered.

    `parcel`: of an audience whose channel is mail. `settings`: name the server. `first_at`: when it
    was first tried, which stays its date. Raises Refused where the server surely has not taken it,
    Unclear where it may have: all was sent, and no answer came.
    """
    message = written(parcel, settings.delivery.mail, first_at)
    content = _dotted(message.as_bytes(policy=_POLICY))
    try:
        server = _connected(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise Refused(_said(error)) from None
    try:
        return _handed_over(server, settings.delivery.mail.sender, parcel.recipient, content)
    finally:
        server.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    """A server that is ready for a mail: greeted, sealed, signed in to."""
    mail, wait = settings.delivery.mail, settings.delivery.timeout_s
    context = verified(settings.resolve(mail.ca_file) if mail.ca_file else None)
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=wait, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=wait)
    try:
        server.ehlo_or_helo_if_needed()
        if mail.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if mail.user:
            file = settings.resolve(mail.password_file) if mail.password_file else None
            server.login(mail.user, secret(file, _VARIABLE))
    except BaseException:
        server.close()
        raise
    return server


def _handed_over(server: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> str:
    try:
        for code, said in _announced(server, sender, recipient):
            if code // 100 not in (2, 3):
                raise Refused(f"{code} {said.decode(errors='replace')}")
        server.send(content)
    except (OSError, smtplib.SMTPException) as error:
        # without the dot at its end no server takes a mail
        raise Refused(_said(error)) from None
    try:
        server.send(b".\r\n")
        code, said = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Unclear(_said(error)) from None
    answer = f"{code} {said.decode(errors='replace')}"
    if code // 100 != 2:
        raise Refused(answer)
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    return answer


def _announced(server: smtplib.SMTP, sender: str, recipient: str) -> Iterator[tuple[int, bytes]]:
    yield server.mail(sender)
    yield server.rcpt(recipient)
    yield server.docmd("DATA")


def _dotted(content: bytes) -> bytes:
    """A mail as it goes over the wire: a dot that begins a line is doubled (RFC 5321, 4.5.2)."""
    lines = content.replace(b"\r\n.", b"\r\n..")
    lines = b"." + lines if lines.startswith(b".") else lines
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {text}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {error.verify_message}"
    return str(error) or type(error).__name__


def written(parcel: Parcel, mail: Mail, first_at: datetime) -> EmailMessage:
    """The mail: plain text, the same as a short page with its picture, the files behind.

    `parcel`: what is sent. `mail`: from whom. `first_at`: its date. The same parcel and date make
    the same mail, and each attempt has the same Message-ID.
    """
    note = parcel.note
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = " ".join(note["subject"].split())
    message["From"], message["To"] = mail.sender, parcel.recipient
    message["Date"] = format_datetime(first_at)
    message["Message-ID"] = f"<{parcel.id}@{mail.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [f"{word}: {said}" for word, said in note["lines"]]
    message.set_content("\n\n".join([note["headline"], *lines]) + "\n")
    message.add_alternative(_page(note, parcel.id), subtype="html")
    if (picture := parcel.picture) is not None:
        body = message.get_body(("html",))
        if body is not None:
            body.add_related(picture, "image", "png", cid=f"<{parcel.id}.trend>",
                             disposition="inline", filename="trend.png")  # fmt: skip
    for name, content in parcel.files().items():
        kind, subkind = _KINDS.get(PurePath(name).suffix, ("application", "octet-stream"))
        message.add_attachment(content, kind, subkind, filename=name)
    _mark_parts(message, parcel.id)
    return message


def _mark_parts(message: EmailMessage, key: str) -> None:
    """Gives each part a boundary of its own that is the same in every attempt."""
    parts = [part for part in message.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"={key}.{number}=")


def _page(note: dict[str, object], key: str) -> str:
    lines = note["lines"]
    rows = "".join(
        f"<tr><td valign='top'><b>{html.escape(word)}</b></td><td>{html.escape(said)}</td></tr>"
        for word, said in (lines if isinstance(lines, list) else [])
    )
    picture = f"<p><img src='cid:{key}.trend' width='480' alt='Drop rate over time'></p>"
    return (
        f"<!doctype html><html lang='en'><body style='font-family:sans-serif'>"
        f"<h2>{html.escape(str(note['headline']))}</h2>"
        f"{picture if note['picture'] else ''}<table cellpadding='6'>{rows}</table></body></html>"
    )
