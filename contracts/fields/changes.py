"""What a dated change says, and how much of it is due to load."""

from contracts.fields.field import amount, percent, rate, share, text, time

FIELDS = [
    text("change_id", "Stable key: a refit that moves the date a little keeps it."),
    time("change_utc", "When the change takes effect."),
    time("change_lo_utc", "Earliest start within the 90 % interval."),
    time("change_hi_utc", "Latest start within the 90 % interval."),
    time("ramp_end_utc", "End of a gradual change; NULL = a step."),
    time("until_utc", "The next change of the place, or the end of the data."),
    amount("ratio", "x", "Actual over counterfactual drops from the change to until_utc; of "
            "other KPIs, failures or the value likewise.", 0),
    amount("ratio_lo", "x", "Lower end of the 90 % interval.", 0),
    amount("ratio_hi", "x", "Upper end of the 90 % interval.", 0),
    text("attribution", "What the change is due to.", "load", "relief", "other", "undecided"),
    text("attribution_note", "Why it is undecided, or what to know beside it; NULL = nothing."),
    share("p_load", "Probability that load is the larger part; NULL = not tested."),
    share("load_share", "Part of the change due to load; NULL = not tested."),
    share("load_share_lo", "Lower end of the 90 % interval."),
    share("load_share_hi", "Upper end of the 90 % interval."),
    amount("drops_load", "n", "Drops due to load; NULL = not tested."),
    amount("drops_other", "n", "Drops due to anything else; NULL = not tested."),
    amount("drops_usual", "n", "Drops expected of the day had nothing changed.", 0),
    amount("drops_with_load", "n", "Drops expected of the day with load's part of the change.", 0),
    percent("prb_pct", "PRB utilisation of the fuller direction, middle of a step."),
    percent("rate_before_pct", "Mean of the delivered drop rates on up to 14 days before."),
    percent("rate_after_pct", "Mean of the delivered drop rates on up to 14 days from then on."),
    rate("drop_rate_before", "In the four weeks before; NULL = too few calls at that load."),
    rate("drop_rate_after", "In the four weeks after; NULL = too few calls at that load."),
    rate("drop_rate_curve", "By the cell's load response at its rate before."),
    amount("drops_excess", "n", "Actual minus counterfactual drops from the change to until_utc."),
    amount("drops_excess_lo", "n", "Lower end of the 90 % interval."),
    amount("drops_excess_hi", "n", "Upper end of the 90 % interval."),
    amount("min_visible_ratio", "x", "Smallest rise that could have been seen here; NULL = "
            "none.", 1),
    amount("prb_before_pct", "%", "Mean busy-hour PRB utilisation in the fortnight before.", 0),
    amount("prb_after_pct", "%", "Mean busy-hour PRB utilisation in the fortnight after.", 0),
    amount("prb_per_traffic_ratio", "x", "PRB utilisation of the same traffic, after over before: "
            "below 1 room was added, above 1 efficiency was lost; NULL = not known.", 0),
    text("load_moved_by", "What moved the cell's load: demand (there is more or less traffic), "
          "room (the same traffic takes less PRB: capacity was added), efficiency (it takes more, "
          "as by interference); NULL = not known.", "demand", "room", "efficiency"),
    amount("attempts_before", "a day", "Mean attempts a day in the fortnight before.", 0),
    amount("attempts_after", "a day", "Mean attempts a day in the fortnight after.", 0),
    time("first_reported_utc", "End of the data when the finding was first reported."),
    time("stated_utc", "End of the data of the run that stated the row as it is; before the newest "
          "data, an earlier run did, and it stands."),
    text("days_hash", "Fingerprint of the cell's days by which a change was judged by the hour."),
    amount("knee_pct", "%", "PRB utilisation at which drops start to rise; NULL = no knee.",
            0, 100),
    amount("knee_lo_pct", "%", "Lower end of the 90 % interval.", 0, 100),
    amount("knee_hi_pct", "%", "Upper end of the 90 % interval.", 0, 100),
    amount("slope", "log rate per 10 %", "Rise of the log drop rate above the knee."),
]  # fmt: skip
