"""The few refusals; each says what is wrong, where, and the remedy."""

import difflib
from collections.abc import Iterable, Sequence


class HexperienceError(Exception):
    """Something the person at the console can mend; the message says how."""


class Refusal(HexperienceError, ValueError):
    """Several faults of one kind, shown together: nobody mends them one run at a time."""

    def __init__(self, about: str, faults: Sequence[str]) -> None:
        self.about, self.faults = about, tuple(faults)
        super().__init__(about, self.faults)

    def __str__(self) -> str:
        return "\n".join([self.about, *(f"  - {fault}" for fault in self.faults)])


class SettingsError(Refusal):
    """The configuration can't be used as it stands."""


class InputError(Refusal):
    """Source files can't be used as they stand."""


class ContractError(Refusal):
    """A table of ours breaks its own promise: a defect of the software, not of the input."""


class NothingFound(HexperienceError, LookupError):
    """A query, table or snapshot that was asked for does not exist."""


class Damaged(NothingFound):
    """A file of ours is no longer as it was written: cut, emptied, or changed on the disk."""


class QuestionError(HexperienceError, ValueError):
    """A question is put in a way that has no answer."""


class TooMuch(QuestionError):
    """A question took more time, memory or room than [sql] allows, or was cancelled."""


class ExpressionError(HexperienceError, ValueError):
    """An expression over counters can't be read; the message says where and what was expected."""


class Interrupted(HexperienceError):
    """Stopped by the person at the console; what was finished is kept."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Ends a fault with the name that was meant, or with all names that there are.

    `name`: as somebody wrote it. `names`: those that there are.
    """
    names = list(names)
    close = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(names))}"
