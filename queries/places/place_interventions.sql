-- place_interventions: What was done at one place, what is planned there, and what came of it?
-- reads: cell, change_point, effect, intervention, place_cell, run
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: intervention_id VARCHAR, kind VARCHAR, status VARCHAR, start_day DATE, end_day DATE, is_ahead BOOLEAN, cell_id VARCHAR, site_name VARCHAR, description VARCHAR, expected_effect VARCHAR, n_changes BIGINT, change_id VARCHAR, direction VARCHAR, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, drops_excess DOUBLE, effect_kind VARCHAR, effect_unit VARCHAR, effect_size DOUBLE, effect_size_lo DOUBLE, effect_size_hi DOUBLE, no_effect_reason VARCHAR
-- grain: intervention_id
with member as (
    select distinct cell_id from place_cell where place_type = $place_type and place_id = $place_id
),
mast as (
    -- what is done at a mast is done to all of its cells
    select site_id, min(coalesce(site_name, site_id)) as site_name, bool_or(member.cell_id is not null) as is_here
    from cell left join member using (cell_id) where site_id is not null group by site_id
),
came as (
    -- of several cells that changed, the one whose drops went furthest
    select intervention_id, count(*) as n_changes, arg_max(change_id, abs(drops_excess)) as change_id,
        arg_max(direction, abs(drops_excess)) as direction, arg_max(ratio, abs(drops_excess)) as ratio,
        arg_max(ratio_lo, abs(drops_excess)) as ratio_lo, arg_max(ratio_hi, abs(drops_excess)) as ratio_hi,
        sum(drops_excess) as drops_excess
    from change_point where intervention_id is not null group by intervention_id
),
verdict as (
    -- against what untouched places did in the same weeks, by drops
    select sheet_id as intervention_id, effect_kind, effect_unit, effect_size, effect_size_lo, effect_size_hi,
        no_effect_reason
    from effect where sheet_kind = 'intervention' and metric = 'drop_rate'
)
select
    intervention_id, kind, status, cast(timezone(run.timezone, start_utc) as date) as start_day,
    cast(timezone(run.timezone, end_utc) as date) as end_day,
    status = 'planned' and start_utc >= run.as_of_utc as is_ahead, intervention.cell_id, site_name, description,
    expected_effect, coalesce(n_changes, 0) as n_changes, change_id, direction, ratio, ratio_lo, ratio_hi,
    drops_excess, effect_kind, effect_unit, effect_size, effect_size_lo, effect_size_hi, no_effect_reason
from intervention cross join run left join mast using (site_id) left join came using (intervention_id)
    left join verdict using (intervention_id)
where intervention.cell_id in (select cell_id from member)
    or (intervention.cell_id is null and mast.is_here)
order by start_day desc nulls last, intervention_id
