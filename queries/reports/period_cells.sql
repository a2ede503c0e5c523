-- period_cells: Which cells dropped most calls above the network's normal rate in one week or month, how sure is that, and which change was in force?
-- reads: cell, cell_day, change_point, place_rate, run
-- params: period_grain VARCHAR, period_start DATE, top INTEGER = 20
-- returns: cell_id VARCHAR, cell_name VARCHAR, site_name VARCHAR, region VARCHAR, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, drops_excess_month DOUBLE, drops_excess_month_lo DOUBLE, drops_excess_month_hi DOUBLE, prb_dl_util_bh_pct DOUBLE, availability DOUBLE, change_id VARCHAR, change_utc TIMESTAMPTZ, change_lo_utc TIMESTAMPTZ, change_hi_utc TIMESTAMPTZ, direction VARCHAR, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, attribution VARCHAR, prb_before_pct DOUBLE, prb_after_pct DOUBLE, intervention_id VARCHAR, unsafe_reason VARCHAR
-- grain: cell_id
with rated as (
    select * from place_rate
    where place_type = 'cell' and period_grain = $period_grain
        and period_start = cast($period_start as date)
),
excess as (
    select cell_id, value, value_lo, value_hi from rated where metric = 'drops_excess_month'
),
daily as (
    select cell_id,
        round(100 * sum(bh_prb_dl_used_prb_s) / nullif(sum(bh_prb_dl_avail_prb_s), 0), 6) as prb_bh_pct,
        round(1 - sum(unavail_s) / nullif(sum(covered_s), 0), 6) as availability
    from cell_day
    where day_local between (select min(period_start) from rated) and (select max(period_end) from rated)
    group by cell_id
),
place as (
    select cell_id,
        arg_max(cell_name, coalesce(valid_from, date '0001-01-01')) as cell_name,
        arg_max(coalesce(site_name, site_id), coalesce(valid_from, date '0001-01-01')) as site_name,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
changed as (
    select *, cast(timezone(run.timezone, change_utc) as date) as change_day
    from change_point cross join run
    where place_type = 'cell'
),
in_force as (
    -- the latest change up to the period's end, if it lasted into the period
    select cell_id, max_by(changed, (change_utc, change_id)) as c
    from changed
    where change_day <= (select max(period_end) from rated)
        and cast(timezone(timezone, until_utc) as date) >= (select min(period_start) from rated)
    group by cell_id
)
select
    rated.cell_id, place.cell_name, place.site_name, place.region,
    rated.denominator as call_attempts, rated.numerator as dropped_calls, rated.value as drop_rate,
    rated.value_lo as drop_rate_lo, rated.value_hi as drop_rate_hi,
    excess.value as drops_excess_month, excess.value_lo as drops_excess_month_lo,
    excess.value_hi as drops_excess_month_hi, daily.prb_bh_pct as prb_dl_util_bh_pct,
    daily.availability, c.change_id, c.change_utc, c.change_lo_utc, c.change_hi_utc, c.direction,
    c.ratio, c.ratio_lo, c.ratio_hi, c.attribution, c.prb_before_pct, c.prb_after_pct,
    c.intervention_id, coalesce(rated.unsafe_reason, c.unsafe_reason) as unsafe_reason
from rated left join excess using (cell_id) left join daily using (cell_id)
    left join place using (cell_id) left join in_force using (cell_id)
where rated.metric = 'drop_rate'
order by drops_excess_month desc nulls last, rated.cell_id
limit $top
