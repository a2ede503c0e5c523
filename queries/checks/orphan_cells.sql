-- orphan_cells: Which cells have findings or modelled footprints and stand nowhere else?
-- reads: cell, cell_day, cell_hex, change_curve, change_day, change_point, load_response, place_rate, priority
-- params: none
-- returns: table_name VARCHAR, cell_id VARCHAR, reason VARCHAR
-- grain: table_name, cell_id
with found as (
    select 'change_point' as table_name, cell_id from change_point
    union all
    select 'change_day', cell_id from change_day
    union all
    select 'change_curve', cell_id from change_curve
    union all
    select 'load_response', cell_id from load_response
    union all
    select 'place_rate', cell_id from place_rate where place_type = 'cell'
    union all
    select 'priority', dominant_cell_id from priority
),
orphans as (
    select table_name, cell_id, 'no counters' as lacks
    from found anti join cell_day using (cell_id)
    union all
    select 'cell_hex', cell_id, 'no row in the inventory'
    from cell_hex anti join cell using (cell_id)
    -- supplied coverage and the places of calls need no inventory
    where method in ('sector_model', 'voronoi')
)
select distinct table_name, cell_id, concat(table_name, ': cell ', cell_id, ' has ', lacks) as reason
from orphans
where nullif(cell_id, '') is not null
order by table_name, cell_id
