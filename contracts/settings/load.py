"""All settings: default, meaning and bounds beside each; frozen once read.

TOML < environment (``HEXPERIENCE_GRID__LEVEL=7``) < arguments. Everything that is wrong is shown at
once, each fault with its key, its file and its remedy.
"""

import copy
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts import vendors
from contracts.errors import SettingsError, nearest
from contracts.kpis import Kpi
from contracts.settings.audiences import Alert, Audience
from contracts.settings.sections import DEFAULTS, Settings
from contracts.source import Section, Source

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_MANY: dict[str, type[Section]] = {
    "source": Source,
    "kpi": Kpi,
    "audience": Audience,
    "alert": Alert,
}
"""Sections that a configuration may have several of, and what each of them is."""
_HEADS = {
    "source": "[[source]]",
    "kpi": "[kpi.NAME]",
    "audience": "[audience.NAME]",
    "alert": "[alert.NAME]",
}
_NAMED = ("kpi", "audience", "alert")


def load(
    path: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    arguments: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Settings of a configuration file; raises SettingsError with every fault at once.

    `path`: a TOML file; relative paths in it begin at its folder. `environ`: variables that the
    file's texts name, and settings as HEXPERIENCE_SECTION__KEY. `arguments`: settings by section
    and key, which win over all others.
    """
    raw = _expand(_read(path), environ, faults := [])
    if "folder" in raw:
        faults.append("folder: unknown key")
    for layer in (_from_environment(environ), arguments or {}):
        faults += _lay_over(raw, layer)
    raw["folder"] = path.resolve().parent
    of_vendors = _lay_vendors_under(raw)
    settings, faults_of_settings = _judged(raw)
    faults += faults_of_settings
    # what is wrong in a vendor's TOML is shown once, with its file
    faults = [*of_vendors, *(f for f in faults if not _is_shown(f, of_vendors))]
    if faults or settings is None:
        raise SettingsError(f"{path}: {len(faults)} fault(s) in the configuration", faults)
    return settings


def _lay_over(raw: dict[str, Any], layer: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Puts a layer's settings in place of the file's; returns what can't be set so."""
    faults = []
    for section, values in layer.items():
        if isinstance(raw.get(section, {}), dict):
            raw[section] = {**raw.get(section, {}), **values}
        else:
            faults.append(f"HEXPERIENCE_{section.upper()}__...: [[{section}]] is set in the file")
    return faults


def _judged(raw: dict[str, Any]) -> tuple[Settings | None, list[str]]:
    """The settings, or as much of them as is well formed, and what is wrong with all of them."""
    try:
        settings = Settings(**raw)
    except ValidationError as error:
        faults = [_in_words(fault, raw) for fault in error.errors()]
        # what is well formed is judged too, so that one run shows everything
        sound = _without(raw, error.errors())
        return sound, [*faults, *(sound.faults() if sound else [])]
    return settings, list(settings.faults())


def reference() -> str:
    """Every setting in Markdown, as docs/settings.md holds it."""
    lines = [
        "# Settings",
        "",
        "Made from `contracts/settings/sections.py` by `make docs`; do not edit.",
        "TOML < environment (`HEXPERIENCE_GRID__LEVEL=7`) < arguments.",
        "",
    ]
    for name, section in Settings.model_fields.items():
        model = _MANY.get(name, section.annotation)
        if isinstance(model, type) and issubclass(model, Section):
            lines += _keys(_HEADS.get(name, f"[{name}]"), model)
    return "\n".join(lines)


def _keys(head: str, model: type[BaseModel]) -> list[str]:
    """A section's keys as a table in Markdown, those of sections within it behind."""
    lines = [f"## {head}", "", (model.__doc__ or "").splitlines()[0], ""]
    lines += ["| key | default | meaning |", "| --- | --- | --- |"]
    within = []
    for name, field in model.model_fields.items():
        key, kind = field.alias or name, field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            within += _keys(f"{head[:-1]}.{key}]", kind)
            continue
        default = "required" if field.is_required() else f"`{field.default!r}`"
        lines.append(f"| {key} | {default} | {field.description} |")
    return [*lines, "", *within]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "give --config FILE, set HEXPERIENCE_CONFIG, or write ./hexperience.toml"
        raise SettingsError(f"{path}: no such configuration", [remedy]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML", [str(error)]) from None


def _lay_vendors_under(raw: dict[str, Any]) -> list[str]:
    """Gives each source that names a vendor the vendor's keys; returns what is wrong in those."""
    faults: list[str] = []
    sources: list[Any] = raw["source"] if isinstance(raw.get("source"), list) else []
    for number, own in enumerate(sources):
        name = own.get("vendor") if isinstance(own, dict) else None
        if not isinstance(name, str) or not name:
            continue
        file = vendors.file_of(name, raw["folder"])
        try:
            vendor = vendors.read(file)
        except SettingsError as error:
            faults.append(f"[[source]] number {number + 1} vendor: {error!s}")
            continue
        faults += [fault for fault in vendor_faults(file, vendor) if fault not in faults]
        sources[number] = vendors.laid_under(vendor, own)
    return faults


def vendor_faults(file: Path, vendor: dict[str, Any]) -> list[str]:
    """What can't be right in a vendor's TOML by itself, each with file and key.

    `file`: path of the TOML. `vendor`: its keys, as read.
    """
    odd = [f"{key}: belongs to the [[source]]" for key in ("path", "vendor") if key in vendor]
    try:
        alone = Source(**{**vendor, "path": "x", "vendor": ""})
    except ValidationError as error:
        raw = {"source": [vendor]}
        faults = [_in_words({**f, "loc": ("source", 0, *f["loc"])}, raw) for f in error.errors()]
        odd += [re.sub(r"^\[\[source\]\] number 1 \([^)]*\) ", "", text) for text in faults]
    else:
        odd += [fault.replace("[source.", "[") for fault in alone.mapping_faults()]
    return [f"{file}: {fault}" for fault in odd]


def _is_shown(fault: str, of_vendors: list[str]) -> bool:
    """A fault that a vendor's TOML brings along, or of a source whose vendor can't be read."""
    brought = fault.replace("[source.", "[").endswith
    return any(
        fault.startswith(text.split("vendor: ")[0])
        if text.startswith("[[source]]")
        else brought(text.split(": ", 1)[1])
        for text in of_vendors
    )


def _expand(value: Any, environ: Mapping[str, str], faults: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, environ, faults) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, environ, faults) for item in value]
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if name not in environ:
            faults.append(f"{value}: the environment has no {name}; export {name}=...")
    return _VARIABLE.sub(lambda variable: environ.get(variable[1], variable[0]), value)


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    layer: dict[str, dict[str, Any]] = {}
    for name, text in sorted(environ.items()):
        if name.startswith("HEXPERIENCE_") and "__" in name:
            section, key = name.removeprefix("HEXPERIENCE_").lower().split("__", 1)
            layer.setdefault(section, {})[key] = _toml_value(text)
    return layer


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _in_words(fault: ErrorDetails, raw: dict[str, Any]) -> str:
    where, model = _where(fault["loc"], raw)
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key{nearest(str(fault['loc'][-1]), model.model_fields)}"
    if fault["type"] == "missing":
        return f"{where}: missing; it has no default"
    return f"{where}: {fault['msg']} (got {fault['input']!r})"


def _without(raw: dict[str, Any], faults: list[ErrorDetails]) -> Settings | None:
    sound = copy.deepcopy(raw)
    for fault in faults:
        *path, last = fault["loc"]
        holder: Any = sound
        for step in path:
            # pydantic also names the branch of a union, which is no key of ours
            is_key = isinstance(step, int) or (isinstance(holder, dict) and step in holder)
            holder = holder[step] if is_key else {}
        if isinstance(holder, dict):
            holder.pop(last, None)
    try:
        return Settings(**sound)
    except ValidationError:
        return None


def _where(loc: tuple[int | str, ...], raw: dict[str, Any]) -> tuple[str, type[BaseModel]]:
    first, *rest = loc
    if first == "source" and rest:
        number = int(rest[0])
        table = raw["source"][number].get("table", "no table")
        keys = " ".join(str(key) for key in rest[1:])
        return f"[[source]] number {number + 1} ({table}) {keys}", Source
    if first in _NAMED and len(rest) > 1:
        return f"[{first}.{rest[0]}] {' '.join(map(str, rest[1:]))}", _MANY[first]
    if not rest or first in _NAMED:
        return ".".join(map(str, loc)), Settings
    head, section = str(first), type(getattr(DEFAULTS, str(first)))
    while len(rest) > 1 and isinstance(within := getattr(section(), str(rest[0]), None), Section):
        head, section = f"{head}.{rest.pop(0)}", type(within)
    return f"[{head}] {' '.join(map(str, rest))}", section
