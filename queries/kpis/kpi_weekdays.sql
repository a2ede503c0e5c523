-- kpi_weekdays: How does one KPI of one place go from weekday to weekday, over the newest weeks?
-- reads: cell_day, kpi_part_place_day
-- params: place_type VARCHAR, place_id VARCHAR, kpi VARCHAR = drop_rate, weeks INTEGER = 4
-- returns: weekday INTEGER, n_days BIGINT, value DOUBLE, denominator DOUBLE
-- grain: weekday
with parts as (
    -- Monday is 1
    select cast(isodow(day_local) as integer) as weekday, kpi_part, any_value(form) as form,
        any_value(factor) as factor, any_value(least_denominator) as least_denominator,
        count(*) as n_days, sum(numerator) as numerator, sum(denominator) as denominator
    from kpi_part_place_day
    where place_type = $place_type and place_id = $place_id and kpi = $kpi
        and day_local > (select max(day_local) from cell_day) - 7 * $weeks::integer
    group by weekday, kpi_part
)
select
    weekday, max(n_days) as n_days,
    case when not coalesce(min(denominator) < any_value(least_denominator), false)
        -- a sum is that of a typical day
        then kpi_value(factor, kpi_ratio(form, numerator, denominator)
            / case when form = 'sum' then n_days else 1 end) end as value,
    min(denominator) as denominator
from parts
group by weekday
order by weekday
