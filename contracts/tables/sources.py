"""Tables as operators deliver them."""

from contracts.tables.columns import ADDITIVE, COUNTED, LINEAGE, POSITION, names
from contracts.tables.table import Table

TABLES = [
    Table(
        "cell", "source", "one radio cell in one period of validity",
        names("""cell_id cell_name site_id site_name sector_id ecgi_or_ncgi operator technology
            band freq_mhz bandwidth_mhz scs_khz n_prb_dl enb_id pci tac lat lon azimuth_deg
            h_beamwidth_deg v_beamwidth_deg height_m tilt_elec_deg tilt_mech_deg power_dbm range_m
            cell_type vendor region district timezone valid_from valid_to known_as previous_cell_id
            stable_cell_key derived""") + LINEAGE,
        key=("cell_id", "valid_from"), required=("cell_id", "lat", "lon"),
    ),
    Table(
        "pm", "source", "one cell in one measuring period",
        names("cell_id period_start_utc period_s") + ADDITIVE
        + names("""prb_dl_used prb_dl_avail prb_ul_used prb_ul_avail prb_dl_util_pct
            prb_ul_util_pct rrc_users_mean rrc_users_max
            active_users_dl_mean delay_dl_ms pdcp_loss_dl_ppm ul_interference_dbm cqi_mean
            rsrp_p50_dbm suspect""") + COUNTED + LINEAGE,
        key=("cell_id", "period_start_utc", "period_s"),
        required=("cell_id", "period_start_utc", "period_s"),
        read_instead=("availability", "technology"),
        day_of="period_start_utc",
    ),
    Table(
        "cell_rate", "source", "one cell's drop rate of one local day, without its counts",
        names("cell_id day_local period_start_utc time_grain drop_rate_pct") + LINEAGE,
        key=("cell_id", "day_local"),
        required=("cell_id", "period_start_utc", "drop_rate_pct"),
        read_instead=("technology",), day_of="period_start_utc",
    ),
    Table(
        "pm_relation", "source", "one cell's handovers to one neighbour in one measuring period",
        names("""cell_id neighbour_cell_id period_start_utc period_s ho_exe_att
            ho_exe_succ""") + LINEAGE,
        key=("cell_id", "neighbour_cell_id", "period_start_utc", "period_s"),
        required=("cell_id", "neighbour_cell_id", "period_start_utc", "period_s", "ho_exe_att"),
        day_of="period_start_utc",
    ),
    Table(
        "call", "source", "one call or one report of a call",
        names("""call_id subscriber_id start_utc time_grain end_utc duration_s call_type direction
            operator start_cell_id end_cell_id technology_start setup_time_s outcome release_cause
            release_cause_class mos rating_1to5 rsrp_dbm usage_place region""")
        + POSITION + ("loc_accuracy_m",) + LINEAGE,
        key=("call_id",), required=("start_utc", "outcome"), day_of="start_utc",
    ),
    Table(
        "complaint", "source", "one complaint",
        names("""complaint_id subscriber_id created_utc event_utc time_grain channel
            complaint_class complaint_type severity status resolved_utc is_repeat cell_id
            text_redacted""") + POSITION + LINEAGE,
        key=("complaint_id",),
        required=("complaint_id", "created_utc", "complaint_class"),
        read_instead=("postcode", "place_text", "technology"), day_of="created_utc",
    ),
    Table(
        "nps", "source", "one survey answer",
        names("""response_id subscriber_id survey_type wave invited_utc answered_utc time_grain
            score reason_code channel survey_weight stratum cell_id text_redacted""")
        + POSITION + LINEAGE,
        key=("response_id",),
        required=("response_id", "survey_type", "answered_utc", "score"), day_of="answered_utc",
    ),
    Table(
        "nps_invite", "source", "one wave and stratum of invitations",
        names("survey_type wave stratum n_invited n_delivered n_completed") + LINEAGE,
        key=("survey_type", "wave", "stratum"), required=("wave", "n_invited"),
    ),
    Table(
        "intervention", "source", "one intervention on one cell or site",
        names("""intervention_id kind cell_id site_id start_utc end_utc status description
            cost_amount cost_currency expected_effect project_id""") + LINEAGE,
        key=("intervention_id",), required=("intervention_id", "kind", "start_utc"),
        read_instead=("technology",),
    ),
    Table(
        "outage", "source", "one outage of one cell",
        names("outage_id cell_id start_utc end_utc planned cause_class") + LINEAGE,
        key=("outage_id",), required=("outage_id", "cell_id", "start_utc"),
        read_instead=("technology",),
    ),
    Table(
        "subscriber_base", "source", "one place in one month",
        names("place_type place_id month n_active_subscribers arpu") + LINEAGE,
        key=("place_type", "place_id", "month"),
        required=("place_type", "place_id", "month", "n_active_subscribers"),
    ),
    Table(
        "coverage", "source", "one pixel or hexagon of one cell's coverage",
        names("cell_id lat lon hex_id pixel_weight") + LINEAGE,
        key=("cell_id", "lat", "lon", "hex_id"), required=("cell_id",),
        read_instead=("hex_text", "technology"),
    ),
]  # fmt: skip
