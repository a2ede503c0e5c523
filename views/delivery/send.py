"""Sends what is due, once: a clear failure again later, an unclear one once more and never again.

Before each attempt the log says that it begins. What a stop leaves so is unclear: nobody knows
whether the other side took it. So nothing is lost, and nothing goes twice but after an unclear
answer, with the same id, by which a receiver can tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.errors import HexperienceError
from contracts.settings.audiences import Delivery, shown
from contracts.settings.sections import Settings
from views.delivery import folder, log, mail, webhook
from views.delivery.answers import Refused, Unclear
from views.delivery.log import Entry, State
from views.delivery.parcel import Parcel, parcels

_WAYS: dict[str, Callable[[Parcel, Settings, datetime], str]] = {
    "mail": mail.send,
    "webhook": webhook.send,
    "folder": folder.send,
}
_A_DAY = timedelta(days=1)
_LONGEST = 300


@dataclass(frozen=True)
class Standing:
    """How one parcel stands: `due` now, `waiting` for its next attempt, or at its end."""

    parcel: Parcel
    state: str
    n_attempts: int
    first_at: datetime | None = None


def standings(settings: Settings, now: datetime) -> list[Standing]:
    """How each report of an audience that lies written stands with each of its recipients.

    `settings`: with audiences and the folder of the log. `now`: what waits until then is due.
    """
    lines = log.newest(log.read(log_of(settings)))
    return [_standing(parcel, lines.get(parcel.id, []), settings.delivery, now)
            for parcel in parcels(settings)]  # fmt: skip


def _standing(parcel: Parcel, lines: list[Entry], how: Delivery, now: datetime) -> Standing:
    if not lines:
        return Standing(parcel, "due", 0)
    last, first_at = lines[-1], datetime.fromisoformat(lines[0].at_utc)
    return Standing(parcel, _state(last, lines, how, now), last.attempt, first_at)


def _state(last: Entry, lines: list[Entry], how: Delivery, now: datetime) -> str:
    if last.state in log.FINAL:
        return last.state
    if n_unclear := _n_unclear(lines):
        # one more attempt, and then it stands so, whatever that one's answer was
        return "due" if n_unclear == 1 and last.state != "refused" else "unclear"
    wait = min(timedelta(minutes=how.wait_minutes) * 2 ** (last.attempt - 1), _A_DAY)
    return "due" if now >= datetime.fromisoformat(last.at_utc) + wait else "waiting"


def _n_unclear(lines: list[Entry]) -> int:
    """Attempts of which nobody knows whether they were taken: so answered, or stopped within."""
    by_attempt = {entry.attempt: entry.state for entry in lines}
    return sum(state in ("sending", "unclear") for state in by_attempt.values())


def send_due(settings: Settings, now: datetime) -> dict[str, int]:
    """Sends all that is due and returns how many parcels stand how.

    `settings`: with audiences, ways and the folder of the log. `now`: of the clock. A way whose
    server does not answer once is not tried again in this call: the rest waits for the next.
    """
    silent: set[str] = set()
    for standing in standings(settings, now):
        way = _server(standing.parcel, settings)
        if standing.state == "due" and way not in silent and not _sent(standing, settings, now):
            silent.add(way)
    return counted(standings(settings, now))


def counted(found: list[Standing]) -> dict[str, int]:
    """How many parcels stand how: sent, due, waiting, unclear, failed.

    `found`: as of `standings`.
    """
    states = [standing.state for standing in found]
    return {name: states.count(name) for name in ("sent", "due", "waiting", "unclear", "failed")}


def _server(parcel: Parcel, settings: Settings) -> str:
    mail_server = settings.delivery.mail.host
    return f"mail {mail_server}" if parcel.audience.channel == "mail" else parcel.recipient


def _sent(standing: Standing, settings: Settings, now: datetime) -> bool:
    """Makes one attempt and notes it; whether the way answered at all."""
    parcel, attempt = standing.parcel, standing.n_attempts + 1
    first_at = standing.first_at or now.astimezone(UTC).replace(microsecond=0)
    note = _noter(parcel, attempt, log_of(settings), first_at if attempt == 1 else now)
    note("sending", "")
    try:
        answer = _WAYS[parcel.audience.channel](parcel, settings, first_at)
    except Unclear as error:
        note("unclear", str(error))
        return False
    except Refused as error:
        is_last = attempt >= settings.delivery.attempts
        note("failed" if is_last else "refused", str(error))
        return _answered(str(error))
    except HexperienceError as error:
        note("refused", str(error).split("\n")[0])
        return False
    note("sent", answer)
    return True


def _answered(said: str) -> bool:
    """Whether a refusal is an answer of the server's, which begins with its code."""
    return said[:3].isdigit()


def _noter(parcel: Parcel, attempt: int, path: Path, at: datetime) -> Callable[[State, str], None]:
    def note(state: State, answer: str) -> None:
        entry = Entry(
            parcel.id, state, attempt, at.astimezone(UTC).isoformat(timespec="seconds"),
            parcel.name, parcel.what, parcel.audience.channel, shown(parcel.recipient),
            " ".join(answer.split())[:_LONGEST],
        )  # fmt: skip
        log.add(path, entry)

    return note


def log_of(settings: Settings) -> Path:
    """The log of deliveries.

    `settings`: name its folder.
    """
    return settings.resolve(settings.delivery.folder) / "delivery.jsonl"


def would_go(settings: Settings, now: datetime) -> Iterator[dict[str, str]]:
    """What a call at `now` would send, and how the rest stands: a row a parcel.

    `settings`, `now`: as of `send_due`.
    """
    for each in standings(settings, now):
        parcel = each.parcel
        files = ", ".join(parcel.files()) if each.state == "due" else ""
        yield {
            "state": each.state, "audience": parcel.name, "what": parcel.what,
            "channel": parcel.audience.channel, "recipient": shown(parcel.recipient),
            "n_attempts": str(each.n_attempts), "files": files,
        }  # fmt: skip
