-- cell_quality: Which days of which cells can't be relied on, and why?
-- reads: cell_quality
-- params: cell_id VARCHAR = NULL, since DATE = NULL
-- returns: cell_id VARCHAR, check_name VARCHAR, verdict VARCHAR, first_day DATE, last_day DATE, n_days BIGINT, message VARCHAR
-- grain: cell_id, check_name, first_day
with failed as (
    select
        cell_id, check_name, verdict, day_local, message,
        day_local - cast(row_number() over (
            partition by cell_id, check_name, verdict order by day_local
        ) as integer) as run
    from cell_quality
    where ($cell_id is null or cell_id = $cell_id) and ($since is null or day_local >= $since)
)
select
    cell_id, check_name, verdict, min(day_local) as first_day, max(day_local) as last_day,
    count(*) as n_days, min_by(message, day_local) as message
from failed
group by cell_id, check_name, verdict, run
order by case verdict when 'unsafe' then 0 else 1 end, n_days desc, cell_id, check_name, first_day
