-- sites: Where do the masts stand, and which cells hang on each?
-- reads: cell
-- params: none
-- returns: site_id VARCHAR, site_name VARCHAR, region VARCHAR, lat DOUBLE, lon DOUBLE, n_cells BIGINT, cell_ids VARCHAR
-- grain: site_id
select
    site_id, min(site_name) as site_name, min(region) as region, avg(lat) as lat,
    mean_lon(lon) as lon, count(distinct cell_id) as n_cells,
    string_agg(distinct cell_id, ', ' order by cell_id) as cell_ids
from cell
where lat is not null and lon is not null and site_id is not null
group by site_id
order by site_id
