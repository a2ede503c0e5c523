"""What is sent: the files of one report of an audience, and to whom each copy of it goes."""

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
from ingest.warehouse.files import damaged

_NOT_SENT = ("report.json", "message.json", "trend.png")
_LONG_AGO = (2000, 1, 1, 0, 0, 0)
"""Time that every file in an archive has: the same report makes the same bytes."""


@dataclass(frozen=True)
class Parcel:
    """One report for one recipient; `folder` holds its files, `id` stays the same for ever."""

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
        tables = {name: files.pop(name) for name in list(files) if name.endswith(".csv")}
        if "html" not in self.audience.formats:
            files = {name: each for name, each in files.items() if not name.endswith(".html")}
        return files | ({"tables.zip": _archive(tables)} if tables else {})

    @property
    def picture(self) -> bytes | None:
        """The picture in the body of a mail, as PNG; None = there is none."""
        name = self.note["picture"]
        return (self.folder / name).read_bytes() if name else None


def parcels(settings: Settings) -> Iterator[Parcel]:
    """One parcel for each report of an audience that lies written, and each of its recipients.

    `settings`: name the folder of the reports, and the audiences.
    """
    reports = settings.resolve(settings.report.folder)
    for name, audience in sorted(settings.audience.items()):
        for note in sorted(reports.glob(f"of-{name}/[0-9]*/report.json")):
            revision = json.loads(note.read_bytes())["revision"] if audience.revisions else 1
            what = f"{note.parent.name} revision {revision}"
            for recipient in audience.recipients:
                key = f"{name}\n{what}\n{audience.channel}\n{recipient}"
                digest = hashlib.sha256(key.encode()).hexdigest()[:32]
                yield Parcel(digest, name, audience, what, recipient, note.parent)


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
