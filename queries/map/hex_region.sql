-- hex_region: In which region does one hexagon lie?
-- reads: hex_place
-- params: hex_text VARCHAR
-- returns: region VARCHAR
-- grain: region
select region
from hex_place
where lower(to_hex(hex_id)) = $hex_text and region is not null
order by region
