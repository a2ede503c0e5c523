"""How one kind of file maps to a table: a [[source]] of the configuration, and what faults it has.

Ours = theirs throughout. What it means, the reader that `reader` names knows.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts import expressions
from contracts.errors import ExpressionError, nearest
from contracts.exports import refusals, with_usual
from contracts.fields import FIELDS
from contracts.tables import PAIRS, SOURCES, TABLES

_OF_COLUMNS = ("formats", "scale", "units", "values", "patterns")
# a required column that `ingest.clean` makes of another
FOLLOWS_FROM = {"complaint_class": "complaint_type"}
# what is not a column of ours because it can't be added up, and what to give in its place
_OF_COUNTS = (
    "; a rate can't be added up: give call_attempts, and the drops behind it or "
    "[source.counters] dropped_calls = 'their rate * their attempts / 100'; where no count is "
    'known, give the rate of a day as drop_rate_pct of table = "cell_rate"'
)
_RATES = dict.fromkeys(("drop_rate", "drop_rate_pct", "dropped_call_rate", "dcr"), _OF_COUNTS)


class Section(BaseModel):
    """Keys that are known, and frozen once read."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FromName(Section):
    """A value that stands in the file's name."""

    text: str = Field(description="Template over the pattern's groups, such as {year} {month}.")
    format: str = Field("", description="strptime format, for times and months.")
    grain: Literal["instant", "hour", "day", "month"] = Field(
        "instant", description="How exactly the time is known."
    )


class Source(Section):
    """One kind of file and how it maps to a table; ours = theirs throughout."""

    table: Literal[SOURCES] = Field(description="Source table it fills.")  # type: ignore[valid-type]
    path: str = Field(
        description="File or glob, relative to the configuration, ${VARIABLES}; it may lead into "
        "archives and workbooks (raw/*.zip/**/*.csv, cells.xlsx/Sites)."
    )
    reader: Literal["delimited", "parquet", "pm_xml", "omes", "qualtrics", "trouble_ticket"] = (
        Field(
            "delimited",
            description="Format of the files; trouble_ticket is TM Forum's TMF621 (JSON).",
        )
    )
    max_gigabytes: float = Field(
        8, gt=0, description="Largest file taken, unpacked; a larger one is refused."
    )
    timezone: str = Field(
        "", description="Zone of times written without an offset; empty = the operator's."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        ",", description="Between the columns."
    )
    encoding: str = Field("utf-8", description="Text encoding.")
    subscriber: Literal["msisdn", "imsi", "email", "account"] = Field(
        "msisdn",
        description="What subscriber_id holds: telephone number, IMSI, e-mail or account; of a "
        "trouble ticket whose customer is found by itself: account.",
    )
    persons: bool = Field(
        True,
        description="Whether rows are of persons; false for a public set, such as a regulator's: "
        "its figures are not suppressed. Of calls, complaints and answers.",
    )
    decimal: Literal[".", ","] = Field(".", description="Decimal mark.")
    thousands: Literal["", ".", ",", " ", "'", "_"] = Field(
        "",
        description="Mark between thousands; empty = blanks and apostrophes are read, and the "
        "other mark where the column leaves no doubt.",
    )
    units: dict[str, str | tuple[str, ...]] = Field(
        {}, description="Ours = the unit that stands behind their numbers, such as MHz, or a list."
    )
    id_case: Literal["", "upper", "lower"] = Field(
        "", description="Case that identifiers are put in; empty = as they are written."
    )
    na: tuple[str, ...] = Field((), description="Texts that mean missing; empty always does.")
    columns: dict[str, str] = Field(
        {}, description="Ours = their column, or several in one text, such as {mnc}-{cell}."
    )
    formats: dict[str, str | tuple[str, ...]] = Field(
        {},
        description="Ours = strptime format, or a list of which the first that fits a text reads "
        "it; else ISO 8601.",
    )
    scale: dict[str, float] = Field({}, description="Ours = factor their number is multiplied by.")
    constants: dict[str, str | int | float | bool] = Field({}, description="Ours = one value.")
    values: dict[str, dict[str, str | list[str]]] = Field(
        {}, description="Ours: our value = their text, or a list of texts."
    )
    patterns: dict[str, dict[str, str]] = Field(
        {},
        description="Ours: our value = regex, any case, over texts that `values` does not map; "
        "the first that fits.",
    )
    from_name: dict[str, str | FromName] = Field(
        {}, description="pattern = regex over the file name; ours = text, format, grain."
    )
    vendor: str = Field(
        "",
        description="Vendor's export on the shelf (docs/vendors.md) or path of a TOML of yours; "
        "gives every key that is not given here.",
    )
    skip_lines: int = Field(0, ge=0, description="Lines above the header line.")
    header_column: str = Field(
        "", description="A column of the header line; lines above that line are skipped."
    )
    footer: str = Field(
        "",
        description="Regex over a row's first text: the export's own totals, refused as such.",
    )
    objects: dict[str, str] = Field(
        {}, description="Their column = regex; its named groups can stand in [source.columns]."
    )
    time_is: Literal["start", "end"] = Field(
        "start", description="Whether their time of a period is its start or its end."
    )
    counters: dict[str, str | tuple[str, ...]] = Field(
        {},
        description="Ours = expression over their columns, such as (A - B) / 1000, or a list of "
        "which the first counts whose columns are there; none there = ours is not available.",
    )
    partial: bool = Field(
        False, description="A file gives a part of the counters; others of its cells give the rest."
    )
    repeated_rows: Literal["refuse", "combine", "sum"] = Field(
        "refuse",
        description="Rows of one cell and period in a file: refuse all but the first, combine "
        "those with other counters, or sum them (relations of one cell).",
    )
    vector_index: str = Field(
        "", description="Their column with the element's number, where a vector fills several rows."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_usual(cls, own: Any) -> Any:
        """A known tool's columns need no naming; what the source names itself wins."""
        return with_usual(own)

    @property
    def given(self) -> set[str]:
        """Our columns that this source gives."""
        return {*self.columns, *self.constants, *self.from_name, *self.counters} - {"pattern"}

    def layouts(self, name: str) -> tuple[str, ...]:
        """Formats of our column of times `name`, in order; none = ISO 8601."""
        formats = self.formats.get(name, ())
        return (formats,) if isinstance(formats, str) else formats

    def units_of(self, name: str) -> tuple[str, ...]:
        """Texts of units that stand behind the numbers of our column `name`; none = plain."""
        units = self.units.get(name, ())
        return (units,) if isinstance(units, str) else units

    @property
    def formulas(self) -> list[tuple[str, str]]:
        """Ours and an expression for it, the one to be preferred first."""
        return [
            (ours, text)
            for ours, texts in self.counters.items()
            for text in ([texts] if isinstance(texts, str) else texts)
        ]

    @property
    def direct(self) -> dict[str, str]:
        """Our columns that are one of theirs as it is, each with its name."""
        return {ours: text for ours, text in self.columns.items() if parts_of(text) == [text]}

    @property
    def groups(self) -> dict[str, list[str]]:
        """Named groups of [source.objects], each with their columns it can be found in."""
        groups: dict[str, list[str]] = {}
        for column, pattern in self.objects.items():
            for group in re.findall(r"\(\?P<(\w+)>", pattern):
                groups.setdefault(group, []).append(column)
        return groups

    @property
    def theirs(self) -> dict[str, list[str]]:
        """Their columns that must be there, each with ours that need it."""
        read: dict[str, list[str]] = {}
        for ours, text in self.columns.items():
            for name in parts_of(text):
                if name not in self.groups:
                    read.setdefault(name, []).append(ours)
        return read

    def faults(self) -> Iterator[str]:
        """What can't be right in this mapping, in words."""
        yield from self.mapping_faults()
        table = TABLES[self.table]
        for name in table.required:
            if name not in self.given and FOLLOWS_FROM.get(name) not in self.given:
                yield f"[source.columns] {name}: required by {table.name}; name their column"
        yield from self._pair_faults()
        if not self.persons and "subscriber_id" in self.given:
            yield "persons = false: [source.columns] subscriber_id names persons; drop one of them"

    def mapping_faults(self) -> Iterator[str]:
        """What can't be right in what is given, whatever else a source may give."""
        table = TABLES[self.table]
        columns = {*table.columns, *table.read_instead}
        for part in (
            "columns",
            "formats",
            "scale",
            "units",
            "constants",
            "values",
            "patterns",
            "from_name",
            "counters",
        ):
            for name in getattr(self, part):
                if name not in columns and (part, name) != ("from_name", "pattern"):
                    hint = _RATES.get(name) or nearest(name, columns)
                    yield f"[source.{part}] {name}: no column of {table.name}{hint}"
                elif part in _OF_COLUMNS and name not in self.given:
                    yield f"[source.{part}] {name}: not in [source.columns], so it changes nothing"
        if self.thousands == self.decimal:
            yield f'thousands: "{self.thousands}" is the decimal mark too; give [source] decimal'
        for name in set(self.columns) & set(self.constants):
            yield f"[source.constants] {name}: also in [source.columns]; keep one of them"
        yield from refusals(self.reader, self.theirs)
        yield from _pattern_faults(self.patterns)
        yield from self._name_faults()
        yield from self._counter_faults()
        yield from self._object_faults()

    def _counter_faults(self) -> Iterator[str]:
        for name, text in self.formulas:
            where = f"[source.counters] {name}"
            if name in self.columns or name in self.constants:
                yield f"{where}: also in [source.columns] or [source.constants]; keep one of them"
            if name in FIELDS and not FIELDS[name].is_number:
                yield f"{where}: no number; name their column in [source.columns]"
            try:
                vectors = list(expressions.vectors(expressions.parse(text)))
            except ExpressionError as error:
                yield f"{where}: {text!r}: {error}"
                continue
            if vectors and self.repeated_rows == "sum":
                yield f"{where}: repeated_rows = 'sum' can't add the vectors {', '.join(vectors)}"
        if self.time_is == "end" and "period_s" not in TABLES[self.table].columns:
            yield f"time_is: rows of {self.table} have no period that could end"

    def _object_faults(self) -> Iterator[str]:
        for column, pattern in {**self.objects, "": self.footer}.items():
            where = f"[source.objects] {column}" if column else "footer"
            try:
                groups = re.compile(pattern).groupindex
            except re.error as error:
                yield f"{where}: no regex ({error})"
                continue
            if column and not groups:
                yield f"{where}: no named group (?P<name>...) in '{pattern}'"

    def _pair_faults(self) -> Iterator[str]:
        whole = self.partial or any({*pair} <= self.given for pair in PAIRS)
        if self.table == "pm" and not whole and "prb_dl_util_pct" not in self.given:
            pairs = ", or ".join(" and ".join(pair) for pair in PAIRS)
            yield f"[source.columns] pm needs one complete pair: {pairs}, or prb_dl_util_pct"
        placed = {"lat", "lon"} <= self.given or "hex_text" in self.given
        if self.table == "coverage" and not placed:
            yield "[source.columns] coverage needs lat and lon of each pixel, or hex_text"

    def _name_faults(self) -> Iterator[str]:
        pattern = self.from_name.get("pattern", "")
        if not self.from_name:
            return
        if not isinstance(pattern, str) or not pattern:
            yield "[source.from_name] pattern: missing; give a regex over the file name"
            return
        try:
            groups = set(re.compile(pattern).groupindex)
        except re.error as error:
            yield f"[source.from_name] pattern: no regex ({error})"
            return
        for name, rule in self.from_name.items():
            wanted = set(re.findall(r"\{(\w+)\}", rule.text if isinstance(rule, FromName) else ""))
            for group in sorted(wanted - groups):
                yield f"[source.from_name] {name}: no group (?P<{group}>...) in the pattern"


def parts_of(text: str) -> list[str]:
    """Their columns in one text of [source.columns]: those in braces, else the whole text.

    `text`: such as `Date` or `{Date} {Hour}`.
    """
    return re.findall(r"\{([^{}]+)\}", text) or [text]


def _pattern_faults(patterns: dict[str, dict[str, str]]) -> Iterator[str]:
    rules = [(name, ours, pattern) for name in patterns for ours, pattern in patterns[name].items()]
    for name, ours, pattern in rules:
        where, field = f"[source.patterns.{name}] {ours}", FIELDS.get(name)
        choices = field.choices if field else ()
        if choices and ours not in choices:
            yield f"{where}: no value of {name}{nearest(ours, choices)}"
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{where}: no regex ({error})"
