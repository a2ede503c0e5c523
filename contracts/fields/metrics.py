"""What is measured of places; each is drawn on the map."""

from contracts.fields.field import amount, percent, rate, share

FIELDS = [
    rate("drop_rate", "Dropped calls / call attempts, from cell counters."),
    percent("prb_dl_util_bh_pct", "Downlink PRB utilisation in the cells' busy hours."),
    amount("complaints_per_1000", "per 1,000 subscribers and month",
            "Distinct complainants of one class per 1,000 active subscribers, "
            "scaled to a whole month where only a part of it is known.", 0),
    amount("complaints_per_10k_attempts", "per 10,000 attempts",
            "Distinct complainants of one class per 10,000 call attempts: no "
            "subscriber base was given.", 0),
    amount("nps", "points", "Promoters minus detractors, in points.", -100, 100),
    share("call_drop_rate", "Calls reported dropped / calls reported as set up."),
    amount("rating_mean", "1 to 5", "Mean rating of calls, 5 best.", 1, 5),
    amount("drops_excess_month", "drops a month",
            "Dropped calls above a typical cell's rate, per 30 days."),
    amount("cells_serving", "cells", "Cells whose footprint reaches the hexagon; the "
            "denominator counts each by its weight there.", 0),
    share("full_6_months_share", "Part of the hexagon's cells, by weight, that is expected to be "
           "full within six months, of cells with a knee."),
    amount("change_ratio", "x", "Drops since the latest change / drops at the rate before it.",
            0),
]  # fmt: skip
