"""How a way of delivery answers: taken, surely not taken, or nobody knows; and its secrets."""

import os
import ssl
from pathlib import Path

from contracts.errors import HexperienceError, SettingsError


class Refused(HexperienceError):
    """It was surely not taken: it may be sent again."""


class Unclear(HexperienceError):
    """It may have been taken: nobody knows."""


def secret(file: Path | None, variable: str) -> str:
    """A secret from its file, else from the environment; empty where neither is there.

    `file`: which only its owner may read; None = none is named. `variable`: name in the
    environment. Raises SettingsError for a file that others may read, or that can't be read.
    """
    if file is None:
        return os.environ.get(variable, "")
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(f"{file} is open to others", [f"do: chmod 600 {file}"])
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{file} can't be read", [str(error.strerror)]) from None


def verified(ca_file: Path | None) -> ssl.SSLContext:
    """A TLS context that verifies certificate and host name, from TLS 1.2 on.

    `ca_file`: authorities of one's own, PEM; None = those of the system.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise SettingsError(f"{ca_file} is no list of certificates", [str(error)]) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
