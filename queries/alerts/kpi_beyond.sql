-- kpi_beyond: Which places are beyond the limit of a KPI on each of the newest days?
-- reads: cell, cell_day, kpi, kpi_place_day, place_cell
-- params: limit_value DOUBLE, kpi VARCHAR = drop_rate, place_type VARCHAR = region, days INTEGER = 3
-- returns: place_type VARCHAR, place_id VARCHAR, kpi VARCHAR, region VARCHAR, kpi_name VARCHAR, kpi_unit VARCHAR, value DOUBLE, limit_value DOUBLE, n_days_beyond BIGINT, begins BOOLEAN, says VARCHAR
-- grain: place_type, place_id, kpi
with home as (
    select cell_id, arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
lying as (
    -- the region of a place is that of its largest part
    select place_id, arg_max(region, weight) as region
    from place_cell join home using (cell_id)
    where place_type = $place_type and valid_to is null
    group by place_id
),
daily as (
    select place_type, place_id, kpi, day_local, value,
        case when better = 'higher' then value < $limit_value::double
            else value > $limit_value::double end as is_beyond
    from kpi_place_day join kpi using (kpi)
    where kpi = $kpi and place_type = $place_type and value is not null
        and day_local > (select max(day_local) from cell_day) - $days::integer
),
counted as (
    select place_type, place_id, kpi, arg_max(value, day_local) as value,
        count(is_beyond or null) as n_days_beyond
    from daily group by place_type, place_id, kpi
)
select
    place_type, place_id, counted.kpi, if(place_type = 'region', place_id, region) as region,
    kpi_name, kpi_unit, value, $limit_value::double as limit_value, n_days_beyond,
    n_days_beyond = $days::integer as begins,
    format('{} {}: {} is {:.4g} {}, beyond {:.4g}, on {} of {} days', place_type, place_id, kpi_name,
        if(kpi_unit = 'share', 100, 1) * value, if(kpi_unit = 'share', '%', kpi_unit),
        if(kpi_unit = 'share', 100, 1) * $limit_value::double, n_days_beyond, $days::integer) as says
from counted join kpi on kpi.kpi = counted.kpi left join lying using (place_id)
-- what has begun stays until each of these days is within the limit
where n_days_beyond > 0
order by place_type, place_id, counted.kpi
