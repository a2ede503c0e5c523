"""What hours and days of cells and hexagons are made of."""

from contracts.fields.field import amount, count, spread, time, whole

FIELDS = [
    amount("covered_s", "s", "Time covered by accepted rows.", 0),
    whole("n_hours", "h", "Local hours with data; a day known by its total has all.", 0, 25),
    amount("prb_dl_used_prb_s", "PRB s", "Downlink blocks in use, times time.", 0),
    amount("prb_dl_avail_prb_s", "PRB s", "Downlink blocks available, times time.", 0),
    amount("prb_ul_used_prb_s", "PRB s", "Uplink blocks in use, times time.", 0),
    amount("prb_ul_avail_prb_s", "PRB s", "Uplink blocks available, times time.", 0),
    amount("rrc_user_s", "user s", "RRC connected users, times time.", 0),
    amount("rrc_covered_s", "s", "Time over which users are known.", 0),
    time("bh_hour_start_utc", "Busy hour: most RRC users of the day, else most attempts."),
    amount("bh_prb_dl_used_prb_s", "PRB s", "Downlink blocks in use in the busy hour.", 0),
    amount("bh_prb_dl_avail_prb_s", "PRB s", "Downlink blocks available in the busy hour.", 0),
    spread("bh_call_attempts", "Voice calls attempted in the busy hour."),
    spread("bh_dropped_calls", "Voice calls dropped in the busy hour."),
    count("n_cells", "Cells with traffic in the hexagon."),
    amount("n_cells_effective", "n",
            "Effective number of cells: (sum a)^2 / sum a^2, a = attempts in the hexagon.", 0),
]  # fmt: skip
