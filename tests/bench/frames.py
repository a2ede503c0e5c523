"""Frames of the tables that contracts declare."""

from typing import Any

import numpy as np
import pandas as pd

from contracts.tables import table


def rows(name: str, **given: Any) -> pd.DataFrame:
    """A frame of a table's columns in its order; what is not given is missing."""
    frame = pd.DataFrame(given)
    fields = [field for field in table(name).fields if field.name not in frame]
    empty = {field.name: np.nan if field.is_number else None for field in fields}
    return frame.assign(**empty)[list(table(name).columns)]
