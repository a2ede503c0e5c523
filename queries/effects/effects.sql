-- effects: What came of each intervention and project, by one KPI, newest first?
-- reads: cell, effect, intervention
-- params: metric VARCHAR = drop_rate, sheet_kind VARCHAR = NULL, effect_kind VARCHAR = NULL, cell_id VARCHAR = NULL, site_id VARCHAR = NULL, since DATE = NULL, until DATE = NULL, judged_since DATE = NULL, judged_until DATE = NULL, top INTEGER = 1000
-- returns: sheet_kind VARCHAR, sheet_id VARCHAR, kind VARCHAR, site_id VARCHAR, site_name VARCHAR, cell_id VARCHAR, region VARCHAR, work_from DATE, work_until DATE, after_until DATE, judged_at VARCHAR, judged_with VARCHAR, n_places_worked INTEGER, n_places_judged INTEGER, value_before DOUBLE, value_after DOUBLE, value_expected DOUBLE, effect_unit VARCHAR, effect_size DOUBLE, effect_size_lo DOUBLE, effect_size_hi DOUBLE, effect_kind VARCHAR, p_value DOUBLE, drift_to_undo DOUBLE, realised DOUBLE, realised_lo DOUBLE, realised_hi DOUBLE, no_effect_reason VARCHAR, unsafe_reason VARCHAR
-- grain: sheet_kind, sheet_id
with site_of as (
    select cell_id, max(coalesce(site_id, cell_id)) as site_id from cell group by cell_id
),
site as (
    select coalesce(site_id, cell_id) as site_id, min(coalesce(site_name, site_id)) as site_name,
        min(region) as region
    from cell group by all
),
work as (
    select intervention.intervention_id, kind, project_id, intervention.cell_id,
        coalesce(intervention.site_id, site_of.site_id) as site_id
    from intervention left join site_of using (cell_id)
),
sheet as (
    select 'intervention' as sheet_kind, intervention_id as sheet_id, * exclude (intervention_id)
    from work
    union all
    select 'project', project_id, * exclude (intervention_id)
    from work where project_id is not null
),
place as (
    -- what its works have in common; NULL = they differ
    select
        sheet_kind, sheet_id, string_agg(distinct kind, ', ' order by kind) as kind,
        if(count(distinct sheet.site_id) = 1, min(sheet.site_id), null) as site_id,
        if(count(distinct sheet.site_id) = 1, min(site_name), null) as site_name,
        if(count(distinct cell_id) = 1 and count(*) = count(cell_id), min(cell_id), null)
            as cell_id,
        if(count(distinct region) = 1, min(region), null) as region,
        list(distinct sheet.site_id) as site_ids, list(distinct cell_id) as cell_ids
    from sheet left join site using (site_id)
    group by sheet_kind, sheet_id
)
select
    sheet_kind, sheet_id, kind, site_id, site_name, place.cell_id, region, work_from, work_until,
    after_until, judged_at, judged_with, n_places_worked, n_places_judged, value_before, value_after,
    value_expected, effect_unit, effect_size, effect_size_lo, effect_size_hi, effect_kind, p_value,
    drift_to_undo, realised, realised_lo, realised_hi, no_effect_reason, unsafe_reason
from effect left join place using (sheet_kind, sheet_id)
where metric = $metric
    and sheet_kind = coalesce($sheet_kind, sheet_kind)
    and effect_kind = coalesce($effect_kind, effect_kind)
    and (cast($cell_id as varchar) is null or list_contains(cell_ids, $cell_id))
    and (cast($site_id as varchar) is null or list_contains(site_ids, $site_id))
    and (cast($since as date) is null or work_until >= cast($since as date))
    and (cast($until as date) is null or work_until <= cast($until as date))
    and (cast($judged_since as date) is null or after_until >= cast($judged_since as date))
    and (cast($judged_until as date) is null or after_until <= cast($judged_until as date))
order by work_until desc, sheet_kind, sheet_id
limit $top
