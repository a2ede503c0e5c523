"""What exports of known tools call their columns, and which of these may never be used so."""

from collections.abc import Iterator, Mapping

USUAL: dict[str, dict[str, str]] = {
    "qualtrics": {"response_id": "ResponseId", "answered_utc": "EndDate", "score": "Q1"},
}
"""Of a reader, ours = theirs where a source names nothing else."""

_FROM_IP = ("LocationLatitude", "LocationLongitude", "IPAddress")
_OF_A_PERSON = (
    "RecipientEmail",
    "RecipientFirstName",
    "RecipientLastName",
    "ExternalReference",
    "ExternalDataReference",
)


def refusals(reader: str, theirs: Mapping[str, list[str]]) -> Iterator[str]:
    """What a survey tool's columns may not be mapped to, in words.

    `theirs`: their columns that a source reads, each with ours that need it.
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
