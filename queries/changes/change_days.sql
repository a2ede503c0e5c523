-- change_days: Day by day, what was counted about a change, and what load and the rest made of it?
-- reads: change_day
-- params: change_id VARCHAR = NULL
-- returns: change_id VARCHAR, cell_id VARCHAR, day_local DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drops_usual DOUBLE, drops_with_load DOUBLE
-- grain: change_id, day_local
select
    change_id, cell_id, day_local, call_attempts, dropped_calls, drops_usual, drops_with_load
from change_day
where change_id = coalesce($change_id, change_id)
order by change_id, day_local
