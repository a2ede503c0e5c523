-- hex_levels: Which hexagons are of another level than their row says?
-- reads: cell_hex, hex_day, hex_place, place_rate, priority
-- params: none
-- returns: table_name VARCHAR, hex_text VARCHAR, level INTEGER, reason VARCHAR
-- grain: table_name, hex_text, level
with stated as (
    select distinct 'cell_hex' as table_name, hex_id, level from cell_hex
    union all
    select distinct 'hex_day', hex_id, level from hex_day
    union all
    select distinct 'hex_place', hex_id, level from hex_place
    union all
    select distinct 'place_rate', hex_id, level from place_rate where place_type = 'hex'
    union all
    select distinct 'priority', hex_id, level from priority where place_type = 'hex'
),
read_off as (
    -- bits 52 to 55 of an H3 index are its level
    select table_name, lower(to_hex(hex_id)) as hex_text, level,
        cast((hex_id >> 52) & 15 as integer) as own_level
    from stated
)
select table_name, hex_text, level,
    concat(table_name, ': hexagon ', coalesce(hex_text, 'without id'), ' is of level ',
        coalesce(cast(own_level as varchar), 'unknown'), ', its row says ',
        coalesce(cast(level as varchar), 'nothing')) as reason
from read_off
where own_level is distinct from level
order by table_name, hex_text, level
