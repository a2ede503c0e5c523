-- intervention_places: Where were interventions made, and when?
-- reads: cell, intervention
-- params: none
-- returns: intervention_id VARCHAR, kind VARCHAR, status VARCHAR, start_utc TIMESTAMPTZ, cell_id VARCHAR, site_id VARCHAR, lat DOUBLE, lon DOUBLE
-- grain: intervention_id
with place as (
    select
        cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        avg(lat) as lat, mean_lon(lon) as lon
    from cell group by cell_id
),
site as (
    select site_id, avg(lat) as lat, mean_lon(lon) as lon from cell group by site_id
)
select
    intervention_id, kind, status, start_utc, intervention.cell_id,
    coalesce(intervention.site_id, place.site_id) as site_id,
    coalesce(place.lat, site.lat) as lat, coalesce(place.lon, site.lon) as lon
from intervention
    left join place using (cell_id)
    left join site on site.site_id = intervention.site_id
order by start_utc, intervention_id
