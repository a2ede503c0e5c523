-- events: What happened to which cell: which KPIs changed together, and which moved first?
-- reads: acknowledgement, cell, kpi, kpi_change, run
-- params: family VARCHAR = NULL, cell_id VARCHAR = NULL, since DATE = NULL, worse BOOLEAN = NULL, top INTEGER = 100, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL, owner VARCHAR = NULL
-- returns: event_id VARCHAR, cell_id VARCHAR, site_id VARCHAR, region VARCHAR, begin_utc TIMESTAMPTZ, begin_lo_utc TIMESTAMPTZ, begin_hi_utc TIMESTAMPTZ, n_symptoms BIGINT, families VARCHAR, first_kpis VARCHAR, symptoms VARCHAR, is_worse BOOLEAN, moved_by VARCHAR, intervention_id VARCHAR, unsafe_reason VARCHAR
-- grain: event_id
with place as (
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
event as (
    select
        event_id, any_value(cell_id) as cell_id, min(change_utc) as begin_utc,
        min_by(change_lo_utc, (change_utc, change_id)) as begin_lo_utc,
        min_by(change_hi_utc, (change_utc, change_id)) as begin_hi_utc, count(*) as n_symptoms,
        list_sort(list_distinct(list(family))) as families_of,
        string_agg(change.kpi, ', ' order by change_utc, change.kpi) filter (moves_first) as first_kpis,
        string_agg(change.kpi || ' ' || direction, ', ' order by change_utc, change.kpi) as symptoms,
        bool_or(is_worse) as is_worse,
        string_agg(distinct moved_by, ', ' order by moved_by) as moved_by,
        max(intervention_id) as intervention_id, max(unsafe_reason) as unsafe_reason
    from kpi_change as change join kpi on kpi.kpi = change.kpi
    group by event_id
),
fitting as (
    -- the cells that a filter lets through, all where none is set
    select distinct cell_id from cell
    where is_asked(technology, $technology) and is_asked(band, $band)
        and is_asked(vendor, $vendor) and is_asked(cell_type, $cell_type)
),
noted as (
    select subject_id as cell_id, ack_owner
    from acknowledgement where is_newest and subject_type = 'cell'
)
select
    event_id, event.cell_id, site_id, region, begin_utc, begin_lo_utc, begin_hi_utc, n_symptoms,
    array_to_string(families_of, ', ') as families, first_kpis, symptoms, is_worse, moved_by,
    intervention_id, unsafe_reason
from event left join place on place.cell_id = event.cell_id
    left join noted on noted.cell_id = event.cell_id cross join run
where event.cell_id = coalesce($cell_id, event.cell_id)
    and ($family is null or list_contains(families_of, $family))
    and cast(timezone(run.timezone, begin_utc) as date) >= coalesce(cast($since as date), date '0001-01-01')
    and ($worse is null or is_worse = $worse)
    and is_asked(region, $region)
    and is_asked(ack_owner, $owner)
    and (event.cell_id in (select cell_id from fitting) or coalesce($technology, $band, $vendor, $cell_type) is null)
order by begin_utc desc, n_symptoms desc, event_id
limit $top
