"""What is sent beside a report: its first lines, for the body of a mail, and one picture."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from views.drawing import charts
from views.words.periods import Period

NOTE, PICTURE = "message.json", "trend.png"


def files(page: Mapping[str, Any], period: Period, network: pd.DataFrame) -> dict[str, bytes]:
    """The files that a report of an audience has beside its page, by name.

    `page`: as of `contents.context`. `period`: the week or month. `network`: answer of
    network_periods; with fewer than two rows there is no picture.
    """
    headline = f"{page['headline']['rate']} {page['headline']['said']}".strip()
    note = {
        "subject": f"{page['operator']}: {page['title']}{period.title}",
        "headline": headline,
        "lines": page["short"],
        "picture": PICTURE if len(network) > 1 else "",
    }
    beside = {NOTE: json.dumps(note, indent=1, ensure_ascii=False).encode()}
    if note["picture"]:
        beside[PICTURE] = charts.picture(charts.trend(network, grain=period.grain), width=420)
    return beside
