"""What one map draws, as the map, the list beside it and the hexagon's story ask for it."""

from dataclasses import dataclass
from typing import Any

from views.shared import pickers


@dataclass(frozen=True)
class Drawn:
    """What one map draws: a layer in a period."""

    layer: pickers.Layer
    span: pickers.Period

    @property
    def asked(self) -> dict[str, Any]:
        """As the queries about hexagons want it."""
        return {
            "metric": self.layer.metric, "outcome_class": self.layer.outcome_class or "",
            "period_grain": self.span.grain, "period_start": self.span.start,
        }  # fmt: skip
