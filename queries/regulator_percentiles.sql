-- regulator_percentiles: Does each region keep the regulator's percentile limits of the drop rate, month by month or quarter by quarter?
-- reads: cell, cell_day, threshold
-- params: period_grain VARCHAR = quarter, counted_over VARCHAR = busy_hour, qsd_cells DOUBLE = 90, qsd_days DOUBLE = 90, qtd_cells DOUBLE = 97, qtd_days DOUBLE = 90
-- returns: place_type VARCHAR, region VARCHAR, period_start DATE, period_end DATE, n_days_known BIGINT, n_cells BIGINT, n_cell_days BIGINT, n_cell_days_few BIGINT, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, qsd_drop_rate_pct DOUBLE, qsd_limit_pct DOUBLE, qsd_kept BOOLEAN, qtd_drop_rate_pct DOUBLE, qtd_limit_pct DOUBLE, qtd_kept BOOLEAN, n_worst_cells BIGINT, worst_cells_pct DOUBLE, worst_cells_limit_pct DOUBLE, worst_cells_kept BOOLEAN
-- grain: place_type, region, period_start
with place as (
    select cell_id, arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
limits as (
    select
        max(threshold_value) filter (threshold_name = 'min_attempts') as min_attempts,
        max(threshold_value) filter (threshold_name = 'worst_cell_drop_rate_pct') as worst_cell,
        max(threshold_value) filter (threshold_name = 'qsd_drop_rate_pct') as qsd_limit_pct,
        max(threshold_value) filter (threshold_name = 'qtd_drop_rate_pct') as qtd_limit_pct,
        max(threshold_value) filter (threshold_name = 'worst_cells_pct') as worst_cells_limit_pct
    from threshold
),
counted as (
    select
        cell_id, day_local,
        cast(if($period_grain = 'quarter', date_trunc('quarter', day_local),
            date_trunc('month', day_local)) as date) as period_start,
        if($counted_over = 'day', call_attempts, bh_call_attempts) as attempts,
        if($counted_over = 'day', dropped_calls, bh_dropped_calls) as drops
    from cell_day
),
daily as (
    -- once for its region, once for the whole network
    select
        place_type, if(place_type = 'region', place.region, '') as region, period_start,
        counted.cell_id, day_local, attempts, drops, attempts >= min_attempts as judged,
        if(judged, 100 * drops / attempts, null) as pct
    from counted cross join limits cross join (values ('region'), ('network')) as kinds (place_type)
        left join place using (cell_id)
    where attempts > 0 and drops is not null and (place_type = 'network' or place.region is not null)
),
per_cell as (
    select place_type, region, period_start, cell_id, quantile_cont(pct, $qsd_days / 100) as pct,
        100 * sum(drops) / sum(attempts) as whole_pct, sum(attempts) >= max(min_attempts) as judged
    from daily cross join limits group by all
),
per_day as (
    select place_type, region, period_start, day_local, quantile_cont(pct, $qtd_cells / 100) as pct
    from daily group by all
),
spatial as (
    select place_type, region, period_start, quantile_cont(pct, $qsd_cells / 100) as qsd,
        count(*) filter (judged) as n_judged,
        count(*) filter (judged and whole_pct > worst_cell) as n_worst_cells
    from per_cell cross join limits group by all
),
temporal as (
    select place_type, region, period_start, quantile_cont(pct, $qtd_days / 100) as qtd
    from per_day group by all
),
sums as (
    select place_type, region, period_start, count(distinct day_local) as n_days_known,
        count(distinct cell_id) as n_cells, count(*) as n_cell_days,
        count(*) filter (not judged) as n_cell_days_few,
        cast(sum(attempts) as double) as call_attempts, cast(sum(drops) as double) as dropped_calls
    from daily group by all
)
select
    place_type, region, period_start,
    cast(period_start + if($period_grain = 'quarter', interval 3 months, interval 1 month)
        - interval 1 day as date) as period_end,
    n_days_known, n_cells, n_cell_days, n_cell_days_few, call_attempts, dropped_calls,
    dropped_calls / call_attempts as drop_rate,
    round(qsd, 6) as qsd_drop_rate_pct, qsd_limit_pct, qsd <= qsd_limit_pct as qsd_kept,
    round(qtd, 6) as qtd_drop_rate_pct, qtd_limit_pct, qtd <= qtd_limit_pct as qtd_kept,
    n_worst_cells, round(100 * n_worst_cells / nullif(n_judged, 0), 6) as worst_cells_pct,
    worst_cells_limit_pct,
    100 * n_worst_cells / nullif(n_judged, 0) <= worst_cells_limit_pct as worst_cells_kept
from sums join spatial using (place_type, region, period_start)
    join temporal using (place_type, region, period_start) cross join limits
order by period_start desc, place_type, region
