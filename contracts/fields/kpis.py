"""What a KPI is, and what it comes to."""

from contracts.fields.field import amount, flag, share, text, whole

FIELDS = [
    text("kpi", "Id of a KPI: a row of table kpi."),
    text("kpi_name", "Its title."),
    text("family", "What it says of a cell.",
          "accessibility", "retainability", "mobility", "availability", "integrity",
          "utilisation", "own"),
    text("form", "How its parts become its value.", "ratio", "product", "state_mean", "sum"),
    text("formula", "Its formula over counters, or over the KPIs that it is the product of."),
    text("kpi_unit", "Unit of its value; share = 0 to 1."),
    amount("factor", "", "What numerator / denominator is multiplied by.", 0),
    text("better", "Which way is good; neither = it says how much, not how well.",
          "higher", "lower", "neither"),
    amount("least_denominator", "of the denominator", "Below it the KPI has no value.", 0),
    text("interval_kind", "How its interval is made: binomial with the scatter of days, by the "
          "spread between days, or none.", "counts", "days", "none"),
    flag("failures", "Whether it counts failures."),
    text("kpi_source", "Where its formula comes from."),
    whole("formula_version", "", "Version of the formula.", 1, None),
    text("caveat", "What a reader must know of it; NULL = nothing beyond."),
    flag("is_own", "Whether the operator defined it."),
    whole("kpi_part", "", "Which ratio of a KPI, from 1; only a product has several.", 1, None),
    amount("phi", "", "Scatter of failures from day to day, over that of counting alone.", 0),
    share("rho", "Correlation of a day's scatter with the next day's."),
    text("event_id", "Changes of one cell within three days are one event, called by the change_id "
          "of the first."),
    flag("moves_first", "Whether no other symptom of the event is sure to have begun before; "
          "several can be first."),
    flag("is_worse", "Whether the change is for the worse; NULL = of a KPI that says how much, not "
          "how well."),
    amount("change_sd", "sd", "How many standard deviations the log of the ratio lies from 0; "
            "NULL = judged by the hour.", 0),
    amount("kpi_before", "as kpi_unit", "The KPI in up to four weeks before; of a sum, of a day. "
            "NULL = not known."),
    amount("kpi_after", "as kpi_unit", "The KPI in up to four weeks after; of a sum, of a day. "
            "NULL = not known."),
    text("moved_by", "What moved the KPI. Of drops and of speed: load, or other. Of load, traffic, "
          "users and capacity: demand (there is more or less traffic), room (there are more or "
          "fewer blocks), efficiency (the same traffic takes more blocks). NULL = not known.",
          "load", "other", "demand", "room", "efficiency"),
    whole("n_days_searched", "days", "Days that could be judged.", 0, None),
    text("no_search_reason", "Why the cell was not searched; NULL = it was."),
    text("absent_reason", "Why the KPI is absent; NULL = its counters are there."),
]  # fmt: skip
