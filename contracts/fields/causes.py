"""What moves experience, what caused a change, and what an intervention did."""

from contracts.fields.field import amount, share, text, whole

FIELDS = [
    whole("lag_months", "months", "Months by which the outcome follows.", 0, 24),
    amount("coefficient", "", "Estimated association."),
    amount("coefficient_se", "of the coefficient", "Its standard error, clustered by site.", 0),
    amount("coefficient_lo", "", "Lower end of the 90 % interval."),
    amount("coefficient_hi", "", "Upper end of the 90 % interval."),
    amount("per_drop", "cases a drop", "Cases that one drop less is taken to avoid: the "
            "coefficient, at least 0, and less where the control responds.", 0),
    share("p_adjusted", "p-value after Benjamini-Hochberg."),
    whole("n_places", "n", "Places used.", 0, None),
    text("verdict", "What the row says.",
          "ok", "warn", "unsafe", "high", "low", "high_low", "low_high", "none"),
    amount("statistic", "", "Local statistic."),
    text("cause", "Finer class of what is behind."),
    share("p_cause", "Probability of that cause among those tested."),
    text("runner_up", "Second most likely cause."),
    text("would_decide", "The one datum that would separate the two."),
    amount("predicted", "drops a month", "Gain predicted before the intervention."),
    amount("realised", "drops a month", "Gain measured after the intervention."),
    amount("realised_lo", "drops a month", "Lower end of the 90 % interval."),
    amount("realised_hi", "drops a month", "Upper end of the 90 % interval."),
    share("p_value", "p-value against placebo dates and places."),
]  # fmt: skip
