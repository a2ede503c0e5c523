-- unmapped_cells: Which cells have counters and no place, or a place and no counters?
-- reads: cell, cell_day, cell_hex
-- params: none
-- returns: cell_id VARCHAR, lacks VARCHAR, first_day DATE, last_day DATE, call_attempts DOUBLE
-- grain: cell_id
with counted as (
    select
        cell_id, min(day_local) as first_day, max(day_local) as last_day,
        sum(call_attempts) as call_attempts
    from cell_day
    group by cell_id
),
known as (
    select distinct cell_id from cell
),
placed as (
    select distinct cell_id from cell_hex
)
select
    coalesce(counted.cell_id, known.cell_id) as cell_id,
    case
        when counted.cell_id is null then 'counters'
        when known.cell_id is null then 'a row in the inventory'
        else 'a usable position'
    end as lacks,
    counted.first_day, counted.last_day, counted.call_attempts
from counted
full join known on known.cell_id = counted.cell_id
left join placed on placed.cell_id = coalesce(counted.cell_id, known.cell_id)
where counted.cell_id is null or placed.cell_id is null
order by counted.call_attempts desc nulls last, cell_id
