-- worst_cells: Which cells dropped most calls above the network's own rate, in one ISO week?
-- reads: cell, cell_day
-- params: week DATE = NULL, top INTEGER = 20
-- returns: cell_id VARCHAR, site_id VARCHAR, region VARCHAR, week DATE, n_days BIGINT, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, network_rate DOUBLE, drops_excess DOUBLE, prb_dl_util_bh_pct DOUBLE, availability DOUBLE
-- grain: cell_id
with dated as (
    select *, cast(date_trunc('week', day_local) as date) as monday
    from cell_day
),
chosen as (
    -- the newest week that is whole, unless one was asked for
    select coalesce(cast($week as date), max(monday) filter (n_days = 7), max(monday)) as monday
    from (select monday, count(distinct day_local) as n_days from dated group by monday)
),
weekly as (
    select
        cell_id, monday, count(*) as n_days,
        sum(call_attempts) as call_attempts,
        sum(dropped_calls) as dropped_calls,
        100 * sum(bh_prb_dl_used_prb_s) / nullif(sum(bh_prb_dl_avail_prb_s), 0) as prb_bh_pct,
        1 - sum(unavail_s) / nullif(sum(covered_s), 0) as availability
    from dated
    where monday = (select cast(date_trunc('week', monday) as date) from chosen)
    group by cell_id, monday
),
network as (
    select sum(dropped_calls) / nullif(sum(call_attempts), 0) as rate from weekly
),
place as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
)
select
    weekly.cell_id, place.site_id, place.region, weekly.monday as week, weekly.n_days,
    weekly.call_attempts, weekly.dropped_calls,
    weekly.dropped_calls / nullif(weekly.call_attempts, 0) as drop_rate,
    network.rate as network_rate,
    weekly.dropped_calls - network.rate * weekly.call_attempts as drops_excess,
    weekly.prb_bh_pct as prb_dl_util_bh_pct,
    weekly.availability
from weekly cross join network left join place using (cell_id)
order by drops_excess desc nulls last, weekly.cell_id
limit $top
