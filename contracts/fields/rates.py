"""What a rate of a place says, and how sure it is."""

from contracts.fields.field import amount, percent, share, text

FIELDS = [
    percent("drop_rate_pct", "Calls dropped of a cell's local day, as delivered without the counts "
            "behind it, or the median of days: it does not add, and reaches no hexagon."),
    text("metric", "What was measured; a name of this dictionary."),
    text("outcome_class", "Class within the metric, such as a complaint class."),
    amount("numerator", "n", "What was counted; NULL = not released.", 0),
    amount("denominator", "n", "What it was counted among; NULL = not released.", 0),
    amount("value", "of the metric", "Best estimate; NULL = not released or no data. Of "
            "complaints and NPS it is drawn toward the surroundings (`borrowed`); all else is "
            "measured."),
    amount("value_lo", "of the metric", "Lower end of the 90 % interval."),
    amount("value_hi", "of the metric", "Upper end of the 90 % interval."),
    amount("n_effective", "n", "Independent observations of the place itself.", 0),
    amount("value_raw", "of the metric", "What was measured in the place alone; NULL = `value` is "
            "it, or not released."),
    share("promoter_share", "Weighted share of answers of 9 and 10; of NPS only."),
    share("detractor_share", "Weighted share of answers of 0 to 6; of NPS only."),
    share("borrowed", "Weight of the surroundings in `value`; the place itself has the rest."),
    amount("target", "of the metric", "What the place is held against: the setting, else the "
            "figure of all places of its grid together."),
    share("p_worse", "Probability that the long-run value is worse than `target`."),
    text("standing", "bad: surely worse than `target`, with few false alarms over the whole map; "
          "fine: surely not; unsure: neither.", "bad", "fine", "unsure"),
    text("shown", "few: 1 to 4 cases, shown as <5; hidden: too few persons, or it would give "
          "another place away (docs/privacy.md); of a map, unsafe: not drawn, for its data "
          "failed a check.",
          "shown", "few", "hidden", "unsafe"),
    text("split", "By what the figure is taken apart.", "complaint_type", "channel", "operator"),
    text("part", "One of the types, channels or operators; unknown = the source does not say."),
    text("threshold_name", "Key of a limit of the regulator's view."),
    amount("threshold_value", "of the threshold", "The limit."),
    text("unit", "What the limit is counted in."),
    text("meaning", "What is held to the limit, in words."),
    text("threshold_source", "Whose limit it is."),
    text("method_version", "Version of the method that made the row."),
    text("unsafe_reason", "Why the finding must not be trusted; NULL = no reason known."),
    text("run_id", "Run that made the row: hash of input, settings and version."),
]  # fmt: skip
