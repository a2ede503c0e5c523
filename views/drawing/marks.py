"""What all charts share: their colours, layers, headings, and axes with their labels inside."""

from typing import Any

import altair as alt

UP, DOWN, QUIET, DOT = "#c2570c", "#2c7fb8", "#8a8f98", "#3d7ba6"


def layered(*layers: alt.Chart) -> alt.LayerChart:
    """The layers over one another, the first at the bottom."""
    return alt.LayerChart(layer=list(layers))


def labels_inside(**axis: Any) -> alt.Axis:
    """An axis upright with its labels inside, so that panels of a column begin and end with it.

    `axis`: what else is to be said of it, as `altair.Axis` takes it.
    """
    return alt.Axis(labelAlign="left", labelBaseline="bottom", labelPadding=-2, domain=False,
                    ticks=False, title=None, **axis)  # fmt: skip


def heading(text: str | list[str], offset: int = 2) -> alt.Title:
    """What stands over a chart, small and to the left.

    `text`: one line, or several. `offset`: pixels between it and the chart.
    """
    return alt.Title(text, anchor="start", fontSize=11, fontWeight="normal", offset=offset)
