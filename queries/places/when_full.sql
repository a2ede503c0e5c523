-- when_full: When is each cell or sector full: at its knee, at a set PRB or at a set user throughput?
-- reads: capacity_outlook
-- params: place_type VARCHAR = cell, place_id VARCHAR = NULL, limit_kind VARCHAR = NULL, outlook VARCHAR = NULL, top INTEGER = 100
-- returns: place_type VARCHAR, place_id VARCHAR, limit_kind VARCHAR, limit_value DOUBLE, load_now DOUBLE, growth_year_pct DOUBLE, growth_year_pct_lo DOUBLE, growth_year_pct_hi DOUBLE, season_peak_pct DOUBLE, n_weeks INTEGER, outlook VARCHAR, months_to_full DOUBLE, months_to_full_lo DOUBLE, months_to_full_hi DOUBLE, full_on DATE, p_full_6_months DOUBLE, no_month_reason VARCHAR, unsafe_reason VARCHAR
-- grain: place_type, place_id, limit_kind
select
    place_type, place_id, limit_kind, limit_value, load_now, growth_year_pct, growth_year_pct_lo,
    growth_year_pct_hi, season_peak_pct, n_weeks, outlook, months_to_full, months_to_full_lo,
    months_to_full_hi, full_on, p_full_6_months, no_month_reason, unsafe_reason
from capacity_outlook
where place_type = $place_type and place_id = coalesce($place_id, place_id)
    and limit_kind = coalesce($limit_kind, limit_kind)
    and capacity_outlook.outlook = coalesce($outlook, capacity_outlook.outlook)
order by months_to_full nulls last, p_full_6_months desc nulls last, place_type, place_id, limit_kind
limit $top
