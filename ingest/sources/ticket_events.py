"""Events of trouble tickets (TMF621, notifications): all of one ticket are one ticket at its end.

Source: TMF621 version 4, "Notification resource models", and version 5, the same.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

_SPECIFICATION = "TroubleTicketSpecification"
_OF_SPECIFICATIONS = {"specCharacteristic", "targetEntitySchema", "lifecycleStatus"}
_OF_TICKETS = {"creationDate", "status", "severity", "ticketType", "description"}
_RESOLVED = {"resolved", "closed"}
_NEEDED = {"id", "status", "creationDate", "resolutionDate"}


class _Event(NamedTuple):
    """One event: its row in the file, when it was, whether it creates, and the ticket in it."""

    row: int
    time: str
    creates: bool
    ticket: dict[str, Any]


def no_complaint(value: dict[str, Any]) -> str:
    """Why a JSON object is neither a ticket nor an event of one, in words; "" = it is.

    `value`: the object.
    """
    if _is_event(value):
        event, kind = value["event"], str(value.get("eventType", ""))
        if not isinstance(event.get("troubleTicket"), dict):
            return "an event of something else than a ticket: no complaint"
        if "Delete" in kind:
            return "a deletion: its ticket stays as the events before say"
        return no_complaint(event["troubleTicket"])
    kinds = {value.get("@type"), value.get("@baseType")}
    is_bare = bool(value.keys() & _OF_SPECIFICATIONS) and not value.keys() & _OF_TICKETS
    if _SPECIFICATION in kinds or is_bare:
        return f"a {_SPECIFICATION}: it says what tickets look like, and is no complaint"
    return ""


def _is_event(value: dict[str, Any]) -> bool:
    return isinstance(value.get("event"), dict) and bool(
        value.keys() & {"eventType", "eventId", "eventTime"}
    )


class Histories:
    """The events of each ticket of a file.

    `named`: names of the parts of a ticket that are read; nothing else of it is kept.
    """

    def __init__(self, named: set[str]) -> None:
        self._named = named | _NEEDED
        self._events: dict[str, list[_Event]] = {}

    def take(self, row: int, value: dict[str, Any]) -> bool:
        """Whether a JSON object is an event, which then is kept. `row`: its number in the file."""
        if not _is_event(value):
            return False
        whole = value["event"]["troubleTicket"]
        ticket = {k: v for k, v in whole.items() if k in self._named and v is not None}
        kind = str(value.get("eventType", ""))
        event = _Event(row, str(value.get("eventTime") or ""), "Create" in kind, ticket)
        # one without an id is of a ticket of its own
        name = ticket.get("id")
        self._events.setdefault(name if isinstance(name, str) else f"\0{row}", []).append(event)
        return True

    def tickets(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Row of the first event of each ticket, and the ticket as it is after its last."""
        for events in self._events.values():
            yield events[0].row, _merged(_in_time(events))


def _in_time(events: list[_Event]) -> list[_Event]:
    """The events by their times; as they stand where one has none that can be compared."""
    try:
        times = {event.row: datetime.fromisoformat(event.time) for event in events}
        return sorted(events, key=lambda event: times[event.row])
    except (ValueError, TypeError):
        return events


def _merged(events: list[_Event]) -> dict[str, Any]:
    """A ticket after its events: what a later one says holds, and its state says when it ended."""
    ticket = {name: value for event in events for name, value in event.ticket.items()}
    created = next((event.time for event in events if event.creates), "")
    if created:
        ticket.setdefault("creationDate", created)
    if _is_resolved(ticket):
        ticket.setdefault("resolutionDate", _resolved_at(events))
    elif "status" in ticket and any(map(_is_resolved, (event.ticket for event in events))):
        # opened again
        ticket.pop("resolutionDate", None)
    return ticket


def _resolved_at(events: list[_Event]) -> str:
    """Time of the event that resolved a ticket for good."""
    time = ""
    for event in events:
        if "status" in event.ticket:
            time = (time or event.time) if _is_resolved(event.ticket) else ""
    return time


def _is_resolved(ticket: dict[str, Any]) -> bool:
    return str(ticket.get("status", "")).lower() in _RESOLVED
