-- regulator_percentiles: Does each region keep the regulator's percentile limits of the drop rate, month by month or quarter by quarter?
-- reads: cell, cell_day, threshold
-- params: period_grain VARCHAR = quarter, counted_over VARCHAR = busy_hour, period_start DATE = NULL, qsd_cells DOUBLE = 90, qsd_days DOUBLE = 90, qtd_cells DOUBLE = 97, qtd_days DOUBLE = 90
-- returns: place_type VARCHAR, region VARCHAR, period_start DATE, period_end DATE, n_days_known BIGINT, n_cells BIGINT, n_cell_days BIGINT, n_cell_days_few BIGINT, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, qsd_drop_rate_pct DOUBLE, qsd_drop_rate_pct_lo DOUBLE, qsd_drop_rate_pct_hi DOUBLE, qsd_limit_pct DOUBLE, qsd_limit_source VARCHAR, qsd_kept BOOLEAN, qtd_drop_rate_pct DOUBLE, qtd_drop_rate_pct_lo DOUBLE, qtd_drop_rate_pct_hi DOUBLE, qtd_limit_pct DOUBLE, qtd_limit_source VARCHAR, qtd_kept BOOLEAN, n_worst_cells BIGINT, worst_cells_pct DOUBLE, worst_cells_pct_lo DOUBLE, worst_cells_pct_hi DOUBLE, worst_cells_limit_pct DOUBLE, worst_cells_limit_source VARCHAR, worst_cells_kept BOOLEAN
-- grain: place_type, region, period_start
with place as (
    select cell_id, arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
limits as (
    select map_from_entries(list((threshold_name, threshold_value))) as most,
        map_from_entries(list((threshold_name, threshold_source))) as whose
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
    where period_start = coalesce(cast($period_start as date), period_start)
),
eighths as (
    -- stretches of days as long as each other; of fewer than two days they tell nothing
    select period_start, day_local,
        if(count(*) over of_period >= 16, ntile(8) over (of_period order by day_local) - 1, null) as eighth
    from (select distinct period_start, day_local from counted)
    window of_period as (partition by period_start)
),
halves as (
    -- all days as number 0, and seven halves of them, balanced by a Hadamard matrix
    select period_start, day_local, half from eighths cross join range(8) as numbers (half)
    where half = 0 or bit_count(half & eighth) % 2 = 0
),
daily as (
    -- once for its region, once for the whole network
    select
        place_type, if(place_type = 'region', place.region, '') as region, period_start, half,
        counted.cell_id, day_local, attempts, drops, attempts >= most['min_attempts'] as judged,
        if(judged, 100 * drops / attempts, null) as pct
    from counted join halves using (period_start, day_local) cross join limits
        cross join (values ('region'), ('network')) as kinds (place_type)
        left join place using (cell_id)
    where attempts > 0 and drops is not null and (place_type = 'network' or place.region is not null)
),
per_cell as (
    select place_type, region, period_start, half, cell_id, quantile_cont(pct, $qsd_days / 100) as pct,
        sum(attempts) as attempts, sum(drops) as drops, count(*) as n_days,
        count(*) filter (not judged) as n_days_few
    from daily group by all
),
per_day as (
    select place_type, region, period_start, half, day_local, quantile_cont(pct, $qtd_cells / 100) as pct
    from daily group by all
),
spatial as (
    select place_type, region, period_start, half, quantile_cont(pct, $qsd_cells / 100) as qsd,
        count(*) as n_cells, sum(n_days) as n_cell_days, sum(n_days_few) as n_cell_days_few,
        sum(attempts) as call_attempts, sum(drops) as dropped_calls, dropped_calls / call_attempts as rate,
        count(*) filter (attempts >= most['min_attempts']
            and 100 * drops / attempts > most['worst_cell_drop_rate_pct']) as n_worst,
        100 * n_worst / nullif(count(*) filter (attempts >= most['min_attempts']), 0) as worst
    from per_cell cross join limits group by all
),
temporal as (
    select place_type, region, period_start, half, quantile_cont(pct, $qtd_days / 100) as qtd,
        count(*) as n_days_known
    from per_day group by all
),
figures as (
    select * from spatial join temporal using (place_type, region, period_start, half)
),
margins as (
    -- the halves lie a standard error off; 2.3 of them held .94, .88, .87 of rate, QSD, QTD in 480 planted regions
    select place_type, region, period_start,
        2.3 * nullif(sqrt(avg((part.rate - whole.rate) ** 2)), 0) as rate_off,
        2.3 * nullif(sqrt(avg((part.qsd - whole.qsd) ** 2)), 0) as qsd_off,
        2.3 * nullif(sqrt(avg((part.qtd - whole.qtd) ** 2)), 0) as qtd_off,
        2.3 * nullif(sqrt(avg((part.worst - whole.worst) ** 2)), 0) as worst_off
    from figures as part join figures as whole using (place_type, region, period_start)
    where part.half > 0 and whole.half = 0 group by all
)
-- least and greatest pass over what is missing: without a margin both ends are
select
    place_type, region, period_start,
    cast(period_start + if($period_grain = 'quarter', interval 3 months, interval 1 month)
        - interval 1 day as date) as period_end,
    n_days_known, n_cells, cast(n_cell_days as bigint) as n_cell_days,
    cast(n_cell_days_few as bigint) as n_cell_days_few,
    cast(call_attempts as double) as call_attempts, cast(dropped_calls as double) as dropped_calls,
    rate as drop_rate, greatest(rate - rate_off, 0 * rate_off) as drop_rate_lo, rate + rate_off as drop_rate_hi,
    round(qsd, 6) as qsd_drop_rate_pct, round(greatest(qsd - qsd_off, 0 * qsd_off), 6) as qsd_drop_rate_pct_lo,
    round(qsd + qsd_off, 6) as qsd_drop_rate_pct_hi, most['qsd_drop_rate_pct'] as qsd_limit_pct,
    whose['qsd_drop_rate_pct'] as qsd_limit_source, qsd <= qsd_limit_pct as qsd_kept,
    round(qtd, 6) as qtd_drop_rate_pct, round(greatest(qtd - qtd_off, 0 * qtd_off), 6) as qtd_drop_rate_pct_lo,
    round(qtd + qtd_off, 6) as qtd_drop_rate_pct_hi, most['qtd_drop_rate_pct'] as qtd_limit_pct,
    whose['qtd_drop_rate_pct'] as qtd_limit_source, qtd <= qtd_limit_pct as qtd_kept,
    n_worst as n_worst_cells, round(worst, 6) as worst_cells_pct,
    round(greatest(worst - worst_off, 0 * worst_off), 6) as worst_cells_pct_lo,
    round(least(worst + worst_off, 100 + 0 * worst_off), 6) as worst_cells_pct_hi,
    most['worst_cells_pct'] as worst_cells_limit_pct, whose['worst_cells_pct'] as worst_cells_limit_source,
    worst <= worst_cells_limit_pct as worst_cells_kept
from figures left join margins using (place_type, region, period_start) cross join limits
where half = 0
order by period_start desc, place_type, region
