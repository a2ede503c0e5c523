"""What load was offered, where PRB is full and hides it? The calls that came say the rest.

docs/methods.md 5.0. PRB shows load until it pegs; calls are asked for however full a cell is. In
hours with room, PRB goes with attempts; carried on into full hours, attempts foretell the load
there. The network's full hours together say what a PRB of 97 % stands for; of what an hour's own
attempts say beyond that, the part counts which is no noise (Kelley 1927). Users are not asked:
those who are not served stay, so they pile up where a cell is full.

Arrays of hours have shape (cell, day, 24).
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats

# PRB % from which on it hides a part of what is asked for, where the network teaches nothing
FULL_PCT = 90.0
# classes of PRB %: up to the first edge nothing is hidden
_EDGES = np.array([70.0, 80.0, 84.0, 88.0, 91.0, 94.0, 96.0, 97.5, 98.5, 99.5, 100.1])
CLASSES = (_EDGES[:-1] + np.minimum(_EDGES[1:], 100.0)) / 2
"""PRB % in the middle of each class."""
# PRB % between which it is held against attempts
_ROOM_PCT = (25.0, 80.0)
# such hours of a day from which its own PRB per call is taken, and not the cell's
_MIN_HOURS = 4
# what is usual of a class, and that its hours do not differ, count as so many hours
_USUAL_HOURS = 200.0
_ROUNDS = 4


@dataclass(frozen=True)
class Scale:
    """What the network teaches of the load behind PRB."""

    load: Floats
    """Load in % of each class of PRB, (class,); it grows."""
    trust: Floats
    """Part of what an hour's attempts say beyond its class that is no noise, (class,), 0 to 1."""
    power: float = 1.0
    """Log load over log attempts, within days."""
    by_hour: Floats | float = 0.0
    """Log load of the same attempts by local hour, (24,)."""

    def load_of(self, prb_pct: Floats) -> Floats:
        """Load in % that a PRB utilisation stands for on average.

        `prb_pct`: in %, any shape; NaN stays NaN.
        """
        behind = np.interp(prb_pct, CLASSES, self.load)
        return np.where(prb_pct < CLASSES[0], prb_pct, behind)

    def prb_of(self, load: Floats) -> Floats:
        """PRB % that stands for a load; the inverse of `load_of`.

        `load`: in %, any shape; NaN stays NaN.
        """
        return np.where(load < self.load[0], load, np.interp(load, self.load, CLASSES))


def _as_queue(prb_pct: Floats) -> Floats:
    """Load behind PRB where only that is known: the queue of a server filled to u is 1 / (1 - u).

    >>> _as_queue(np.array([50.0, 90.0, 95.0])).round(1).tolist()
    [50.0, 90.0, 96.9]
    """
    room = 100.0 - FULL_PCT
    # the part of the last ten points that is left
    left = np.clip((100.0 - prb_pct) / room, 0.01, 1.0)
    return np.asarray(np.minimum(prb_pct, FULL_PCT) - room * np.log(left))


USUAL = Scale(_as_queue(CLASSES), np.zeros(len(CLASSES)))
"""The scale of those who know nothing of the network."""


def learn_scale(prb: Floats, attempts: Floats) -> Scale:
    """What these cells teach of the load behind PRB.

    `prb`: in % of the fuller direction, (cell, day, 24), NaN = left out. `attempts`: in that shape.
    """
    log_prb, has_room = _log_prb(prb, attempts)
    power, by_hour = _within_days(log_prb, _log(attempts), has_room)
    foretold = _foretold(prb, attempts, Scale(USUAL.load, USUAL.trust, power, by_hour))
    noise = float(np.var((foretold - log_prb)[has_room])) if has_room.any() else 1.0
    is_known = ~np.isnan(foretold) & (prb >= _EDGES[0])
    place = np.searchsorted(_EDGES, prb[is_known], side="right") - 1

    def mean(values: Floats) -> Floats:
        return np.bincount(place, values[is_known], len(CLASSES)) / np.maximum(n_hours, 1)

    n_hours = np.bincount(place, minlength=len(CLASSES))
    own_part = n_hours / (n_hours + _USUAL_HOURS)
    hidden = mean(foretold - log_prb)
    # the first class hides nothing: what is foretold of it is how far attempts are off
    hidden = own_part * (hidden - hidden[0]) + (1 - own_part) * np.log(USUAL.load / CLASSES)
    spread = np.maximum(mean(foretold**2) - mean(foretold) ** 2 - noise, 0.0)
    trust = own_part * spread / (spread + noise)
    hidden[0] = trust[0] = 0.0
    load = CLASSES * np.exp(np.maximum.accumulate(np.maximum(hidden, 0.0)))
    return Scale(load, np.maximum.accumulate(trust), power, by_hour)


def offered(prb: Floats, attempts: Floats, scale: Scale) -> Floats:
    """Load in % of each hour, (cell, day, 24); NaN where `prb` is.

    `prb`, `attempts`: as of `learn_scale`. `scale`: of their network.
    """
    by_class = np.log(np.maximum(scale.load_of(prb), 0.1))
    trust = np.where(prb < CLASSES[0], 0.0, np.interp(prb, CLASSES, scale.trust))
    beyond = np.nan_to_num(_foretold(prb, attempts, scale) - by_class)
    return np.asarray(np.exp(by_class + trust * beyond))


def _within_days(log_prb: Floats, log_attempts: Floats, has_room: Flags) -> tuple[float, Floats]:
    """Power of attempts with which PRB goes in a day's hours with room, and what hours add, (24,).

    An hour's attempts are noisier than its PRB; so PRB foretells attempts, the other way round.
    """
    n_hours = np.maximum(has_room.sum(axis=(0, 1)), 1)
    y, x = (_centred(values, has_room) for values in (log_prb, log_attempts))
    power, by_hour = 1.0, np.zeros(24)
    for _ in range(_ROUNDS):
        left = y - _centred(np.broadcast_to(by_hour, y.shape), has_room)
        together = float((x * left).sum())
        power = float((left * left).sum()) / together if together > 0 else 1.0
        by_hour = by_hour + (left - power * x).sum(axis=(0, 1)) / n_hours
    return power, by_hour


def _centred(values: Floats, is_used: Flags) -> Floats:
    """The values less their mean over the used hours of the day; 0 where an hour is not used."""
    used = np.where(is_used, values, 0.0)
    n_hours = np.maximum(is_used.sum(axis=2, keepdims=True), 1)
    return np.where(is_used, used - used.sum(axis=2, keepdims=True) / n_hours, 0.0)


def _foretold(prb: Floats, attempts: Floats, scale: Scale) -> Floats:
    """Log load by attempts, at the PRB per call of the day's hours with room; NaN = not known."""
    log_prb, has_room = _log_prb(prb, attempts)
    course = scale.power * _log(attempts) + scale.by_hour
    level = np.where(has_room, log_prb - course, 0.0)
    n_day = has_room.sum(axis=2, keepdims=True)
    n_cell = n_day.sum(axis=1, keepdims=True)
    of_day = level.sum(axis=2, keepdims=True) / np.maximum(n_day, 1)
    of_cell = level.sum(axis=(1, 2), keepdims=True) / np.maximum(n_cell, 1)
    foretold = course + np.where(n_day >= _MIN_HOURS, of_day, of_cell)
    return np.where((n_cell > 0) & (attempts > 0), foretold, np.nan)


def _log_prb(prb: Floats, attempts: Floats) -> tuple[Floats, Flags]:
    """Log PRB, and which hours have room for more."""
    has_room = (prb >= _ROOM_PCT[0]) & (prb <= _ROOM_PCT[1]) & (attempts > 0)
    return np.log(np.maximum(np.nan_to_num(prb), 0.1)), has_room


def _log(attempts: Floats) -> Floats:
    return np.log(np.maximum(attempts, 1.0))
