"""What is sent: files of a report or of alerts of an audience, and to whom each copy of it goes."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.settings.audiences import Audience
from contracts.settings.sections import Settings
from ingest.warehouse.files import damaged, read_note

OPEN, ROWS = "open.json", "alerts.csv"
"""Of a message of alerts: what is known since then, and the rows that it speaks of."""
_NOT_SENT = ("report.json", "message.json", "trend.png", OPEN)
_LONG_AGO = (2000, 1, 1, 0, 0, 0)
"""Time that every file in an archive has: the same report makes the same bytes."""


@dataclass(frozen=True)
class Parcel:
    """One report or message for one recipient; `folder` holds its files, `id` never changes."""

    id: str
    name: str
    audience: Audience
    what: str
    recipient: str
    folder: Path

    @property
    def note(self) -> dict[str, Any]:
        """Subject, headline, lines and picture, as the report noted them."""
        path = self.folder / "message.json"
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError):
            raise damaged(path, "it is no note of a report") from None

    def files(self) -> dict[str, bytes]:
        """Files that are sent, by name: those of the formats asked for, CSV in one archive."""
        files = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())
                 if path.name not in _NOT_SENT}  # fmt: skip
        tables = {name: files.pop(name) for name in list(files) if name.endswith(".csv")
                  and name != ROWS}  # fmt: skip
        if "html" not in self.audience.formats:
            files = {name: each for name, each in files.items() if not name.endswith(".html")}
        return files | ({"tables.zip": _archive(tables)} if tables else {})

    @property
    def picture(self) -> bytes | None:
        """The picture in the body of a mail, as PNG; None = there is none."""
        name = self.note["picture"]
        return (self.folder / name).read_bytes() if name else None


def parcels(settings: Settings) -> Iterator[Parcel]:
    """One parcel for each report or alert of an audience that lies written, and each recipient.

    `settings`: name the folders of reports and deliveries, and the audiences.
    """
    yield from _of_reports(settings)
    for name, audience in sorted(settings.audience.items()):
        yield from _of_alerts(settings, name, audience)


def _of_reports(settings: Settings) -> Iterator[Parcel]:
    reports = settings.resolve(settings.report.folder)
    for name, audience in sorted(settings.audience.items()):
        for note in sorted(reports.glob(f"of-{name}/[0-9]*/report.json")):
            revision = json.loads(note.read_bytes())["revision"] if audience.revisions else 1
            what = f"{note.parent.name} revision {revision}"
            for recipient in audience.recipients:
                key = id_of(name, audience, what, recipient)
                yield Parcel(key, name, audience, what, recipient, note.parent)


def _of_alerts(settings: Settings, name: str, audience: Audience) -> Iterator[Parcel]:
    """Messages of alerts, to those who were recipients when each was written."""
    for folder in messages(settings, name):
        addressed = (read_note(folder / OPEN) or {}).get("to", [])
        for recipient in audience.recipients:
            key = id_of(name, audience, folder.name, recipient)
            if key in addressed:
                yield Parcel(key, name, audience, folder.name, recipient, folder)


def id_of(name: str, audience: Audience, what: str, recipient: str) -> str:
    """The id of a delivery, which stays the same for ever.

    `name`, `audience`: who gets it, by which way. `what`: report or message. `recipient`: one of
    the audience's.
    """
    key = f"{name}\n{what}\n{audience.channel}\n{recipient}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def folder_of_alerts(settings: Settings, name: str) -> Path:
    """Where the messages of alerts of an audience lie, a folder each.

    `settings`: name the folder of deliveries. `name`: of the audience.
    """
    return settings.resolve(settings.delivery.folder) / "alerts" / f"of-{name}"


def messages(settings: Settings, name: str) -> list[Path]:
    """The folders of an audience's messages of alerts, oldest first.

    `settings`, `name`: as of `folder_of_alerts`.
    """
    return sorted(folder_of_alerts(settings, name).glob("alerts-*"))


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
