-- region_hexes: Which hexagons of one level lie in each region?
-- reads: hex_place
-- params: level INTEGER
-- returns: region VARCHAR, hex_id UBIGINT
-- grain: hex_id
select region, hex_id
from hex_place
where region is not null and level = $level
order by hex_id
