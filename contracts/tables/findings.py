"""Tables that the analyses find, and what a run says of itself."""

from contracts.tables.columns import CHANGE, names
from contracts.tables.table import Table

TABLES = [
    Table(
        "place_cell", "finding", "one cell's part of one place of the lists",
        names("place_type place_id cell_id weight valid_from valid_to run_id"),
        key=names("place_type place_id cell_id valid_from"),
    ),
    Table("change_point", "finding", "one dated change of one place", CHANGE, key=("change_id",)),
    Table(
        "change_day", "finding", "one day of a change: counted and expected drops",
        names("""change_id cell_id day_local call_attempts dropped_calls drops_usual
            drops_with_load run_id"""),
        key=("change_id", "day_local"),
    ),
    Table(
        "change_curve", "finding", "one step of load, before and after a change",
        names("""change_id cell_id prb_pct drop_rate_before drop_rate_after drop_rate_curve
            run_id"""),
        key=("change_id", "prb_pct"),
    ),
    Table(
        "load_response", "finding", "one cell's drops against load in one month",
        names("""cell_id month knee_pct knee_lo_pct knee_hi_pct slope method_version
            unsafe_reason run_id"""),
        key=("cell_id", "month"),
    ),
    Table(
        "neighbour", "finding", "one cell and one of its neighbours, over the newest 28 days",
        names("""cell_id neighbour_cell_id neighbour_rank handover_share ho_exe_att ho_exe_succ
            basis period_start period_end method_version run_id"""),
        key=names("cell_id neighbour_cell_id"),
    ),
    Table(
        "capacity_outlook", "finding", "when one cell or sector meets one limit",
        names("""place_type place_id limit_kind limit_value load_now growth_year_pct
            growth_year_pct_lo growth_year_pct_hi season_peak_pct n_weeks months_to_full
            months_to_full_lo months_to_full_hi full_on p_full_6_months outlook no_month_reason
            method_version unsafe_reason run_id"""),
        key=names("place_type place_id limit_kind"),
    ),
    Table(
        "place_rate", "finding", "one metric of one place in one period",
        names("""place_type hex_id level cell_id region metric outcome_class period_grain
            period_start period_end numerator denominator value value_lo value_hi n_effective shown
            value_raw promoter_share detractor_share borrowed target p_worse standing
            method_version unsafe_reason run_id"""),
        key=names(
            "place_type hex_id cell_id region metric outcome_class period_grain period_start"
        ),
    ),
    Table(
        "rate_part", "finding",
        "one part (type, channel, operator) of one rate of the network or a region in one month",
        names("""place_type region metric outcome_class split part period_start period_end
            numerator denominator value value_lo value_hi n_effective shown method_version
            unsafe_reason run_id"""),
        key=names("place_type region metric outcome_class split part period_start"),
    ),
    Table(
        "delivered_rate", "finding", "one cell's usual drop rate, delivered without counts",
        names("""cell_id period_start period_end n_days drop_rate_pct min_visible_ratio
            unknown_reason method_version run_id"""),
        key=("cell_id",),
    ),
    Table(
        "delivered_change", "finding", "one dated change of one cell's delivered drop rate",
        names("""cell_id change_utc change_lo_utc change_hi_utc until_utc direction ratio ratio_lo
            ratio_hi rate_before_pct rate_after_pct min_visible_ratio intervention_id
            method_version run_id"""),
        key=("cell_id", "change_utc"),
    ),
    Table(
        "threshold", "finding", "one limit of the regulator's view, with its source",
        names("threshold_name threshold_value unit meaning threshold_source run_id"),
        key=("threshold_name",),
    ),
    Table(
        "association", "finding", "one KPI, outcome and lag",
        names("""kpi metric outcome_class lag_months coefficient coefficient_se coefficient_lo
            coefficient_hi p_value p_adjusted selected_lo selected_hi
            beyond_control beyond_control_lo beyond_control_hi
            effect_pct effect_pct_lo effect_pct_hi beyond_pct beyond_pct_lo beyond_pct_hi
            association_kind reading
            rank_correlation rank_p n_effective
            explained_ahead explained_place_mean explained_last_month
            n_places n_places_dropped n_months per_drop method_version unsafe_reason run_id"""),
        key=names("kpi metric outcome_class lag_months"),
    ),
    Table(
        "network_share", "finding",
        "what the network accounts for of one region's complaints or detractors in one month",
        names("""place_type region metric period_start network_class_share device_class_share
            account_class_share other_class_share network_share network_share_lo network_share_hi
            network_share_visible method_version unsafe_reason run_id"""),
        key=names("place_type region metric period_start"),
    ),
    Table(
        "hotspot", "finding", "one hexagon's standing among its neighbours",
        names("""hex_id level metric period_start statistic p_adjusted verdict method_version
            run_id"""),
        key=names("hex_id metric period_start"), filled=False,
    ),
    Table(
        "cause", "finding", "one change's likeliest cause",
        names("change_id cause p_cause runner_up would_decide method_version run_id"),
        key=("change_id",), filled=False,
    ),
    Table(
        "priority", "finding", "one place in the list of what to look at first",
        names("""place_type rank hex_id level cell_id site_id place_name region lat lon
            period_start period_end call_attempts dropped_calls drop_rate drop_rate_lo drop_rate_hi
            normal_rate drops_excess_month drops_excess_month_lo drops_excess_month_hi
            prb_dl_util_bh_pct complainants nps dominant_cell_id shown_hex_id change_id change_utc
            place_state advice seen
            drops_avoidable_month drops_avoidable_month_lo drops_avoidable_month_hi
            drops_avoidable_load drops_avoidable_other complainants_avoided complainants_avoided_lo
            complainants_avoided_hi detractors_avoided detractors_avoided_lo detractors_avoided_hi
            value_month value_month_lo value_month_hi rank_lo rank_hi p_top20 simple_rank
            in_top20_coarser in_top20_finer relief_cells n_cells_unknown persons_at_most
            action action_place_type action_at cost_amount cost_currency costs_invented
            action_reach drops_per_cost drops_per_cost_lo drops_per_cost_hi
            value_per_cost value_per_cost_lo value_per_cost_hi
            cost_rank cost_rank_lo cost_rank_hi cost_p_top20 no_action_reason
            method_version unsafe_reason run_id"""),
        key=("place_type", "rank"),
    ),
    Table(
        "place_part", "finding", "one cell that is spoken of in one place of the list",
        names("""place_type place_id part_rank cell_id avoidable_part drops_avoidable_month
            is_treated change_id run_id"""),
        key=names("place_type place_id part_rank"),
    ),
    Table(
        "benefit", "finding", "one cell's avoidable drops, and from what they follow",
        names("""cell_id present_since present_until dropped_calls days_worth relief_pct
            avoidable_load avoidable_other drops_avoidable_month drops_avoidable_month_lo
            drops_avoidable_month_hi unknown_reason method_version run_id"""),
        key=("cell_id",),
    ),
    Table(
        "action_share", "finding", "one action that could be done, at one cell that it treats",
        names("""action cell_id action_at cost_amount cost_currency costs_invented avoidable_action
            method_version run_id"""),
        key=("action", "cell_id"),
    ),
    Table(
        "what_if", "finding", "one cell relieved of one share of its load",
        names("""cell_id relief_pct drops_avoided_month drops_avoided_month_lo
            drops_avoided_month_hi complainants_avoided complainants_avoided_lo
            complainants_avoided_hi detractors_avoided detractors_avoided_lo detractors_avoided_hi
            is_beyond_seen method_version run_id"""),
        key=("cell_id", "relief_pct"),
    ),
    Table(
        "lineage", "finding", "one source file's accepted rows of one day",
        names("table_name day_local source_file file_hash n_rows run_id"),
        key=("table_name", "day_local", "source_file"),
    ),
    Table(
        "plan", "finding", "one action in a plan for one budget",
        names("""budget plan_number action place_type cell_id sector_id site_id region lat lon
            cost_amount cost_currency crew_weeks benefit_month benefit_month_lo benefit_month_hi
            p_in_plan reason method_version run_id"""),
        key=names("budget plan_number action cell_id sector_id site_id"),
    ),
    Table(
        "plan_budget", "finding", "one plan for one budget, as a whole",
        names("""budget plan_number n_actions_offered n_actions cost_amount cost_currency
            costs_invented crew_weeks benefit_month benefit_month_lo benefit_month_hi optimality_gap
            method_version unsafe_reason run_id"""),
        key=("budget", "plan_number"),
    ),
    Table(
        "plan_limit", "finding", "what one limit costs the best plan for one budget",
        names("""budget limit_name region limit_amount used_amount benefit_lost_month
            method_version run_id"""),
        key=("budget", "limit_name", "region"),
    ),
    Table(
        "effect", "finding", "what came of one intervention or project, by one KPI",
        names("""sheet_kind sheet_id metric judged_at judged_with work_from work_until after_until
            n_places_worked n_places_judged n_controls spill_basis value_before value_after
            value_expected effect_unit effect_size effect_size_lo effect_size_hi effect_kind
            p_value n_placebo drift_to_undo realised realised_lo realised_hi no_effect_reason
            method_version unsafe_reason run_id"""),
        key=names("sheet_kind sheet_id metric"),
    ),
    Table(
        "effect_day", "finding", "one day of drops before or after one intervention or project",
        names("""sheet_kind sheet_id event_day value_of_day expected_of_day expected_of_day_lo
            expected_of_day_hi run_id"""),
        key=names("sheet_kind sheet_id event_day"),
    ),
    Table(
        "kind_effect", "finding", "what the next work of one kind can be expected to bring",
        names("""kind n_judged n_better predicted_size predicted_size_lo predicted_size_hi
            method_version run_id"""),
        key=("kind",),
    ),
    Table(
        "prediction", "finding", "what was said of one work before it began; never changed",
        names("""intervention_id kind registered_utc predicted_size predicted_size_lo
            predicted_size_hi predicted predicted_lo predicted_hi n_judged method_version
            run_id"""),
        key=("intervention_id",),
    ),
    Table(
        "survey_response", "finding", "one survey wave and stratum: who was asked, who answered",
        names("""survey_type wave stratum n_invited n_delivered n_completed n_answers shown
            run_id"""),
        key=("survey_type", "wave", "stratum"),
    ),
    Table(
        "quality", "finding", "one check of what went in, in words",
        names("table_name check_name verdict message run_id"), key=("table_name", "check_name"),
    ),
    Table(
        "cell_quality", "finding", "one check that one cell's day does not pass",
        names("cell_id day_local check_name verdict message run_id"),
        key=("cell_id", "day_local", "check_name"),
    ),
    Table(
        "kpi", "finding", "one KPI, whether its counters are there or not",
        names("""kpi kpi_name family form formula kpi_unit factor better least_denominator
            interval_kind failures kpi_source formula_version caveat is_own absent_reason
            run_id"""),
        key=("kpi",),
    ),
    Table(
        "kpi_change", "finding", "one dated change of one KPI of one cell",
        names("""change_id event_id cell_id kpi change_utc change_lo_utc change_hi_utc until_utc
            direction is_worse moves_first ratio ratio_lo ratio_hi change_sd kpi_before
            kpi_after min_visible_ratio moved_by load_share intervention_id first_reported_utc
            method_version unsafe_reason run_id"""),
        key=("change_id",),
    ),
    Table(
        "kpi_search", "finding", "what the search for changes could see of one KPI of one cell",
        names("""cell_id kpi n_days_searched min_visible_ratio no_search_reason method_version
            run_id"""),
        key=("cell_id", "kpi"),
    ),
    Table(
        "kpi_noise", "finding", "how the failures of one part of one KPI scatter in one cell",
        names("kpi kpi_part cell_id phi rho run_id"), key=("kpi", "kpi_part", "cell_id"),
    ),
    Table(
        "receipt", "finding", "one source's rows, read = accepted + refused",
        names("table_name n_read n_accepted n_refused n_values_missing run_id"),
        key=("table_name",),
    ),
    Table(
        "calendar", "finding", "one local day of the years of which there are data",
        names("day_local weekday iso_year iso_week month rest_day holiday last_year_day run_id"),
        key=("day_local",),
    ),
    Table(
        "run", "finding", "the run that made these tables",
        names("run_id operator_name timezone level as_of_utc software_version schema_version"),
        key=("run_id",),
    ),
]  # fmt: skip
