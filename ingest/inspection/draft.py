"""What an unknown file looks like, in words for a person and as the start of a configuration.

What could not be seen is not guessed: it stands as CHOOSE..., which the settings accept and a run
refuses by that name.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from contracts.errors import QuestionError
from contracts.fields import FIELDS
from contracts.source import FOLLOWS_FROM
from contracts.tables import PAIRS, TABLES
from ingest.clean.doubts import by_name
from ingest.inspection.likeness import SURE, Fit, Like, factor_of
from ingest.inspection.look import Looks
from ingest.inspection.times import Moments
from ingest.inspection.trial import tried

_HALF = 0.5
"""Below this confidence nothing is written without a mark."""
_CHOOSE = "CHOOSE_THEIR_COLUMN"
_OF_DROPS = re.compile(r"drop|dcr|abbr[ui]ch|coupure|ca[ií]da", re.IGNORECASE)
_SINCE_1970 = {"%s": "seconds", "%Q": "milliseconds"}
_CONSTANT = {"period_s": 900, "survey_type": "CHOOSE relationship or transactional"}


def report(looks: Looks) -> str:
    """All that is known of a file, as text for the console. `looks`: what was seen of it."""
    columns = columns_seen(looks)
    table = [] if columns.empty else ["", columns.to_string(index=False)]
    return "\n".join([*summary(looks), *table])


def summary(looks: Looks) -> list[str]:
    """What the file seems to be, line by line. `looks`: what was seen of it."""
    lines = [f"{looks.path}: {looks.reader or 'nothing that is read here'}"]
    if looks.reader in ("delimited", "qualtrics"):
        mark = {"\t": "tab"}.get(looks.delimiter, looks.delimiter)
        lines.append(f"encoding {looks.encoding}, separator {mark}, decimal mark {looks.decimal}")
        lines.append(f"lines above the header: {looks.preamble}")
    lines += [f"texts that mean missing: {' '.join(looks.na)}"] if looks.na else []
    names = [name for name in looks.header if not name.startswith("@")]
    if looks.reader in ("pm_xml", "omes"):
        more = ", ..." if names[8:] else ""
        lines.append(f"{len(names)} counters: {', '.join(names[:8])}{more}")
    lines += ["last row: a total, not a row like the others"] if looks.footer else []
    if looks.objects:
        lines.append(f"objects: {', '.join(looks.objects[:8])}")
    if looks.vendor:
        n, total = looks.n_counters
        lines.append(f"fits vendor {looks.vendor}: {n} of its {total} counters are there")
    elif looks.fits:
        best, second = looks.fits[:2]
        lines.append(
            f"looks like table {best.table} ({best.confidence:.2f}), "
            f"less like {second.table} ({second.confidence:.2f})"
        )
    lines += [f"{len(looks.files):,} files look so: {looks.path}"] if len(looks.files) > 1 else []
    lines += [*_time_lines(looks), *(f"note: {note}" for note in looks.notes)]
    lines += [f"not unique: {looks.repeats}"] if looks.repeats else []
    lines += [*_rate_lines(looks)]
    if not looks.reader:
        return lines
    return [*lines, *tried(_first(looks), ["[[source]]", *_body(looks)])]


def _time_lines(looks: Looks) -> Iterator[str]:
    """How each column of times is written, and what must be known besides."""
    for name, times in looks.times.items():
        how = " or ".join(times.formats) or "ISO 8601"
        if times.epoch:
            how = f"{_SINCE_1970[times.formats[0]]} since 1970"
        zone = "with an offset"
        if not times.has_offset:
            zone = "without an offset: local time of some zone"
            zone += f"; the file speaks of {looks.zone}" if looks.zone else ""
        yield f"{name}: {how}, {zone}; {_start_or_end(name)}"
        if times.fault:
            yield f"{name}: {times.fault}"


def _rate_lines(looks: Looks) -> Iterator[str]:
    """What is to be done with a rate of drops that stands where a count is needed."""
    if looks.vendor or not looks.fits or looks.fits[0].table != "pm":
        return
    sure = {like.ours for like in looks.fits[0].columns if like.confidence >= SURE}
    rate = "" if "dropped_calls" in sure else _drop_rate(looks)
    if rate and "call_attempts" in sure:
        yield f"{rate}: a rate, no count; the drops are that times the attempts ([source.counters])"
    elif rate:
        yield f"{rate}: a rate, which can't be added up; give the calls behind it too"


def _drop_rate(looks: Looks) -> str:
    """Their column that is a rate of dropped calls by its name; "" = none."""
    names = (name for name in looks.header if _OF_DROPS.search(name))
    return next((name for name in names if by_name("dropped_calls", name)), "")


def _drops_of_rate(looks: Looks, sure: dict[str, Like]) -> list[str]:
    """How counts are made of a rate of drops, as a remark; none = there is no rate."""
    rate = _drop_rate(looks)
    if not rate or "call_attempts" not in sure or {"dropped_calls"} & sure.keys():
        return []
    product = f'"{rate}" * "{sure["call_attempts"].theirs}"'
    return [f"# perhaps, of per cent: [source.counters] dropped_calls = '{product} / 100'"]


def _start_or_end(name: str) -> str:
    words = re.findall(r"[a-z]+", name.lower())
    word = next((w for w in ("start", "begin", "end", "stop") if w in words), "")
    if not word:
        return "start or end is not said"
    return "end, by its name" if word in ("end", "stop") else "start, by its name"


def columns_seen(looks: Looks) -> pd.DataFrame:
    """Their columns, the shape of a value, and what each looks like with its confidence.

    `looks`: what was seen of the file. Empty where it has no columns of one table.
    """
    likes = {like.theirs: like for like in looks.fits[0].columns} if looks.fits else {}
    rows = [
        {
            "their column": name,
            "a value's shape": looks.samples.get(name, ""),
            "looks like": likes[name].ours if name in likes else "",
            "confidence": f"{likes[name].confidence:.2f}" if name in likes else "",
            "why": likes[name].why if name in likes else "",
        }
        for name in (dict.fromkeys([*looks.header, *likes]) if looks.fits else ())
    ]
    return pd.DataFrame(rows)


def toml(*seen: Looks) -> str:
    """A configuration that reads files, as far as that can be seen; empty where nothing can.

    `seen`: what was seen of each kind of file.
    """
    bodies = [_source(looks) for looks in seen if looks.reader]
    if not bodies:
        return ""
    names = ", ".join(looks.path.name for looks in seen)
    head = [
        f"# Made by `hexperience inspect` of {names}; what it could not see says CHOOSE.",
        "",
        "[operator]",
        'name = "CHOOSE"',
        'timezone = "UTC"  # CHOOSE the zone of local days, and of times written without an offset',
    ]
    return "\n".join([*head, *(line for body in bodies for line in ("", *body)), ""])


def _source(looks: Looks) -> list[str]:
    """One [[source]], line by line, with what became of the file when it was read so."""
    lines = ["[[source]]", *_body(looks)]
    return [*(f"# {line}" for line in tried(_first(looks), lines)), *lines]


def _first(looks: Looks) -> Path:
    return looks.files[0] if looks.files else looks.path


def _body(looks: Looks) -> list[str]:
    if looks.vendor:
        return _of_vendor(looks)
    if looks.reader in ("pm_xml", "omes"):
        return _of_xml(looks)
    if looks.reader == "trouble_ticket":
        return [f"path = {_text(_path(looks))}", 'table = "complaint"', 'reader = "trouble_ticket"']
    return _of_table(looks)


def _path(looks: Looks) -> str:
    return str(looks.path.resolve())


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _of_vendor(looks: Looks) -> list[str]:
    n, total = looks.n_counters
    lines = [
        f"path = {_text(_path(looks))}",
        f'vendor = "{looks.vendor}"  # {n} of {total} counters',
    ]
    if looks.reader != "delimited":
        return lines
    lines += [] if looks.encoding == "utf-8" else [f"encoding = {_text(looks.encoding)}"]
    lines += [f"delimiter = {_text(looks.delimiter)}"] if looks.delimiter != "," else []
    lines += [f"decimal = {_text(looks.decimal)}"] if looks.decimal != "." else []
    return lines


def _of_xml(looks: Looks) -> list[str]:
    kind = looks.objects[0] if looks.objects else "CHOOSE_KIND_OF_OBJECT"
    pattern = f"{kind}-(?P<cell>\\d+)$" if looks.reader == "omes" else f"{kind}=(?P<cell>[^,]+)$"
    names = [name for name in looks.header if not name.startswith("@")]
    return [
        f"path = {_text(_path(looks))}",
        'table = "pm"',
        f'reader = "{looks.reader}"',
        'repeated_rows = "combine"',
        "[source.objects]",
        f"\"@object\" = '{pattern}'",
        "[source.columns]",
        'cell_id = "{@managed_element},{cell}"'
        if looks.reader == "pm_xml"
        else 'cell_id = "{cell}"',
        'period_start_utc = "@start"',
        'period_s = "@duration_s"',
        f"[source.counters]  # the file has {', '.join(names[:12])}{', ...' if names[12:] else ''}",
        'call_attempts = "CHOOSE_A_COUNTER"',
        'dropped_calls = "CHOOSE_A_COUNTER"',
    ]


def _of_table(looks: Looks) -> list[str]:
    name = "nps" if looks.reader == "qualtrics" else looks.fits[0].table
    table = TABLES[name]
    fit = next(fit for fit in looks.fits if fit.table == name)
    sure = {like.ours: like for like in fit.columns if like.confidence >= SURE}
    if looks.reader == "qualtrics":
        sure = _of_survey(looks, sure)
    doubt = (
        ""
        if fit.confidence >= _HALF
        else f"  # CHOOSE: no table is surely like it ({fit.confidence:.2f})"
    )
    lines = [
        f"path = {_text(_path(looks))}",
        f'table = "{name}"{doubt}',
        f'reader = "{looks.reader}"',
    ]
    lines += [*_form(looks)]
    when = sure.get(table.day_of)
    is_end = when and (looks.is_end or _start_or_end(when.theirs).startswith("end"))
    if is_end and name == "pm":
        lines.append('time_is = "end"')
    if looks.reader == "qualtrics" and looks.zone:
        lines.append(f"timezone = {_text(looks.zone)}")
    elif when and "utc" in when.theirs.lower():
        lines.append('timezone = "UTC"')
    from_name = [] if table.day_of in sure else [*_from_name(_first(looks).name, table.day_of)]
    lines += ["[source.columns]"]
    lines += [_mapped(ours, like, looks) for ours, like in sure.items()]
    lacking = [one for one in _lacking(name, sure) if one != table.day_of or not from_name]
    lines += [f'{ours} = "{_CHOOSE}"' for ours in lacking]
    lines += [*_maybe(fit), *(_drops_of_rate(looks, sure) if name == "pm" else ()), *from_name]
    return [*lines, *_tables(looks, name, sure)]


def _of_survey(looks: Looks, sure: dict[str, Like]) -> dict[str, Like]:
    """Without positions, which Qualtrics takes from IP addresses; the score by its group."""
    sure = {ours: like for ours, like in sure.items() if ours not in ("lat", "lon")}
    scores = [name for name in looks.header if f"{name}_NPS_GROUP" in looks.header]
    return {**sure, "score": Like(scores[0], "score", 1.0, "")} if scores else sure


def _mapped(ours: str, like: Like, looks: Looks) -> str:
    """A line of [source.columns]; of the key with what makes it unique, or the doubt that it is."""
    is_key = bool(looks.fits) and ours == TABLES[looks.fits[0].table].key[0]
    theirs = looks.key if is_key and looks.key else like.theirs
    doubt = f"  # CHOOSE: {looks.repeats}" if is_key and looks.repeats else ""
    return f"{ours} = {_text(theirs)}{doubt}"


def _from_name(name: str, ours: str) -> list[str]:
    """How a month in a file's name is read, where the name has one."""
    months = "January|February|March|April|May|June|July|August|September|October|November|December"
    match = re.search(rf"({months})([ _-]?)(\d{{4}})", name)
    if not match or not ours:
        return []
    return [
        "[source.from_name]",
        f"pattern = '(?P<month>{months}){match[2]}(?P<year>\\d{{4}})'",
        f'{ours} = {{ text = "{{year}} {{month}}", format = "%Y %B", grain = "month" }}',
    ]


def _form(looks: Looks) -> Iterator[str]:
    """How the file is written, where that is not what the settings take for granted."""
    if looks.reader == "parquet":
        return
    if looks.encoding != "utf-8":
        yield f"encoding = {_text(looks.encoding)}"
    if looks.delimiter != ",":
        yield f"delimiter = {_text(looks.delimiter)}"
    if looks.decimal != ".":
        yield f"decimal = {_text(looks.decimal)}"
    if looks.na:
        yield f"na = [{', '.join(map(_text, looks.na))}]"
    if looks.preamble:
        yield f"header_column = {_text(looks.header[0])}"
    if looks.footer:
        yield f"footer = '^{re.escape(looks.footer)}'"


def _lacking(table: str, sure: dict[str, Like]) -> list[str]:
    """Our columns that the table can't do without and nothing in the file is surely like."""
    lacks = [
        name
        for name in TABLES[table].required
        if name not in (*sure, *_CONSTANT) and FOLLOWS_FROM.get(name) not in sure
    ]
    has_pair = any({*pair} <= sure.keys() for pair in (*PAIRS, ("prb_dl_util_pct",)))
    if table == "pm" and not has_pair:
        lacks += [name for name in PAIRS[0] if name not in sure]
    if table == "coverage" and not {"lat", "lon"} <= sure.keys() and "hex_text" not in sure:
        lacks += [name for name in ("lat", "lon") if name not in sure]
    return lacks


def _maybe(fit: Fit) -> Iterator[str]:
    for like in fit.columns:
        if like.confidence < SURE:
            yield f"# perhaps ({like.confidence:.2f}): {like.ours} = {_text(like.theirs)}"


def _tables(looks: Looks, table: str, sure: dict[str, Like]) -> Iterator[str]:
    """What stands beside [source.columns]."""
    yield from _headed("formats", _formats(looks, sure))
    scale = {o: factor_of(c.theirs, FIELDS[o]) for o, c in sure.items() if FIELDS[o].is_number}
    yield from _headed("units", _units(looks, sure))
    yield from _headed("scale", [f"{ours} = {by}" for ours, by in scale.items() if by != 1])
    constants = {
        n: v for n, v in _CONSTANT.items() if n in TABLES[table].required and n not in sure
    }
    seen = {"period_s": looks.period_s} if looks.period_s else {}
    lines = [
        f"{name} = {seen[name]}" if name in seen else f"{name} = {json.dumps(value)}  # CHOOSE"
        for name, value in constants.items()
    ]
    yield from _headed("constants", lines)
    for ours, like in sure.items():
        words = looks.choices.get(like.theirs, {}) if FIELDS[ours].choices else {}
        yield from _headed(f"values.{ours}", [f"{one} = {_text(t)}" for one, t in words.items()])


def _units(looks: Looks, sure: dict[str, Like]) -> Iterator[str]:
    """Units that stand behind numbers."""
    for ours, like in sure.items():
        units = looks.units.get(like.theirs, ()) if FIELDS[ours].is_number else ()
        if units:
            yield f"{ours} = [{', '.join(map(_text, units))}]"


def _headed(name: str, lines: Iterable[str]) -> list[str]:
    rows = [*lines]
    return [f"[source.{name}]", *rows] if rows else []


def _formats(looks: Looks, sure: dict[str, Like]) -> list[str]:
    lines = []
    for ours, like in sure.items():
        times = looks.times.get(like.theirs, Moments())
        ways = [_text(layout) for layout in times.formats]
        if times.is_open:
            lines.append(f"# day or month first? CHOOSE: {ours} = {' or '.join(ways)}")
        elif ways and FIELDS[ours].is_time:
            lines.append(f"{ours} = {ways[0]}")
    return lines


def write(seen: Sequence[Looks], out: Path) -> None:
    """Writes the start of a configuration.

    `seen`: what was seen of each kind of file. `out`: the file to write. QuestionError where
    nothing could be seen, or where there is such a file already.
    """
    text = toml(*seen)
    if not text:
        notes = "; ".join(f"{looks.path}: {'; '.join(looks.notes)}" for looks in seen)
        raise QuestionError(f"{notes}: nothing to start from")
    if out.exists():
        raise QuestionError(f"--out {out}: there is such a file; give another name")
    with out.open("x", encoding="utf-8") as file:
        file.write(text)
