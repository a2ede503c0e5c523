-- place_positions: Where is each cell and each site?
-- reads: cell
-- params: none
-- returns: place_type VARCHAR, place_id VARCHAR, lat DOUBLE, lon DOUBLE
-- grain: place_type, place_id
select 'cell' as place_type, cell_id as place_id, avg(lat) as lat, mean_lon(lon) as lon
from cell
where lat is not null and lon is not null
group by cell_id
union all
select 'site', site_id, avg(lat), mean_lon(lon)
from cell
where lat is not null and lon is not null and site_id is not null
group by site_id
order by place_type, place_id
