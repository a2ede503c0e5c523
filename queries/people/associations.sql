-- associations: What goes with complaints and NPS, how many months later, and is it more than what bills do?
-- reads: association, kpi
-- params: kpi VARCHAR = NULL, outcome_class VARCHAR = NULL, kind VARCHAR = NULL
-- returns: kpi VARCHAR, kpi_name VARCHAR, metric VARCHAR, outcome_class VARCHAR, lag_months INTEGER, association_kind VARCHAR, reading VARCHAR, effect_pct DOUBLE, effect_pct_lo DOUBLE, effect_pct_hi DOUBLE, is_worse BOOLEAN, beyond_pct DOUBLE, beyond_pct_lo DOUBLE, beyond_pct_hi DOUBLE, coefficient DOUBLE, coefficient_lo DOUBLE, coefficient_hi DOUBLE, p_adjusted DOUBLE, beyond_control DOUBLE, beyond_control_lo DOUBLE, beyond_control_hi DOUBLE, rank_correlation DOUBLE, rank_p DOUBLE, n_effective DOUBLE, explained_ahead DOUBLE, explained_place_mean DOUBLE, explained_last_month DOUBLE, n_places INTEGER, n_places_dropped INTEGER, n_months INTEGER, unsafe_reason VARCHAR
-- grain: kpi, metric, outcome_class, lag_months
select
    association.kpi, coalesce(kpi_name, association.kpi) as kpi_name, metric, outcome_class, lag_months, association_kind, reading,
    effect_pct, effect_pct_lo, effect_pct_hi,
    -- whether what customers say gets worse where the KPI moves as the reading says
    (effect_pct > 0) = (outcome_class not in ('promoters', 'nps')) as is_worse,
    beyond_pct, beyond_pct_lo, beyond_pct_hi, coefficient, coefficient_lo, coefficient_hi, p_adjusted,
    beyond_control, beyond_control_lo, beyond_control_hi, rank_correlation, rank_p, n_effective,
    explained_ahead, explained_place_mean, explained_last_month, n_places, n_places_dropped, n_months,
    unsafe_reason
from association left join kpi using (kpi)
where association_kind is not null
    and association.kpi = coalesce($kpi, association.kpi)
    and outcome_class = coalesce($outcome_class, outcome_class)
    and association_kind = coalesce($kind, association_kind)
order by list_position(['network', 'control_too', 'control', 'none', 'unknown'], association_kind),
    p_adjusted, association.kpi, metric, outcome_class, lag_months
