-- delivered_rates: Which cells' drop rates came without counts, how high is each, and when did it change last?
-- reads: cell, delivered_change, delivered_rate
-- params: top INTEGER = 1000
-- returns: cell_id VARCHAR, site_id VARCHAR, region VARCHAR, period_start DATE, period_end DATE, n_days BIGINT, drop_rate_pct DOUBLE, min_visible_ratio DOUBLE, unknown_reason VARCHAR, n_changes BIGINT, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, rate_before_pct DOUBLE, rate_after_pct DOUBLE, intervention_id VARCHAR
-- grain: cell_id
with place as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
latest as (
    select *, count(*) over (partition by cell_id) as n_changes
    from delivered_change
    qualify row_number() over (partition by cell_id order by change_utc desc) = 1
)
select
    delivered_rate.cell_id, site_id, region, period_start, period_end, n_days, drop_rate_pct,
    delivered_rate.min_visible_ratio, unknown_reason, coalesce(n_changes, 0) as n_changes,
    change_utc, change_lo_utc, change_hi_utc, ratio, ratio_lo, ratio_hi, rate_before_pct,
    rate_after_pct, intervention_id
from delivered_rate
left join place using (cell_id)
left join latest using (cell_id)
order by coalesce(ratio, 1) desc, drop_rate_pct desc, delivered_rate.cell_id
limit $top
