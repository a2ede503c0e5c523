-- orphan_hexes: Which hexagons have figures and no place on the map?
-- reads: change_point, hex_day, hex_place, place_rate, priority
-- params: none
-- returns: table_name VARCHAR, hex_text VARCHAR, reason VARCHAR
-- grain: table_name, hex_text
with used as (
    select distinct 'hex_day' as table_name, hex_id from hex_day
    union all
    select distinct 'change_point', hex_id from change_point where place_type = 'hex'
    union all
    select distinct 'place_rate', hex_id from place_rate where place_type = 'hex'
    union all
    select distinct 'priority', hex_id from priority where place_type = 'hex'
)
select table_name, lower(to_hex(hex_id)) as hex_text,
    concat(table_name, ': hexagon ', lower(to_hex(hex_id)), ' is not in hex_place') as reason
from used anti join hex_place using (hex_id)
order by table_name, hex_text
