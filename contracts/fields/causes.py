"""What moves experience, what caused a change, and what an intervention did."""

from contracts.fields.field import amount, share, text, whole

FIELDS = [
    whole("lag_months", "months", "Months by which the outcome follows.", 0, 24),
    amount("coefficient", "", "Estimated association: by how much the logarithm of expected cases "
            "(of NPS, points) rises as the KPI's rises by 1; of kpi dropped_calls, cases a drop."),
    amount("coefficient_se", "of the coefficient", "Its standard error, clustered by site and "
            "month.", 0),
    amount("coefficient_lo", "", "Lower end of the 90 % interval."),
    amount("coefficient_hi", "", "Upper end of the 90 % interval."),
    amount("per_drop", "cases a drop", "Cases that one drop less is taken to avoid: the "
            "coefficient, at least 0, and less where the control responds.", 0),
    share("p_adjusted", "p-value after Benjamini-Hochberg, over all associations of the run."),
    amount("selected_lo", "", "Lower end of the 90 % interval, widened where the association was "
            "selected for its p-value (false-coverage rate)."),
    amount("selected_hi", "", "Upper end of it."),
    amount("beyond_control", "", "The coefficient less what that of complaints about bills, which "
            "no network causes, lets expect at the same lag (promoters: its negative; NPS: both "
            "its parts); NULL = there is no such control."),
    amount("beyond_control_lo", "", "Lower end of the 90 % interval of that difference."),
    amount("beyond_control_hi", "", "Upper end of the 90 % interval of that difference."),
    amount("beyond_pct", "%, of NPS points", "Of effect_pct, what is beyond what complaints about "
            "bills do; NULL = there is no such control."),
    amount("beyond_pct_lo", "%, of NPS points", "Lower end of its interval, as selected_lo."),
    amount("beyond_pct_hi", "%, of NPS points", "Upper end of its interval, as selected_hi."),
    amount("effect_pct", "%, of NPS points", "More cases that go with a tenth more of the KPI."),
    amount("effect_pct_lo", "%, of NPS points", "Lower end of its interval, as selected_lo."),
    amount("effect_pct_hi", "%, of NPS points", "Upper end of its interval, as selected_hi."),
    amount("rank_correlation", "", "Spearman's correlation of the places' means.", -1, 1),
    share("rank_p", "Its p-value, at the effective number of places."),
    amount("explained_ahead", "share", "Of the outcome's variance between places, what is foreseen "
            "in the last quarter of the months from those before; below 0: worse than one rate for "
            "all. NULL = too few months."),
    amount("explained_place_mean", "share", "The same by each place's own past, without the KPI."),
    amount("explained_last_month", "share", "The same by each place's month before."),
    whole("n_places", "n", "Places used.", 0, None),
    whole("n_places_dropped", "n", "Places with KPI and outcome that tell nothing, for they have "
           "no case or one month alone.", 0, None),
    whole("n_months", "n", "Months used.", 0, None),
    *(share(f"{name}_class_share", f"Of the complainants those about {about}; NULL where a class "
            "is hidden, and of detractors.")
      for name, about in (("network", "the network"), ("device", "devices"),
                          ("account", "bills and accounts"), ("other", "other things"))),
    share("network_share", "Of all complainants, or of the detractors, those that drops and load "
          "account for: fewer if both were as in the best tenth of places and months. Beyond what "
          "complaints about bills do."),
    share("network_share_lo", "Lower end of its 90 % interval; 0 where nothing is surely seen in "
          "the whole network."),
    share("network_share_hi", "Upper end of it."),
    share("network_share_visible", "The least such share that would be seen four times in five."),
    text("association_kind", "network: survives, and differs from the control; control_too: "
          "survives, but the control may move as much; control: the control itself survives; "
          "none: does not survive; unknown: too little data.",
          "network", "control_too", "control", "none", "unknown"),
    text("reading", "The association in words."),
    text("verdict", "What the row says.",
          "ok", "warn", "unsafe", "high", "low", "high_low", "low_high", "none"),
    amount("statistic", "", "Local statistic."),
    text("cause", "Finer class of what is behind."),
    share("p_cause", "Probability of that cause among those tested."),
    text("runner_up", "Second most likely cause."),
    text("would_decide", "The one datum that would separate the two."),
    amount("realised", "drops a month", "Drops that they avoid: expected less counted; NULL = not "
            "known, or of another KPI."),
    amount("realised_lo", "drops a month", "Lower end of the 90 % interval."),
    amount("realised_hi", "drops a month", "Upper end of the 90 % interval."),
    share("p_value", "p-value of the association or, of an effect, against placebo dates and "
           "places."),
]  # fmt: skip
