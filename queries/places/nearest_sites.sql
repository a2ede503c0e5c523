-- nearest_sites: Which sites stand nearest to a point, how far and which way, and how do they do?
-- reads: cell, priority
-- params: lat DOUBLE, lon DOUBLE, top INTEGER = 6
-- returns: site_id VARCHAR, site_name VARCHAR, region VARCHAR, distance_km DOUBLE, bearing_deg DOUBLE, n_cells BIGINT, rank INTEGER, place_state VARCHAR, drop_rate DOUBLE, drops_avoidable_month DOUBLE, drops_avoidable_month_lo DOUBLE, drops_avoidable_month_hi DOUBLE, prb_dl_util_bh_pct DOUBLE
-- grain: site_id
with mast as (
    select site_id, min(coalesce(site_name, site_id)) as site_name, min(region) as region,
        avg(lat) as lat, mean_lon(lon) as lon, count(distinct cell_id) as n_cells
    from cell where lat is not null and lon is not null and site_id is not null
    group by site_id
),
aside as (
    -- degrees east of the point, the short way round the world; near the point the ground is flat
    select *, (lon - $lon::double + 540) % 360 - 180 as east, lat - $lat::double as north,
        cos(radians((lat + $lat::double) / 2)) as narrower
    from mast
),
far as (
    -- distance on the sphere (haversine), 6,371 km
    select *, 2 * 6371 * asin(least(1, sqrt(sin(radians(north / 2)) ** 2
            + cos(radians(lat)) * cos(radians($lat::double)) * sin(radians(east / 2)) ** 2))) as distance_km,
        -- from the mast to the point
        (degrees(atan2(-east * narrower, -north)) + 360) % 360 as bearing_deg
    from aside
)
select
    far.site_id, far.site_name, far.region, distance_km, bearing_deg, n_cells, rank, place_state, drop_rate,
    drops_avoidable_month, drops_avoidable_month_lo, drops_avoidable_month_hi, prb_dl_util_bh_pct
from far left join priority on priority.place_type = 'site' and priority.site_id = far.site_id
order by distance_km, far.site_id
limit $top
