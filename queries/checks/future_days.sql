-- future_days: Which days have counters from after the end of the data?
-- reads: cell_day, run
-- params: none
-- returns: day_local DATE, reason VARCHAR
-- grain: day_local
with bounds as (
    -- a cell whose own zone is ahead may be one day further
    select as_of_utc, cast(timezone(timezone, as_of_utc) as date) + 1 as last_day from run
)
select day_local,
    concat(day_local, ': ', count(*), ' cells have counters, data ends ', max(as_of_utc)) as reason
from cell_day join bounds on day_local > last_day
group by day_local
order by day_local
