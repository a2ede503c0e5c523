"""Colours of a value on its scale."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from views.words.looks import Look
from views.words.numbers import number

Colours = npt.NDArray[np.uint8]


# Lightness (OKLab) goes in even steps, so that the eye and every kind of colour vision see
# even steps of the value; chroma and hue only help. On dark ground the order of light turns.
# Of two sides the good one is the quieter: the eye goes to where it hurts.
_DEEPENING = {
    "light": "f9f0c2 eed494 e7b567 e09439 d77206 c45403 b32f01 9b0015 760023",
    "dark": "2b235d 522c71 7d357b aa3f78 d44d67 f16c4e ff943a febf50 fce765",
}
_TWO_SIDED = {
    "light": "5a93bb 7dacca a1c4d9 c7dce8 f4f3f0 e7bea9 d2886e b9503d 990116",
    "dark": "4d829d 4a7086 455f6e 404e57 3e3d3b 745149 a66850 d8834f ffa659",
}
_LOG = ("ratio", "size")
_ONE_SIDE, _BOTH_SIDES = (0.02, 0.98), (0.1, 0.9)
_FAINTEST, _FULL = 110, 230
UNKNOWN = (140, 140, 140, 75)


@dataclass(frozen=True)
class Scale:
    """From values to colours, between two limits; outside them the end colours hold."""

    look: Look
    low: float
    high: float
    stops: tuple[str, ...]

    def place(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where values lie between the limits: 0 lowest colour, 1 highest, NaN unknown."""
        along, low, high = (self._line(x) for x in (values, self.low, self.high))
        return np.clip((along - low) / (high - low), 0, 1)

    def colours(self, values: npt.ArrayLike) -> Colours:
        """Red, green, blue of each value, shape (n, 3); NaN becomes grey.

        `values`: shape (n,), in the unit of the metric.
        """
        return self.at(self.place(values))

    def at(self, places: npt.ArrayLike) -> Colours:
        """Red, green, blue at places 0..1 along the scale, shape (n, 3); NaN becomes grey."""
        stops = np.array([[int(s[i : i + 2], 16) for i in (0, 2, 4)] for s in self.stops], float)
        where = np.asarray(places, float) * (len(stops) - 1)
        mixed = [np.interp(where, range(len(stops)), channel) for channel in stops.T]
        rgb = np.column_stack(mixed)
        rgb[np.isnan(where)] = UNKNOWN[:3]
        return rgb.round().astype(np.uint8)

    def opacities(self, lows: npt.ArrayLike, highs: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Alpha of each value, 0..255: full for a sure one, faint where the interval is wide.

        `lows`, `highs`: ends of the 90 % intervals, shape (n,); NaN = not known. Width counts as
        the scale shows it: an interval wholly beyond an end leaves no doubt of the colour.
        """
        # no interval = nothing known against the value
        unsure = np.nan_to_num(np.abs(self.place(highs) - self.place(lows)), nan=0.0)
        return (_FULL - (_FULL - _FAINTEST) * unsure).round().astype(np.int64)

    def ticks(self, n: int = 5) -> list[tuple[float, str]]:
        """Places 0..1 along the scale and what stands there; the ends say that they are open.

        `n`: how many, both ends among them.
        """
        at = np.linspace(0, 1, n)
        low, high = self._line(self.low), self._line(self.high)
        values = low + at * (high - low)
        texts = [number(float(v), self.look.figure) for v in self._back(values)]
        texts[0], texts[-1] = f"≤ {texts[0]}", f"≥ {texts[-1]}"
        return list(zip(at.tolist(), texts, strict=True))

    def _line(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        numbers = np.asarray(values, float)
        # twice and half are equally far from unchanged, ten and a hundred from one
        return np.log(np.maximum(numbers, 1e-6)) if self.look.figure in _LOG else numbers

    def _back(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.exp(values) if self.look.figure in _LOG else values


def scale(hexes: pd.DataFrame, look: Look, theme: str) -> Scale | None:
    """Colours between two percentiles of what is drawn; None = nothing to colour.

    `hexes`: value, and denominator, by which the percentiles are weighted: the scale spreads over
    calls or people, not over empty country. `look`: the metric. `theme`: light or dark. A two-sided
    scale reaches equally far to both sides of its centre.
    """
    valued = hexes[np.isfinite(hexes["value"].to_numpy(float))]
    if valued.empty:
        return None
    weights = valued["denominator"].fillna(0).to_numpy(float)
    low, high = np.quantile(
        valued["value"].to_numpy(float), _ONE_SIDE if look.centre is None else _BOTH_SIDES,
        method="inverted_cdf",
        weights=weights if weights.sum() > 0 else np.ones(len(valued)),
    ).tolist()  # fmt: skip
    if look.centre is not None:
        low, high = _around(look, low, high)
    if high - low < 1e-9:
        low, high = low - abs(low) / 10 - 1e-3, high + abs(high) / 10 + 1e-3
    family = _DEEPENING if look.centre is None else _TWO_SIDED
    stops = tuple(family[theme].split())
    return Scale(look, low, high, stops if look.bad == "high" else stops[::-1])


def _around(look: Look, low: float, high: float) -> tuple[float, float]:
    centre = look.centre or 0.0
    if look.figure == "ratio":
        reach = max(high / centre, centre / max(low, 1e-6), 1.1)
        return centre / reach, centre * reach
    reach = max(high - centre, centre - low)
    return centre - reach, centre + reach
