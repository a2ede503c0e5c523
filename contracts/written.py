"""How a share is written, wherever a sentence is made: in notes, reasons, pages and reports."""

import math

MISSING = "–"


def per_cent(share: float | None, decimals: int = 0) -> str:
    """A share in per cent: 1.84 %; `over 100 %` where it is above 1, a dash where it is missing.

    `share`: 0 to 1. Above 1 its counts contradict each other (more drops than calls), and how far
    says nothing. None or not finite = missing. `decimals`: digits behind the point.

    >>> per_cent(0.0184, 2), per_cent(735.0, 1), per_cent(float("nan"))
    ('1.84 %', 'over 100 %', '–')
    """
    if share is None or not math.isfinite(share):
        return MISSING
    return "over 100 %" if share > 1 else f"{100 * share:.{decimals}f} %"
