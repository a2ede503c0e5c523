-- data_late: Of which regions are there no counters of the newest days?
-- reads: cell, cell_day, run
-- params: days INTEGER = 2, today DATE = NULL
-- returns: region VARCHAR, newest_day DATE, n_days_late BIGINT, begins BOOLEAN, says VARCHAR
-- grain: region
with home as (
    select cell_id, arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
reached as (
    select region, max(day_local) as newest_day from cell_day join home using (cell_id) group by region
),
counted as (
    -- a day's counters come in the night after it; without today, the newest data are today
    select region, newest_day, greatest(0, date_diff('day', newest_day,
        coalesce($today::date, cast(timezone(timezone, as_of_utc) as date))) - 1) as n_days_late
    from reached cross join run
)
select region, newest_day, n_days_late, true as begins,
    format('{}: the newest counters are of {}', coalesce(region, 'cells without a region'),
        newest_day) as says
from counted
where n_days_late >= $days::integer
order by region
