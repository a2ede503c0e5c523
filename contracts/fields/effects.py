"""What came of interventions."""

from contracts.fields.field import amount, date, rate, text, time, whole

FIELDS = [
    text("project_id", "Project that an intervention belongs to; its works get one sheet."),
    text("sheet_kind", "What a verdict is of: one intervention, or a project.",
          "intervention", "project"),
    text("sheet_id", "intervention_id or project_id."),
    text("judged_with", "Other interventions at the same place whose weeks overlap: judged as one "
          "from the oldest's start. By id, with commas; NULL = none."),
    text("judged_at", "Kind of place that is judged: the cell worked at, or all cells of the site; "
          "of a project both may be; of customers' figures the hexagon of the site.",
          "cell", "site", "both", "hex"),
    date("work_from", "Day on which the first of the works began."),
    date("work_until", "Day on which the last of them was over."),
    date("after_until", "Last of the 28 days after them, on which they can be judged."),
    whole("n_places_worked", "n", "Places at which the works were.", 0, None),
    whole("n_places_judged", "n", "Those of them that the figures are of.", 0, None),
    whole("n_controls", "n", "Untouched places that they are held against.", 0, None),
    text("spill_basis", "How the neighbours that the works may have touched are known: handovers, "
          "the sites that take 95 % of the site's; geography, masts within two rings of hexagons, "
          "where no handovers are known; of a project both may be.",
          "handovers", "geography", "both"),
    amount("value_before", "of the KPI", "The KPI over up to 56 days before; of a success rate the "
            "share that fails."),
    amount("value_after", "of the KPI", "The same over the 28 days after."),
    amount("value_expected", "of the KPI", "What it would have been after without the works, as "
            "untouched places with such a past let expect; NULL = cannot tell."),
    text("effect_unit", "pct: effect_size is what was against what was expected, in per cent; "
          "points: their difference, in percentage points.", "pct", "points"),
    amount("effect_size", "% or points", "By how much the KPI is above what was expected, and by "
            "how much below if negative; NULL = cannot tell."),
    amount("effect_size_lo", "% or points", "Lower end of its 90 % interval."),
    amount("effect_size_hi", "% or points", "Upper end of its 90 % interval."),
    text("effect_kind", "What the interval says: better, worse, not shown (it holds no effect); of "
          "traffic more or less; or unknown.",
          "better", "worse", "more", "less", "not_shown", "unknown"),
    whole("n_placebo", "n", "Untouched places and dates taken for treated ones.", 0, None),
    amount("drift_to_undo", "% or points a month", "The verdict would not stand if the place had "
            "been drifting away from the untouched ones by so much by itself; NULL = not shown.",
            0),
    text("no_effect_reason", "Why nothing can be said; NULL = something is."),
    time("registered_utc", "End of the data of the run that registered a prediction; the work had "
          "not begun by then."),
    amount("predicted_size", "%", "By how much drops are expected to be above what they would be "
            "without the next work of the kind; negative: below."),
    amount("predicted_size_lo", "%", "Lower end of the 90 % interval."),
    amount("predicted_size_hi", "%", "Upper end of it."),
    amount("predicted", "drops a month", "Drops that the work is expected to avoid, at the newest "
            "28 days' count."),
    amount("predicted_lo", "drops a month", "Lower end of the 90 % interval."),
    amount("predicted_hi", "drops a month", "Upper end of it."),
    whole("n_judged", "n", "Works of the kind that were judged; those judged as one count once.",
           0, None),
    whole("n_better", "n", "Those of them after which drops were fewer.", 0, None),
    whole("event_day", "days", "Day before the works began, from -1 down, or after they were over, "
           "from 1 up.", None, None),
    rate("value_of_day", "The KPI on that day."),
    rate("expected_of_day", "What untouched places let expect of it: all days before together as "
           "counted, all days after as without the works."),
    rate("expected_of_day_lo", "Lower end of its 90 % interval, of one day."),
    rate("expected_of_day_hi", "Upper end of it."),
]  # fmt: skip
