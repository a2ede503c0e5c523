-- why_files: From which files, with which hash, came what ranks this place?
-- reads: benefit, cell, cell_hex, hex_place, lineage, priority, run
-- params: place VARCHAR, place_type VARCHAR = NULL
-- returns: table_name VARCHAR, day_local DATE, source_file VARCHAR, file_hash VARCHAR, n_rows BIGINT
-- grain: table_name, day_local, source_file
with place as (
    -- a place by its key as told: cell, site, hexagon as text, or region; by name where that is one
    select priority.*, run.level as map_level
    from priority cross join run
    where place_type = coalesce($place_type, place_type)
        and $place in (place_name, case place_type when 'cell' then cell_id when 'site' then site_id
            when 'hex' then lower(to_hex(hex_id)) else region end)
    order by list_position(['cell', 'site', 'hex', 'region'], place_type), rank
    limit 1
),
newest as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id
    from cell group by cell_id
),
members as (
    -- which part of which cell is the place's, on the last day
    select benefit.cell_id, 1.0 as weight
    from place, benefit left join newest using (cell_id)
    where place_type = 'cell' and benefit.cell_id = place.cell_id
        or place_type = 'site' and newest.site_id = place.site_id
    union all
    select cell_id, sum(weight)
    from place, benefit join cell_hex using (cell_id) join hex_place using (hex_id)
    where cell_hex.level = map_level
        and (cell_hex.valid_from is null or cell_hex.valid_from <= level_until)
        and (cell_hex.valid_to is null or cell_hex.valid_to > level_until)
        and (place_type = 'hex' and cell_hex.hex_id = place.hex_id
            or place_type = 'region' and hex_place.region = place.region)
    group by cell_id
),
span as (
    select min(level_since) as since, max(level_until) as until
    from members join benefit using (cell_id)
)
select table_name, day_local, source_file, file_hash, n_rows
from lineage cross join span
where table_name = 'pm' and day_local between since and until
    or table_name in ('cell', 'complaint', 'nps', 'subscriber_base')
order by table_name, day_local, source_file
