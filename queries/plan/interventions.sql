-- interventions: Which interventions began or ended within some days, and where?
-- reads: cell, intervention, run
-- params: since DATE, until DATE
-- returns: intervention_id VARCHAR, kind VARCHAR, status VARCHAR, start_day DATE, end_day DATE, site_name VARCHAR, cell_id VARCHAR, region VARCHAR, description VARCHAR, expected_effect VARCHAR
-- grain: intervention_id
with dated as (
    select intervention.*, cast(timezone(run.timezone, start_utc) as date) as start_day,
        cast(timezone(run.timezone, end_utc) as date) as end_day
    from intervention cross join run
),
place as (
    select coalesce(site_id, cell_id) as site_id, min(coalesce(site_name, site_id)) as site_name,
        min(region) as region
    from cell group by all
),
site_of as (
    select cell_id, max(coalesce(site_id, cell_id)) as site_id from cell group by cell_id
)
select
    intervention_id, kind, status, start_day, end_day,
    coalesce(place.site_name, dated.site_id) as site_name, dated.cell_id, place.region, description,
    expected_effect
from dated left join site_of using (cell_id)
    left join place on place.site_id = coalesce(dated.site_id, site_of.site_id)
where start_day between cast($since as date) and cast($until as date)
    or end_day between cast($since as date) and cast($until as date)
order by start_day, intervention_id
