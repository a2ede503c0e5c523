-- news: What is new in the newest days: changes, interventions done and planned?
-- reads: change_point, intervention, run
-- params: days INTEGER = 7
-- returns: since DATE, n_worse BIGINT, n_better BIGINT, n_done BIGINT, n_done_changed BIGINT, n_planned BIGINT
-- grain: since
with span as (
    select timezone, cast(timezone(timezone, as_of_utc) as date) - $days::integer as since, as_of_utc from run
),
changed as (
    select count(*) filter (direction = 'up') as n_worse, count(*) filter (direction = 'down') as n_better
    from change_point, span where cast(timezone(timezone, change_utc) as date) >= since
),
made as (
    select count(*) filter (status = 'done' and start_utc <= as_of_utc
            and cast(timezone(timezone, start_utc) as date) >= since) as n_done,
        count(*) filter (status = 'done' and start_utc <= as_of_utc
            and cast(timezone(timezone, start_utc) as date) >= since
            and intervention_id in (select intervention_id from change_point)) as n_done_changed,
        count(*) filter (status = 'planned' and start_utc > as_of_utc) as n_planned
    from intervention, span
)
select since, n_worse, n_better, n_done, n_done_changed, n_planned
from span, changed, made
order by since
