-- kpi_worst: Which cells, sites, sectors or regions are worst by one KPI, over the newest days?
-- reads: cell_day, kpi, kpi_part_place_day
-- params: kpi VARCHAR = drop_rate, place_type VARCHAR = cell, days INTEGER = 7, top INTEGER = 50
-- returns: rank BIGINT, place_id VARCHAR, kpi VARCHAR, kpi_name VARCHAR, kpi_unit VARCHAR, n_days BIGINT, numerator DOUBLE, denominator DOUBLE, value DOUBLE
-- grain: place_id
with parts as (
    select
        place_id, kpi_part, any_value(form) as form, any_value(factor) as factor,
        any_value(least_denominator) as least_denominator, count(*) as n_days,
        sum(numerator) as numerator, sum(denominator) as denominator
    from kpi_part_place_day
    where kpi = $kpi and place_type = $place_type
        and day_local > (select max(day_local) from cell_day) - $days::integer
    group by place_id, kpi_part
),
valued as (
    select
        place_id, max(n_days) as n_days, min(denominator) as denominator,
        case when count(*) = 1 then any_value(numerator) end as numerator,
        kpi_value(factor, kpi_ratio(form, numerator, denominator)) as value
    from parts
    group by place_id
    having not coalesce(min(denominator) < any_value(least_denominator), false)
)
select
    row_number() over (
        order by case when better = 'higher' then value else -value end nulls last, place_id
    ) as rank,
    place_id, kpi.kpi, kpi_name, kpi_unit, n_days, numerator, denominator, value
from valued join kpi on kpi.kpi = $kpi
where value is not null
qualify rank <= $top
order by rank
