"""Every column once: name, type, unit, bounds, meaning.

The dictionary in the docs, the comments in DuckDB, the empty tables of the SQL tests and the
legends of the map are made from here. Types are DuckDB's. A bound that a value breaks makes the
value impossible: `ingest.clean` refuses it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from contracts.complaints import CLASS_OF, TYPES

Type = Literal[
    "VARCHAR", "BIGINT", "UBIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMPTZ"
]


@dataclass(frozen=True)
class Field:
    """One column: what it is called, what it holds, and which values are possible."""

    name: str
    type: Type
    unit: str
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def is_time(self) -> bool:
        """Whether it holds instants."""
        return self.type == "TIMESTAMPTZ"

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, whole or not."""
        return self.type in ("BIGINT", "UBIGINT", "INTEGER", "DOUBLE")


# more than any network counts in any period
_MOST = 1e12


def _text(name: str, meaning: str, *choices: str) -> Field:
    return Field(name, "VARCHAR", "", meaning, choices=choices)


def _count(name: str, meaning: str) -> Field:
    return Field(name, "BIGINT", "n", meaning, low=0, high=_MOST)


def _spread(name: str, meaning: str) -> Field:
    # whole in a cell, fractional in a hexagon that gets a part of the cell: one name, one type
    return Field(name, "DOUBLE", "n", meaning, low=0, high=_MOST)


def _amount(
    name: str, unit: str, meaning: str, low: float | None = None, high: float | None = None
) -> Field:
    return Field(name, "DOUBLE", unit, meaning, low, high)


def _share(name: str, meaning: str) -> Field:
    return Field(name, "DOUBLE", "share", meaning, 0, 1)


def _rate(name: str, meaning: str) -> Field:
    # a drop counts as the call ends, its attempt as it started: few calls may drop more than began
    return Field(name, "DOUBLE", "share", meaning, 0)


def _percent(name: str, meaning: str) -> Field:
    return Field(name, "DOUBLE", "%", meaning, 0, 100)


def _time(name: str, meaning: str) -> Field:
    return Field(name, "TIMESTAMPTZ", "UTC", meaning)


def _date(name: str, meaning: str) -> Field:
    return Field(name, "DATE", "local day", meaning)


def _flag(name: str, meaning: str) -> Field:
    return Field(name, "BOOLEAN", "", meaning)


def _whole(name: str, unit: str, meaning: str, low: float | None, high: float | None) -> Field:
    return Field(name, "INTEGER", unit, meaning, low, high)


_PLACES = [
    _text("cell_id", "Stable key of a radio cell; text, leading zeros kept."),
    _text("cell_name", "Name of the cell as planners know it."),
    _text("known_as", "Id the cell had in this period, where it has another now."),
    _text("previous_cell_id", "Id the cell had until valid_from; its history goes on."),
    _text("stable_cell_key", "Key that stays with a cell when its id changes, if there is one."),
    _text("site_id", "Key of the mast; derived from the position where the source has none."),
    _text("site_name", "Name of the mast."),
    _text("sector_id", "A direction of a site, across bands."),
    _text("ecgi_or_ncgi", "Global cell identity, mcc-mnc-number, as text."),
    _text("operator", "Network the cell belongs to, where an inventory holds several."),
    _text("technology", "Radio generation.", "gsm", "umts", "lte", "nr"),
    _text("band", "Frequency band, such as B3 or n78."),
    _amount("freq_mhz", "MHz", "Carrier frequency.", 0),
    _amount("bandwidth_mhz", "MHz", "Channel bandwidth.", 0, 400),
    _amount("scs_khz", "kHz", "Subcarrier spacing; derived from the band where missing.", 15, 960),
    _whole("n_prb_dl", "PRB", "Downlink resource blocks; derived from the bandwidth.", 1, 3300),
    _whole("enb_id", "", "eNodeB of an LTE cell, by its ECGI: ECI = 256 x eNodeB + cell.",
           0, 2**20 - 1),
    _whole("pci", "", "Physical cell identity.", 0, 1007),
    _whole("tac", "", "Tracking area code.", 0, None),
    _amount("lat", "degrees", "Latitude, WGS84; NULL = no usable position.", -90, 90),
    _amount("lon", "degrees", "Longitude, WGS84; NULL = no usable position.", -180, 180),
    _amount("azimuth_deg", "degrees", "Clockwise from true north; NULL = omni.", 0, 360),
    _amount("h_beamwidth_deg", "degrees", "Horizontal half-power beam width.", 0, 360),
    _amount("v_beamwidth_deg", "degrees", "Vertical half-power beam width.", 0, 180),
    _amount("height_m", "m", "Antenna height above ground.", 0, 1000),
    _amount("tilt_elec_deg", "degrees", "Electrical tilt, positive = down.", -90, 90),
    _amount("tilt_mech_deg", "degrees", "Mechanical tilt, positive = down.", -90, 90),
    _amount("power_dbm", "dBm", "Transmit power.", -50, 100),
    _amount("range_m", "m", "Distance to which the cell serves.", 0, 200_000),
    _text("cell_type", "Size of the cell.", "macro", "micro", "pico", "indoor"),
    _text("vendor", "Maker of the equipment."),
    _text("region", "Planning region; of a rate, empty = outside all regions."),
    _text("district", "Part of a region."),
    _text("timezone", "IANA zone of the cell; NULL = the operator's."),
    _date("valid_from", "First day of this row; NULL = always."),
    _date("valid_to", "Day after the last of this row; NULL = still valid."),
    _text("derived", "Columns of this row that were derived, not supplied, comma-separated."),
    Field("hex_id", "UBIGINT", "H3", "Hexagon; exports also carry its 15-character text."),
    _text("hex_text", "Hexagon as its 15-character text; read instead of lat and lon."),
    _amount("pixel_weight", "any, one for all", "Traffic or area of the pixel; missing = 1.", 0),
    _whole("level", "", "H3 level of the hexagon, 0 coarse to 15 fine.", 0, 15),
    _share("weight", "Part of the cell's traffic in the hexagon or place; over hexagons it sums "
           "to 1 per cell."),
    _text("method", "What the footprint was made from: supplied coverage, where the cell's calls "
          "were, a model of its sector, or the nearest antenna.",
          "coverage", "event_shares", "sector_model", "voronoi"),
    _text("place_type", "What kind of place the row speaks of.",
          "hex", "cell", "site", "sector", "region", "network"),
    _text("place_id", "The place's key as text: hexagon text form, cell_id, site_id, sector (site "
          "and direction) or region name."),
    _text("place_name", "The place's name for people."),
]  # fmt: skip

_TIMES = [
    _time("period_start_utc", "Start of a left-closed measuring period."),
    _whole("period_s", "s", "Length of the measuring period, up to a day of 25 hours.", 1, 90_000),
    _time("hour_start_utc", "Instant at which a local clock hour starts."),
    _date("day_local", "Calendar day in the cell's or operator's zone, of 23 to 25 hours."),
    _date("month", "First day of the calendar month."),
    _text("period_grain", "Length of the period spoken of.", "day", "week", "month", "all"),
    _date("period_start", "First local day of the period."),
    _date("period_end", "Last local day of the period."),
    _text("time_grain", "How exactly the time is known.", "instant", "hour", "day", "month"),
]  # fmt: skip

_COUNTERS = [
    _spread("call_attempts", "Voice calls attempted (QCI1/5QI1)."),
    _spread("call_setups", "Voice calls set up."),
    _spread("dropped_calls", "Voice calls released abnormally while active."),
    _count("v_rel_abn", "Voice bearers released abnormally, active or not."),
    _count("v_rel_norm", "Voice bearers released normally."),
    _count("rrc_att", "RRC set-up attempts."),
    _count("rrc_succ", "RRC set-ups that succeeded."),
    _count("s1ng_att", "S1/NG signalling attempts."),
    _count("s1ng_succ", "S1/NG signalling successes."),
    _count("bearer_att", "Bearer set-up attempts."),
    _count("bearer_succ", "Bearer set-ups that succeeded."),
    _count("rel_abn_act", "Bearers released abnormally while active."),
    _count("rel_abn", "Bearers released abnormally, active or not."),
    _count("rel_norm", "Bearers released normally."),
    _amount("session_time_s", "s", "Session time; denominator of retainability.", 0),
    _count("ho_prep_att", "Outgoing handover preparations attempted."),
    _count("ho_prep_succ", "Outgoing handover preparations that succeeded."),
    _count("ho_exe_att", "Outgoing handover executions attempted."),
    _count("ho_exe_succ", "Outgoing handover executions that succeeded."),
    _amount("dl_vol_kbit", "kbit", "Downlink volume.", 0),
    _amount("ul_vol_kbit", "kbit", "Uplink volume.", 0),
    _amount("dl_thp_vol_kbit", "kbit", "Downlink volume without the last TTI.", 0),
    _amount("dl_thp_time_ms", "ms", "Time of that downlink volume.", 0),
    _amount("ul_thp_vol_kbit", "kbit", "Uplink volume without the last TTI.", 0),
    _amount("ul_thp_time_ms", "ms", "Time of that uplink volume.", 0),
    _amount("prb_dl_used", "PRB", "Mean downlink resource blocks in use over the period.", 0),
    _amount("prb_dl_avail", "PRB", "Mean downlink resource blocks available.", 0),
    _amount("prb_ul_used", "PRB", "Mean uplink resource blocks in use over the period.", 0),
    _amount("prb_ul_avail", "PRB", "Mean uplink resource blocks available.", 0),
    _percent("prb_dl_util_pct", "Downlink PRB utilisation; read where blocks are not given."),
    _percent("prb_ul_util_pct", "Uplink PRB utilisation; read where blocks are not given."),
    _amount("rrc_users_mean", "users", "Mean RRC connected users.", 0),
    _amount("rrc_users_max", "users", "Most RRC connected users.", 0),
    _amount("active_users_dl_mean", "users", "Mean users with downlink data waiting.", 0),
    _amount("unavail_s", "s", "Time the cell was not available.", 0),
    _amount("unavail_planned_s", "s", "Part of unavail_s that was planned.", 0),
    _share("availability", "Part of the period the cell was available; read instead of unavail_s."),
    _amount("delay_dl_ms", "ms", "Mean downlink RAN delay.", 0),
    _amount("pdcp_loss_dl_ppm", "ppm", "Downlink packets lost.", 0, 1e6),
    _amount("ul_interference_dbm", "dBm", "Uplink interference power.", -174, 0),
    _amount("cqi_mean", "", "Mean channel quality indicator.", 0, 15),
    _amount("rsrp_p50_dbm", "dBm", "Median reference signal power; over periods, their mean.",
            -156, -31),
    _flag("suspect", "The source itself doubts the row."),
]  # fmt: skip

_EVENTS = [
    _text("call_id", "Key of the call; from file hash and row where the source has none."),
    _text("subscriber_id", "Keyed pseudonym; the subscriber's number is never stored."),
    _time("start_utc", "Start."),
    _time("end_utc", "End; NULL = not over or unknown."),
    _amount("duration_s", "s", "Length of the call.", 0),
    _text("call_type", "Kind of call.",
          "voice_cs", "volte", "vonr", "vowifi", "video", "data", "voice"),
    _text("direction", "Mobile originated or terminated; or up or down for a change."),
    _text("start_cell_id", "Cell in which the call started."),
    _text("end_cell_id", "Cell in which the call ended."),
    _text("technology_start", "Radio generation at the start."),
    _amount("setup_time_s", "s", "Time from dialling to alerting.", 0, 600),
    _text("outcome", "How the call ended; drop rate = drop / (success + drop).",
          "success", "setup_fail", "drop", "user_abort", "unknown"),
    _text("release_cause", "Cause as the source names it."),
    _text("release_cause_class", "Who released the call.", "network_radio", "network_core",
          "transport", "other_party", "user", "device", "unknown"),
    _amount("mos", "MOS", "Speech quality.", 1, 5),
    _whole("rating_1to5", "", "Customer's rating of the call, 5 best.", 1, 5),
    _amount("rsrp_dbm", "dBm", "Reference signal power at the call.", -156, -31),
    _text("loc_method", "How the position is known; none = no usable position.", "gnss", "mdt",
          "ta_sector", "cell", "postcode", "address", "stated_place", "point", "none"),
    _amount("loc_accuracy_m", "m", "Radius within which the position is known.", 0),
    _text("usage_place", "Where the caller was, as stated (indoor, outdoor, travelling)."),
    _text("complaint_id", "Key of the complaint."),
    _time("created_utc", "When the complaint was made."),
    _time("event_utc", "When the trouble happened, if stated."),
    _text("channel", "Way by which it came.",
          "call_centre", "store", "app", "web", "social", "regulator", "sms", "email", "other"),
    _text("complaint_class", "What the complaint is about; other where its category is not mapped.",
          *TYPES),
    _text("complaint_type", "Finer class of the complaint, after the regulators' taxonomy.",
          *CLASS_OF),
    _whole("severity", "", "1 worst to 4.", 1, 4),
    _text("status", "State of the ticket or work."),
    _time("resolved_utc", "When it was resolved."),
    _flag("is_repeat", "Same customer, same trouble again, as the source says; where it does not, "
          "`[complaints] repeat_days` tells."),
    _text("postcode", "Postcode of the customer or the trouble; read for its position, not kept."),
    _text("place_text", "Where the trouble is, as stated; read for its position, not kept."),
    _text("text_redacted", "Free text with numbers, e-mails and names taken out on reading."),
    _text("response_id", "Key of the answer."),
    _text("survey_type", "Never pooled: about the brand, or about one contact.",
          "relationship", "transactional"),
    _text("wave", "Survey wave."),
    _time("invited_utc", "When the customer was invited."),
    _time("answered_utc", "When the customer answered."),
    _whole("score", "", "Likelihood to recommend: 9-10 promoter, 0-6 detractor.", 0, 10),
    _text("reason_code", "Reason the customer chose."),
    _amount("survey_weight", "", "Survey weight; 1 where none was given.", 0),
    _text("stratum", "Group of customers invited alike."),
    _count("n_invited", "Invitations sent."),
    _count("n_delivered", "Invitations delivered."),
    _count("n_completed", "Answers completed."),
    _count("n_answers", "Answers accepted here, one a person, survey type and wave."),
    _text("intervention_id", "Key of the work."),
    _text("kind", "Kind of work.", "new_site", "new_sector", "new_carrier", "bandwidth", "mimo",
          "tilt", "azimuth", "parameter", "sw_upgrade", "backhaul", "neighbour", "power",
          "decommission", "swap"),
    _text("description", "What was done, in the source's words."),
    _amount("cost_amount", "currency", "Cost of the work.", 0),
    _text("cost_currency", "Currency of the cost, ISO 4217."),
    _text("expected_effect", "Effect expected before the work."),
    _text("outage_id", "Key of the outage."),
    _flag("planned", "Planned work, not a failure."),
    _text("cause_class", "What failed.", "power", "transmission", "hardware", "software",
          "planned_work", "disaster", "energy_saving", "unknown"),
    _count("n_active_subscribers", "Subscribers active in the month."),
    _amount("arpu", "currency", "Mean revenue per subscriber and month.", 0),
]  # fmt: skip

_LINEAGE = [
    _text("source_file", "File the row came from, relative to the configuration."),
    _text("file_hash", "SHA-256 of that file, first 16 hex digits."),
    Field("source_row", "BIGINT", "",
          "Row of that file; of delimited text the header is 1, empty lines are not counted.", 1),
    _time("loaded_utc", "When the file arrived (its modification time)."),
    _text("column_name", "Column at fault; empty = the whole row."),
    _text("reason", "Why, in words."),
    _text("masked_value", "The value with letters as x and digits as 9; identifiers left out."),
    _text("scope", "row: the row was refused; value: only the value was set to missing.",
          "row", "value"),
]  # fmt: skip

_ROLLED = [
    _amount("covered_s", "s", "Time covered by accepted rows.", 0),
    _whole("n_hours", "h", "Local hours with data; a day known by its total has all.", 0, 25),
    _amount("prb_dl_used_prb_s", "PRB s", "Downlink blocks in use, times time.", 0),
    _amount("prb_dl_avail_prb_s", "PRB s", "Downlink blocks available, times time.", 0),
    _amount("prb_ul_used_prb_s", "PRB s", "Uplink blocks in use, times time.", 0),
    _amount("prb_ul_avail_prb_s", "PRB s", "Uplink blocks available, times time.", 0),
    _amount("rrc_user_s", "user s", "RRC connected users, times time.", 0),
    _amount("rrc_covered_s", "s", "Time over which users are known.", 0),
    _time("bh_hour_start_utc", "Busy hour: most RRC users of the day, else most attempts."),
    _amount("bh_prb_dl_used_prb_s", "PRB s", "Downlink blocks in use in the busy hour.", 0),
    _amount("bh_prb_dl_avail_prb_s", "PRB s", "Downlink blocks available in the busy hour.", 0),
    _spread("bh_call_attempts", "Voice calls attempted in the busy hour."),
    _spread("bh_dropped_calls", "Voice calls dropped in the busy hour."),
    _count("n_cells", "Cells with traffic in the hexagon."),
    _amount("n_cells_effective", "n",
            "Effective number of cells: (sum a)^2 / sum a^2, a = attempts in the hexagon.", 0),
]  # fmt: skip

_METRICS = [
    _rate("drop_rate", "Dropped calls / call attempts, from cell counters."),
    _percent("prb_dl_util_bh_pct", "Downlink PRB utilisation in the cells' busy hours."),
    _amount("complaints_per_1000", "per 1,000 subscribers and month",
            "Distinct complainants of one class per 1,000 active subscribers, "
            "scaled to a whole month where only a part of it is known.", 0),
    _amount("complaints_per_10k_attempts", "per 10,000 attempts",
            "Distinct complainants of one class per 10,000 call attempts: no "
            "subscriber base was given.", 0),
    _amount("nps", "points", "Promoters minus detractors, in points.", -100, 100),
    _share("call_drop_rate", "Calls reported dropped / calls reported as set up."),
    _amount("rating_mean", "1 to 5", "Mean rating of calls, 5 best.", 1, 5),
    _amount("drops_excess_month", "drops a month",
            "Dropped calls above the network's normal rate, per 30 days."),
    _amount("cells_serving", "cells", "Cells whose footprint reaches the hexagon; the "
            "denominator counts each by its weight there.", 0),
    _amount("change_ratio", "x", "Drops since the latest change / drops at the level before it.",
            0),
]  # fmt: skip

_FINDINGS = [
    _text("metric", "What was measured; a name of this dictionary."),
    _text("outcome_class", "Class within the metric, such as a complaint class."),
    _amount("numerator", "n", "What was counted; NULL = not released.", 0),
    _amount("denominator", "n", "What it was counted among; NULL = not released.", 0),
    _amount("value", "of the metric", "Best estimate; NULL = not released or no data. Of "
            "complaints and NPS it is drawn toward the surroundings (`borrowed`); all else is "
            "measured."),
    _amount("value_lo", "of the metric", "Lower end of the 90 % interval."),
    _amount("value_hi", "of the metric", "Upper end of the 90 % interval."),
    _amount("n_effective", "n", "Independent observations of the place itself.", 0),
    _amount("value_raw", "of the metric", "What was measured in the place alone; NULL = `value` is "
            "it, or not released."),
    _share("promoter_share", "Weighted share of answers of 9 and 10; of NPS only."),
    _share("detractor_share", "Weighted share of answers of 0 to 6; of NPS only."),
    _share("borrowed", "Weight of the surroundings in `value`; the place itself has the rest."),
    _amount("target", "of the metric", "What the place is held against: the setting, else the "
            "figure of all places of its grid together."),
    _share("p_worse", "Probability that the long-run value is worse than `target`."),
    _text("standing", "bad: surely worse than `target`, with few false alarms over the whole map; "
          "fine: surely not; unsure: neither.", "bad", "fine", "unsure"),
    _text("shown", "few: 1 to 4 cases, told as <5; hidden: too few persons, or it would give "
          "another place away (docs/privacy.md); of a map, unsafe: not drawn, for its data "
          "failed a check.",
          "shown", "few", "hidden", "unsafe"),
    _text("threshold_name", "Key of a limit of the regulator's view."),
    _amount("threshold_value", "of the threshold", "The limit."),
    _text("unit", "What the limit is counted in."),
    _text("meaning", "What is held to the limit, in words."),
    _text("threshold_source", "Whose limit it is."),
    _text("change_id", "Stable key: a refit that moves the date a little keeps it."),
    _time("change_utc", "When the new level starts."),
    _time("change_lo_utc", "Earliest start within the 90 % interval."),
    _time("change_hi_utc", "Latest start within the 90 % interval."),
    _time("ramp_end_utc", "End of a gradual change; NULL = a step."),
    _time("until_utc", "End of the new level: the next change or the end of the data."),
    _amount("ratio", "x", "Actual over counterfactual drops while the new level lasts.", 0),
    _amount("ratio_lo", "x", "Lower end of the 90 % interval.", 0),
    _amount("ratio_hi", "x", "Upper end of the 90 % interval.", 0),
    _text("attribution", "What the change is owed to.", "load", "relief", "other", "undecided"),
    _text("attribution_note", "Why it is undecided, or what to know beside it; NULL = nothing."),
    _share("p_load", "Probability that load is the larger part; NULL = not tested."),
    _share("load_share", "Part of the change owed to load; NULL = not tested."),
    _share("load_share_lo", "Lower end of the 90 % interval."),
    _share("load_share_hi", "Upper end of the 90 % interval."),
    _amount("drops_load", "n", "Drops owed to load; NULL = not tested."),
    _amount("drops_other", "n", "Drops owed to anything else; NULL = not tested."),
    _amount("drops_usual", "n", "Drops expected of the day had nothing changed.", 0),
    _amount("drops_with_load", "n", "Drops expected of the day with load's part of the change.", 0),
    _percent("prb_pct", "PRB utilisation of the fuller direction, middle of a step."),
    _rate("drop_rate_before", "In the four weeks before; NULL = too few calls at that load."),
    _rate("drop_rate_after", "In the four weeks after; NULL = too few calls at that load."),
    _rate("drop_rate_curve", "By the cell's load response at its rate before."),
    _amount("drops_excess", "n", "Actual minus counterfactual drops while the level lasts."),
    _amount("drops_excess_lo", "n", "Lower end of the 90 % interval."),
    _amount("drops_excess_hi", "n", "Upper end of the 90 % interval."),
    _amount("min_visible_ratio", "x", "Smallest rise that could have been seen here.", 1),
    _amount("prb_before_pct", "%", "Mean busy-hour PRB utilisation in the fortnight before.", 0),
    _amount("prb_after_pct", "%", "Mean busy-hour PRB utilisation in the fortnight after.", 0),
    _amount("prb_per_traffic_ratio", "x", "PRB utilisation of the same traffic, after over before: "
            "below 1 room was added, above 1 efficiency was lost; NULL = not known.", 0),
    _amount("attempts_before", "a day", "Mean attempts a day in the fortnight before.", 0),
    _amount("attempts_after", "a day", "Mean attempts a day in the fortnight after.", 0),
    _time("first_reported_utc", "End of the data when the finding was first reported."),
    _time("told_utc", "End of the data of the run that told the row as it is; before the newest "
          "data, an earlier run did, and it stands."),
    _text("days_hash", "Fingerprint of the cell's days by which a change was judged by the hour."),
    _text("method_version", "Version of the method that made the row."),
    _text("unsafe_reason", "Why the finding must not be trusted; NULL = no reason known."),
    _text("run_id", "Run that made the row: hash of input, settings and version."),
    _amount("knee_pct", "%", "PRB utilisation at which drops start to rise; NULL = no knee.",
            0, 100),
    _amount("knee_lo_pct", "%", "Lower end of the 90 % interval.", 0, 100),
    _amount("knee_hi_pct", "%", "Upper end of the 90 % interval.", 0, 100),
    _amount("slope", "log rate per 10 %", "Rise of the log drop rate above the knee."),
    _text("kpi", "Counter-based metric of an association; a name of this dictionary."),
    _whole("lag_months", "months", "Months by which the outcome follows.", 0, 24),
    _amount("coefficient", "", "Estimated association."),
    _amount("coefficient_lo", "", "Lower end of the 90 % interval."),
    _amount("coefficient_hi", "", "Upper end of the 90 % interval."),
    _amount("per_drop", "cases a drop", "Cases that one drop less is taken to spare: the "
            "coefficient, at least 0, and less where the control responds.", 0),
    _share("p_adjusted", "p-value after Benjamini-Hochberg."),
    _whole("n_places", "n", "Places used.", 0, None),
    _text("verdict", "What the row says.",
          "ok", "warn", "unsafe", "high", "low", "high_low", "low_high", "none"),
    _amount("statistic", "", "Local statistic."),
    _text("cause", "Finer class of what is behind."),
    _share("p_cause", "Probability of that cause among those tested."),
    _text("runner_up", "Second most likely cause."),
    _text("would_decide", "The one datum that would separate the two."),
    _whole("rank", "", "Place in the list, 1 worst.", 1, None),
    _rate("drop_rate_lo", "Lower end of the 90 % interval."),
    _rate("drop_rate_hi", "Upper end of the 90 % interval."),
    _rate("normal_rate", "The network's normal drop rate: median over its attempts."),
    _amount("drops_excess_month_lo", "drops a month", "Lower end of the 90 % interval."),
    _amount("drops_excess_month_hi", "drops a month", "Upper end of the 90 % interval."),
    _text("complainants", "Distinct complainants a month as released: a count, <5, or empty."),
    _text("dominant_cell_id", "Cell with most avoidable drops in the place; where none are known, "
          "most excess drops."),
    _amount("drops_avoidable_month", "drops a month", "Dropped calls, per 30 days, that relief "
            "from load and a fix of what else raised them would spare; NULL = not known.", 0),
    _amount("drops_avoidable_month_lo", "drops a month", "Lower end of the 90 % interval.", 0),
    _amount("drops_avoidable_month_hi", "drops a month", "Upper end of the 90 % interval.", 0),
    _amount("drops_avoidable_load", "drops a month", "Relief's part of them.", 0),
    _amount("drops_avoidable_other", "drops a month", "The fix's part of them.", 0),
    _share("avoidable_load", "Share of the counted drops that relief avoids, come first or last; "
           "what was luck in a new level is not avoided."),
    _share("avoidable_other", "Share of the counted drops that a fix avoids, come first or last; "
           "what was luck in a new level is not avoided."),
    _date("level_since", "First day of the cell's present level: among the newest days, after its "
          "last change."),
    _date("level_until", "Last day of the cell's present level."),
    _amount("days_worth", "days", "What those days are worth in usual days: by what is known of "
            "them, and by how many call on rest days and on others.", 0),
    _percent("relief_pct", "Share of its load that a cell is relieved of."),
    _text("unknown_reason", "Why nothing is known; NULL = it is."),
    _amount("drops_avoided_month", "drops a month", "Dropped calls avoided, per 30 days.", 0),
    _amount("drops_avoided_month_lo", "drops a month", "Lower end of the 90 % interval.", 0),
    _amount("drops_avoided_month_hi", "drops a month", "Upper end of the 90 % interval.", 0),
    _amount("complainants_avoided", "persons a month", "Complainants about the network fewer, by "
            "one coefficient for the whole network; NULL = not known.", 0),
    _amount("complainants_avoided_lo", "persons a month", "Lower end of the 90 % interval.", 0),
    _amount("complainants_avoided_hi", "persons a month", "Upper end of the 90 % interval.", 0),
    _amount("detractors_avoided", "persons", "Subscribers fewer who would answer 0 to 6, by one "
            "coefficient for the whole network; NULL = not known.", 0),
    _amount("detractors_avoided_lo", "persons", "Lower end of the 90 % interval.", 0),
    _amount("detractors_avoided_hi", "persons", "Upper end of the 90 % interval.", 0),
    _amount("value_month", "currency", "Revenue a month no longer at stake: detractors x mean "
            "revenue x the setting churn_per_detractor; NULL = not supplied.", 0),
    _amount("value_month_lo", "currency", "Lower end of the 90 % interval.", 0),
    _amount("value_month_hi", "currency", "Upper end of the 90 % interval.", 0),
    _count("persons_at_most", "Subscribers of the newest month at the place, rounded up to whole "
           "crowds of the release rule: no more persons are told as spared; NULL = not known."),
    _text("action_at", "Key of the cell, sector or site at which the work is done."),
    _share("avoidable_action", "Share of the cell's counted drops that the work avoids."),
    _amount("action_reach", "ratio", "Drops that the work spares in the place over all that could "
            "be avoided there; above 1 where it relieves more than the setting relief_pct.", 0),
    _amount("drops_per_cost", "drops a month per unit of cost", "Drops that the work spares in the "
            "place, for each unit of its cost; NULL = no work, or one that costs nothing.", 0),
    _amount("drops_per_cost_lo", "drops a month per unit of cost",
            "Lower end of the 90 % interval.", 0),
    _amount("drops_per_cost_hi", "drops a month per unit of cost",
            "Upper end of the 90 % interval.", 0),
    _amount("value_per_cost", "currency per unit of cost", "Revenue a month no longer at stake by "
            "the work, for each unit of its cost; NULL = not supplied.", 0),
    _amount("value_per_cost_lo", "currency per unit of cost",
            "Lower end of the 90 % interval.", 0),
    _amount("value_per_cost_hi", "currency per unit of cost",
            "Upper end of the 90 % interval.", 0),
    _whole("cost_rank", "", "Rank by benefit per cost; NULL = no work is named.", 1, None),
    _whole("cost_rank_lo", "", "Best rank by benefit per cost of its 90 % interval.", 1, None),
    _whole("cost_rank_hi", "", "Worst rank by benefit per cost of its 90 % interval.", 1, None),
    _share("cost_p_top20", "Probability of being among the first 20 by benefit per cost."),
    _text("no_action_reason", "Why no work is named beside the place; NULL = one is."),
    _flag("is_beyond_seen", "The relieved cell would be at loads at which it has hardly been."),
    _whole("rank_lo", "", "Best rank of its 90 % interval.", 1, None),
    _whole("rank_hi", "", "Worst rank of its 90 % interval.", 1, None),
    _share("p_top20", "Probability of being among the first 20."),
    _whole("simple_rank", "", "Rank by excess drops alone.", 1, None),
    _flag("in_top20_coarser", "Among the first 20 also one level coarser; NULL = not in them."),
    _flag("in_top20_finer", "Among the first 20 also one level finer; NULL = not in them."),
    _text("relief_cells", "Cells that reach the same ground and have room, with their busy-hour "
          "PRB; NULL = none."),
    _whole("n_cells_unknown", "n", "Cells of the place of which no benefit is known.", 0, None),
    _count("n_rows", "Rows."),
    _text("action", "Work proposed, as the catalogue names it; several at once joined by +."),
    _amount("budget", "currency", "Budget the plan was solved for.", 0),
    _amount("benefit_month", "drops a month", "Expected benefit per month."),
    _amount("benefit_month_lo", "drops a month", "Lower end of the 90 % interval."),
    _amount("benefit_month_hi", "drops a month", "Upper end of the 90 % interval."),
    _share("p_in_plan", "Probability of being in the plan."),
    _amount("predicted", "drops a month", "Gain predicted before the work."),
    _amount("realised", "drops a month", "Gain measured after the work."),
    _amount("realised_lo", "drops a month", "Lower end of the 90 % interval."),
    _amount("realised_hi", "drops a month", "Upper end of the 90 % interval."),
    _share("p_value", "p-value against placebo dates and places."),
    _text("table_name", "Table spoken of."),
    _text("check_name", "What was checked."),
    _text("message", "The finding in words."),
    _count("n_read", "Rows read."),
    _count("n_accepted", "Rows accepted."),
    _count("n_refused", "Rows refused; read = accepted + refused."),
    _count("n_values_missing", "Impossible values set to missing in accepted rows."),
    _count("n_resets", "Values below zero among them: the counter was reset in that period."),
    _time("as_of_utc", "End of the newest accepted period or event."),
    _text("software_version", "Version of Hexperience."),
    _whole("schema_version", "", "Version of the published tables.", 1, None),
    _text("operator_name", "The operator."),
]  # fmt: skip

_ACKNOWLEDGED = [
    Field("entry_id", "BIGINT", "", "Number of the entry in the log, in the order written.", 1),
    _text("subject_type", "What kind of thing is acknowledged.",
          "change", "site", "cell", "hex", "region"),
    _text("subject_id", "Its stable key: change_id, site_id, cell_id, hexagon text or region."),
    _text("ack_status", "How far somebody is with it; NULL = nobody has said.",
          "open", "acknowledged", "in_work", "done", "rejected"),
    _text("ack_owner", "Who looks after it, as typed in; NULL = nobody has said."),
    _text("ack_comment", "What was said last, e-mails and numbers taken out."),
    _text("ack_by", "Who wrote the entry, as typed in: nobody has to sign in."),
    _time("ack_utc", "When the entry was written."),
    _flag("is_newest", "Whether it is the newest entry of its subject: the state it is in."),
]  # fmt: skip

_PLANS = [
    _whole("plan_number", "", "1 the best plan, 2 and on plans nearly as good; 0 in none of them, "
           "but wanted in some draws.", 0, None),
    _amount("crew_weeks", "weeks", "Weeks of a crew that the work takes.", 0),
    _whole("n_options", "n", "Works there were to choose from.", 0, None),
    _whole("n_works", "n", "Works in the plan.", 0, None),
    _share("optimality_gap", "By how much of its benefit a plan may fall short of the best."),
    _flag("costs_invented", "The catalogue says its costs are invented: only their order is told."),
    _text("limit_name", "What limits the plan.", "budget", "crew_weeks", "floor"),
    _amount("limit_amount", "cost, weeks or drops", "At most so much; of a floor at least."),
    _amount("used_amount", "cost, weeks or drops", "What the plan has of it."),
    _amount("benefit_lost_month", "drops a month", "The best plan without this limit spares so "
            "many more.", 0),
]  # fmt: skip

_ALL = [*_PLACES, *_TIMES, *_COUNTERS, *_EVENTS, *_LINEAGE, *_ROLLED, *_METRICS, *_FINDINGS,
        *_ACKNOWLEDGED, *_PLANS]  # fmt: skip

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
METRICS: tuple[str, ...] = tuple(field.name for field in _METRICS)


def pick(names: Iterable[str]) -> tuple[Field, ...]:
    """Fields of these names, in their order."""
    return tuple(FIELDS[name] for name in names)
