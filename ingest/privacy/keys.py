"""The secret keys of pseudonyms, by epoch."""

import hmac
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import SettingsError
from contracts.settings.sections import Settings

_SHORTEST_KEY = 32
_EPOCH = re.compile(r"([\w.-]{1,24})\s*=\s*([^\s=]\S*)")


# ------------------------------------------------------------------------------------- keys


@dataclass(frozen=True)
class Key:
    """A secret and the epoch it is for; another of either gives other pseudonyms."""

    secret: bytes
    epoch: str = ""

    @property
    def id(self) -> str:
        """A name for the key, from which nobody learns it."""
        return self._digest(f"key id|{self.epoch}")[:8]

    def pseudonym(self, domain: str, identifier: str) -> str:
        """First 32 hex digits of HMAC-SHA256: a plain hash is undone by trying all numbers.

        `domain`: such as msisdn, so that equal texts of two domains differ. `identifier`: in the
        only spelling of its domain.
        """
        return self._digest(f"{domain}|{self.epoch}|{identifier}")[:32]

    def _digest(self, text: str) -> str:
        return hmac.digest(self.secret, text.encode(), "sha256").hex()


def pseudonym_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> Key:
    """The key of all new pseudonyms; raises SettingsError where none fit is to be had.

    `settings`: with `[privacy] epoch`; '' = the newest key. `environ`: variables; $HEXPERIENCE_KEY
    goes before the key file.
    """
    keys = pseudonym_keys(settings, environ)
    wanted = settings.privacy.epoch
    if wanted in ("", keys[-1].epoch):
        return keys[-1]
    for key in keys:
        if key.epoch == wanted:
            return key
    epochs = ", ".join(key.epoch or "one without a name" for key in keys)
    fault = f"'{wanted}' is none of: {epochs}; add a line '{wanted} = KEY'"
    raise SettingsError("[privacy] epoch has no key", [fault])


def pseudonym_keys(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[Key]:
    """The keys of all epochs, the newest last; raises SettingsError where there is none.

    `settings`: with `[privacy] key_file`. `environ`: variables; $HEXPERIENCE_KEY goes before the
    key file. The text is one key, or a line `epoch = key` for each epoch.
    """
    if text := environ.get("HEXPERIENCE_KEY", "").strip():
        return list(_keys(text, "$HEXPERIENCE_KEY"))
    if not settings.privacy.key_file:
        raise SettingsError(
            "a source holds subscriber numbers, and there is no pseudonym key",
            [
                "set $HEXPERIENCE_KEY, or [privacy] key_file to a file of mode 0600, for example: "
                "(umask 077; openssl rand -hex 32 > pseudonym.key)",
            ],
        )
    path = settings.resolve(settings.privacy.key_file)
    return list(_keys(_secret(path), str(path)))


def _keys(text: str, where: str) -> Iterator[Key]:
    lines = [line.strip() for line in text.splitlines()]
    for line in [line for line in lines if line and not line.startswith("#")] or [""]:
        named = _EPOCH.fullmatch(line)
        epoch, secret = (named[1], named[2]) if named else ("", line)
        if len(secret) < _SHORTEST_KEY:
            remedy = f"{where}: {len(secret)} characters; give at least {_SHORTEST_KEY} random ones"
            raise SettingsError("the pseudonym key is too short", [remedy])
        yield Key(secret.encode(), epoch)


def _secret(path: Path) -> str:
    try:
        open_to_others = path.stat().st_mode & 0o077
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError("[privacy] key_file can't be read", [f"{path}: {error}"]) from None
    if open_to_others:
        raise SettingsError("[privacy] key_file is open to others", [f"do: chmod 600 {path}"])
    return text
