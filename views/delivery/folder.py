"""A parcel as files in a folder: whole, or not at all."""

from datetime import datetime

from contracts.settings.sections import Settings
from ingest.warehouse.files import make_folder
from views.console import export
from views.delivery.answers import Refused
from views.delivery.parcel import Parcel


def send(parcel: Parcel, settings: Settings, _: datetime) -> str:
    """Puts each file in place at once and returns the folder; doing so twice changes nothing.

    `parcel`: of an audience whose channel is folder. `settings`: paths begin at their folder.
    Raises Refused where it can't be written.
    """
    target = settings.resolve(parcel.recipient) / parcel.folder.name
    try:
        make_folder(target)
        for name, content in parcel.files().items():
            export.write(content, target / name)
    except OSError as error:
        raise Refused(f"{target}: {error.strerror}") from None
    return str(target)
