-- delivered_days: Day by day, which drop rate came without counts of one cell, and from when on is it another?
-- reads: cell_rate, delivered_change, run
-- params: cell_id VARCHAR
-- returns: day_local DATE, drop_rate_pct DOUBLE, is_change BOOLEAN
-- grain: day_local
with changed as (
    select distinct cast(timezone(run.timezone, change_utc) as date) as day_local
    from delivered_change cross join run
    where cell_id = $cell_id
)
select
    cell_rate.day_local, drop_rate_pct, changed.day_local is not null as is_change
from cell_rate left join changed using (day_local)
where cell_id = $cell_id
order by cell_rate.day_local
