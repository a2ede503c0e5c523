-- place_card: What is one cell, sector, site, hexagon or region: its name, where it stands, which cells it has?
-- reads: cell, hex_place, place_cell
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: place_type VARCHAR, place_id VARCHAR, place_name VARCHAR, region VARCHAR, site_id VARCHAR, azimuth_deg DOUBLE, lat DOUBLE, lon DOUBLE, n_cells BIGINT, technologies VARCHAR, bands VARCHAR, vendors VARCHAR, cell_types VARCHAR
-- grain: place_id
with member as (
    select distinct cell_id from place_cell
    where place_type = $place_type and place_id = $place_id and valid_to is null
),
now as (
    -- each cell as the inventory has it now
    select * from cell semi join member using (cell_id)
    qualify row_number() over (partition by cell_id order by valid_from desc nulls last) = 1
),
of_cells as (
    select count(*) as n_cells, min(coalesce(site_name, site_id)) as site_name, min(site_id) as site_id,
        count(distinct site_id) as n_sites, min(region) as region, min(azimuth_deg) as azimuth_deg,
        avg(lat) as lat, mean_lon(lon) as lon, string_agg(distinct technology, ', ' order by technology) as technologies,
        string_agg(distinct band, ', ' order by band) as bands,
        string_agg(distinct vendor, ', ' order by vendor) as vendors,
        string_agg(distinct cell_type, ', ' order by cell_type) as cell_types
    from now
),
ground as (
    select region, lat, lon from hex_place where $place_type = 'hex' and hex_id = hex_of($place_id)
)
select
    $place_type as place_type, $place_id as place_id,
    case $place_type when 'site' then coalesce(site_name, $place_id) else $place_id end as place_name,
    case $place_type when 'region' then $place_id when 'hex' then ground.region else of_cells.region end as region,
    case when n_sites = 1 and $place_type in ('cell', 'sector', 'site') then site_id end as site_id,
    case when $place_type in ('cell', 'sector') then azimuth_deg end as azimuth_deg,
    case when $place_type = 'hex' then ground.lat else of_cells.lat end as lat,
    case when $place_type = 'hex' then ground.lon else of_cells.lon end as lon,
    n_cells, technologies, bands, vendors, cell_types
from of_cells left join ground on true
where n_cells > 0 or ground.lat is not null
order by place_id
