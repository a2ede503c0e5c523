-- sectors: Where do the cells look from their masts?
-- reads: cell
-- params: none
-- returns: lat DOUBLE, lon DOUBLE, azimuth_deg DOUBLE, h_beamwidth_deg DOUBLE, n_cells BIGINT
-- grain: lat, lon, azimuth_deg, h_beamwidth_deg
select
    lat, lon, azimuth_deg, coalesce(h_beamwidth_deg, 65) as h_beamwidth_deg,
    count(distinct cell_id) as n_cells
from cell
where lat is not null and lon is not null and azimuth_deg is not null
group by lat, lon, azimuth_deg, coalesce(h_beamwidth_deg, 65)
order by lat, lon, azimuth_deg, h_beamwidth_deg
