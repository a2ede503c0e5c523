"""Columns that several tables share."""


def names(text: str) -> tuple[str, ...]:
    """The names in a text, in their order.

    `text`: names with spaces or line ends between them.
    """
    return tuple(text.split())


LINEAGE = names("source_file file_hash source_row loaded_utc")
# counted as rows are cleaned, never read from a file
COUNTED = names("n_values_missing n_resets")
POSITION = names("lat lon loc_method hex_id")

# counters that add over periods and cells
ADDITIVE = names("""
    call_attempts call_setups dropped_calls v_rel_abn v_rel_norm rrc_att rrc_succ s1ng_att
    s1ng_succ bearer_att bearer_succ rel_abn_act rel_abn rel_norm session_time_s ho_prep_att
    ho_prep_succ ho_exe_att ho_exe_succ dl_vol_kbit ul_vol_kbit dl_thp_vol_kbit dl_thp_time_ms
    ul_thp_vol_kbit ul_thp_time_ms unavail_s unavail_planned_s""")
TIME_WEIGHTED = names("""
    prb_dl_used_prb_s prb_dl_avail_prb_s prb_ul_used_prb_s prb_ul_avail_prb_s rrc_user_s
    rrc_covered_s""")
BUSY_HOUR = names("""
    bh_hour_start_utc bh_prb_dl_used_prb_s bh_prb_dl_avail_prb_s bh_call_attempts
    bh_dropped_calls""")

CHANGE = names("""
    change_id place_type cell_id hex_id metric change_utc change_lo_utc change_hi_utc ramp_end_utc
    until_utc direction ratio ratio_lo ratio_hi drops_excess drops_excess_lo drops_excess_hi
    attribution attribution_note p_load load_share load_share_lo load_share_hi drops_load
    drops_other prb_before_pct prb_after_pct prb_per_traffic_ratio load_moved_by attempts_before
    attempts_after min_visible_ratio intervention_id first_reported_utc stated_utc days_hash
    method_version unsafe_reason run_id""")
