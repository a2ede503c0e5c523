-- effect_why: What did one intervention or project do to each KPI, and how is that known?
-- reads: effect, kpi
-- params: sheet_id VARCHAR, sheet_kind VARCHAR = intervention
-- returns: metric VARCHAR, kpi_name VARCHAR, kpi_unit VARCHAR, better VARCHAR, family VARCHAR, judged_at VARCHAR, judged_with VARCHAR, work_from DATE, work_until DATE, n_places_worked INTEGER, n_places_judged INTEGER, n_controls INTEGER, spill_basis VARCHAR, value_before DOUBLE, value_after DOUBLE, value_expected DOUBLE, plain_change_pct DOUBLE, effect_unit VARCHAR, effect_size DOUBLE, effect_size_lo DOUBLE, effect_size_hi DOUBLE, effect_kind VARCHAR, p_value DOUBLE, n_placebo INTEGER, drift_to_undo DOUBLE, realised DOUBLE, realised_lo DOUBLE, realised_hi DOUBLE, no_effect_reason VARCHAR, unsafe_reason VARCHAR, method_version VARCHAR
-- grain: metric
select
    metric, kpi_name, kpi_unit, better, family, judged_at, judged_with, work_from, work_until,
    n_places_worked, n_places_judged, n_controls, spill_basis, value_before, value_after, value_expected,
    -- two plain means, as acceptance sheets have them: no untouched place is in it
    100 * (value_after / nullif(value_before, 0) - 1) as plain_change_pct,
    effect_unit, effect_size, effect_size_lo, effect_size_hi, effect_kind, p_value, n_placebo,
    drift_to_undo, realised, realised_lo, realised_hi, no_effect_reason, unsafe_reason,
    effect.method_version
from effect left join kpi on kpi.kpi = effect.metric
where sheet_id = $sheet_id and sheet_kind = $sheet_kind
order by metric <> 'drop_rate', family, metric
