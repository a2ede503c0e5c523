"""What files of known tools say by themselves, and which of their columns may never be used so."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.complaints import TICKET
from contracts.vendors import laid_under

USUAL: dict[str, dict[str, Any]] = {
    "qualtrics": {
        "table": "nps",
        "columns": {"response_id": "ResponseId", "answered_utc": "EndDate", "score": "Q1"},
    },
    "trouble_ticket": TICKET,
}
"""Of a reader, the keys that a source of its table need not give."""

_TABLES = ("columns", "constants", "from_name", "values", "patterns")
_FROM_IP = ("LocationLatitude", "LocationLongitude", "IPAddress")
_OF_A_PERSON = (
    "RecipientEmail",
    "RecipientFirstName",
    "RecipientLastName",
    "ExternalReference",
    "ExternalDataReference",
)


def with_usual(own: Any) -> Any:
    """A source's keys over the usual ones of its reader; "" takes a column away.

    `own`: a [[source]] as written. What is no source, or not well formed, stays what it is: the
    check that follows refuses it.
    """
    reader = own.get("reader") if isinstance(own, dict) else None
    usual = USUAL.get(reader) if isinstance(reader, str) else None
    if usual is None or own.get("table") != usual["table"]:
        return own
    named = {part: own.get(part, {}) for part in _TABLES}
    if not all(isinstance(table, dict) for table in named.values()):
        return own
    elsewhere = {*named["constants"], *named["from_name"]}
    columns = {o: t for o, t in usual["columns"].items() if o not in elsewhere}
    laid = laid_under({**usual, "columns": columns}, own)
    for part in ("values", "patterns"):
        of_use = {*laid["columns"], *named[part]}
        laid[part] = {o: rules for o, rules in laid.get(part, {}).items() if o in of_use}
    if "subscriber_id" in named["columns"]:
        laid["subscriber"] = own.get("subscriber", "msisdn")
    return laid


def of_persons(reader: str) -> tuple[str, ...]:
    """Columns of a reader's files that show who answered or from which address; none of ours.

    `reader`: its name; only `qualtrics` has such columns.
    """
    return (*_FROM_IP, *_OF_A_PERSON) if reader == "qualtrics" else ()


def refusals(reader: str, theirs: Mapping[str, list[str]]) -> Iterator[str]:
    """What a survey tool's columns may not be mapped to, in words.

    `reader`: name of the source's reader; other tools' columns are not known. `theirs`: their
    columns that a source reads, each with ours that need it.
    """
    if reader != "qualtrics":
        return
    for name, ours in theirs.items():
        where = f"[source.columns] {', '.join(ours)}: '{name}'"
        if name in _FROM_IP:
            yield (
                f"{where} tells where an internet address is registered, not where the customer "
                "is; give the customer's position or cell_id as embedded data"
            )
        elif name in _OF_A_PERSON and ours != ["subscriber_id"]:
            yield (
                f"{where} tells who answered; it may be read as subscriber_id only, which keeps "
                "a pseudonym"
            )
