-- released_changes: Which changes of hexagons tell more of persons than may leave?
-- reads: change_day, change_point, place_rate
-- params: none
-- returns: change_id VARCHAR, reason VARCHAR
-- grain: change_id
with released as (
    select hex_id from place_rate where place_type = 'hex' and metric = 'call_drop_rate'
    group by hex_id having bool_and(coalesce(shown, '') = 'shown')
),
judged as (
    select change_id, case
        when hex_id not in (from released) then 'a month of its hexagon is not released'
        when coalesce(attempts_before, attempts_after) is not null then 'it tells of the days next to it'
        when change_id in (select change_id from change_day) then 'it tells of single days'
        end as fault
    from change_point
    where place_type = 'hex'
)
select change_id, concat('change ', change_id, ': ', fault) as reason
from judged
where fault is not null
order by change_id
