-- cell_completeness: How much of each cell's time is covered by counters?
-- reads: cell_day, cell_quality
-- params: none
-- returns: cell_id VARCHAR, first_day DATE, last_day DATE, n_days BIGINT, n_days_missing BIGINT, covered_share DOUBLE, n_days_unsafe BIGINT
-- grain: cell_id
with failed as (
    select cell_id, count(distinct day_local) as n_days_unsafe
    from cell_quality
    where verdict = 'unsafe'
    group by cell_id
),
seen as (
    select
        cell_id, min(day_local) as first_day, max(day_local) as last_day, count(*) as n_days,
        sum(covered_s) as covered_s
    from cell_day
    group by cell_id
)
select
    seen.cell_id, first_day, last_day, n_days,
    cast(last_day - first_day + 1 - n_days as bigint) as n_days_missing,
    covered_s / ((last_day - first_day + 1) * 86400.0) as covered_share,
    coalesce(n_days_unsafe, 0) as n_days_unsafe
from seen
left join failed on failed.cell_id = seen.cell_id
order by covered_share, seen.cell_id
