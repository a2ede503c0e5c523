"""When cells and sectors will be full."""

from contracts.fields.field import amount, date, share, text, whole

FIELDS = [
    text("limit_kind", "What full means: the busy hour is at the cell's own knee, at a PRB that is "
          "set, or user throughput is down to one that is set.", "knee", "prb", "throughput"),
    amount("limit_value", "% PRB or Mbps", "Load or throughput at which it is full; NULL = no "
            "knee.", 0),
    amount("load_now", "% PRB or Mbps", "Expected in the newest week, season included: busy-hour "
            "PRB at today's capacity, or user throughput.", 0),
    amount("growth_year_pct", "% a year", "Growth of busy-hour traffic; of throughput, growth of "
            "the time that a bit takes. NULL = too few weeks.", -100),
    amount("growth_year_pct_lo", "% a year", "Lower end of the 90 % interval.", -100),
    amount("growth_year_pct_hi", "% a year", "Upper end of the 90 % interval.", -100),
    amount("season_peak_pct", "%", "By how much the fullest week of a year stands above its mean; "
            "NULL = less than twelve months of history, no season is claimed.", 0),
    whole("n_weeks", "weeks", "Weeks of history that are known.", 0, None),
    amount("months_to_full", "months", "Until it is full, median; 0 = it is. NULL = not within two "
            "years, or not known: outlook says which.", 0, 24),
    amount("months_to_full_lo", "months", "Lower end of the 90 % interval; NULL = not within two "
            "years either, or not known.", 0, 24),
    amount("months_to_full_hi", "months", "Upper end of the 90 % interval; NULL = later than two "
            "years, or not known.", 0, 24),
    date("full_on", "The newest day plus months_to_full; NULL = as there."),
    share("p_full_6_months", "Probability that it is full within six months; NULL = not known."),
    text("outlook", "Full already; within 6 months with a probability of .45 or more; else by "
          "months_to_full within 24, or not; or unknown.",
          "full", "within_6", "within_24", "not_within_24", "unknown"),
    text("no_month_reason", "Why no month is known; NULL = one is, or it is not within two years."),
]  # fmt: skip
