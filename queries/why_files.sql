-- why_files: From which files, with which hash, came what ranks this place?
-- reads: benefit, lineage, place_cell, priority
-- params: place VARCHAR, place_type VARCHAR = NULL
-- returns: table_name VARCHAR, day_local DATE, source_file VARCHAR, file_hash VARCHAR, n_rows BIGINT
-- grain: table_name, day_local, source_file
with place as (
    -- a place by its key as told: cell, site, hexagon as text, or region; by name where that is one
    select *, case place_type when 'cell' then cell_id when 'site' then site_id
            when 'hex' then lower(to_hex(hex_id)) else region end as place_id
    from priority
    where place_type = coalesce($place_type, place_type) and $place in (place_name, place_id)
    order by list_position(['cell', 'site', 'hex', 'region'], place_type), rank
    limit 1
),
members as (
    -- which part of which cell is the place's, on the last day
    select part.cell_id, sum(weight) as weight
    from place join place_cell as part using (place_type, place_id)
        join benefit on benefit.cell_id = part.cell_id
    where (valid_from is null or valid_from <= level_until)
        and (valid_to is null or valid_to > level_until)
    group by part.cell_id
),
span as (
    select min(level_since) as since, max(level_until) as until
    from members join benefit using (cell_id)
)
select table_name, day_local, source_file, file_hash, n_rows
from lineage cross join span cross join place
where table_name = 'pm' and day_local between since and until
    or table_name in ('cell', 'complaint', 'nps', 'subscriber_base')
order by table_name, day_local, source_file
