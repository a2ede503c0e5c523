-- worst_places: Where would action help customers most, and why?
-- reads: acknowledgement, cell, place_cell, priority
-- params: place_type VARCHAR = NULL, top INTEGER = 10, per_drop DOUBLE = 1, per_complainant DOUBLE = 0, per_detractor DOUBLE = 0, per_value DOUBLE = 0, per_cost BOOLEAN = false, place_id VARCHAR = NULL, every_place BOOLEAN = false, region VARCHAR = NULL, technology VARCHAR = NULL, band VARCHAR = NULL, vendor VARCHAR = NULL, cell_type VARCHAR = NULL, owner VARCHAR = NULL
-- returns: place_type VARCHAR, rank INTEGER, place_name VARCHAR, region VARCHAR, hex_text VARCHAR, shown_hex_text VARCHAR, cell_id VARCHAR, site_id VARCHAR, lat DOUBLE, lon DOUBLE, period_start DATE, period_end DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, normal_rate DOUBLE, drops_excess_month DOUBLE, drops_excess_month_lo DOUBLE, drops_excess_month_hi DOUBLE, prb_dl_util_bh_pct DOUBLE, complainants VARCHAR, nps DOUBLE, dominant_cell_id VARCHAR, change_id VARCHAR, change_utc TIMESTAMPTZ, place_state VARCHAR, advice VARCHAR, seen VARCHAR, unsafe_reason VARCHAR, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, drops_avoidable_month DOUBLE, drops_avoidable_month_lo DOUBLE, drops_avoidable_month_hi DOUBLE, drops_avoidable_load DOUBLE, drops_avoidable_other DOUBLE, complainants_avoided DOUBLE, complainants_avoided_lo DOUBLE, complainants_avoided_hi DOUBLE, detractors_avoided DOUBLE, detractors_avoided_lo DOUBLE, detractors_avoided_hi DOUBLE, value_month DOUBLE, value_month_lo DOUBLE, value_month_hi DOUBLE, rank_lo INTEGER, rank_hi INTEGER, p_top20 DOUBLE, simple_rank INTEGER, in_top20_coarser BOOLEAN, in_top20_finer BOOLEAN, relief_cells VARCHAR, n_cells_unknown INTEGER, persons_at_most BIGINT, action VARCHAR, action_place_type VARCHAR, action_at VARCHAR, action_site VARCHAR, action_azimuth_deg DOUBLE, action_cells VARCHAR, n_action_cells BIGINT, cost_amount DOUBLE, cost_currency VARCHAR, costs_invented BOOLEAN, action_reach DOUBLE, benefit_per_cost DOUBLE, drops_per_cost DOUBLE, drops_per_cost_lo DOUBLE, drops_per_cost_hi DOUBLE, value_per_cost DOUBLE, value_per_cost_lo DOUBLE, value_per_cost_hi DOUBLE, cost_rank INTEGER, cost_rank_lo INTEGER, cost_rank_hi INTEGER, cost_p_top20 DOUBLE, no_action_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: rank
with treated_cell as (
    -- each cell as the inventory has it now
    select cell_id, arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(sector_id, coalesce(valid_from, date '0001-01-01')) as sector_id,
        arg_max(site_name, coalesce(valid_from, date '0001-01-01')) as site_name,
        arg_max(azimuth_deg, coalesce(valid_from, date '0001-01-01')) as azimuth_deg
    from cell group by cell_id
),
ranked as (
    -- actions are taken at sites; where none are known, hexagons or cells are ranked
    select coalesce($place_type, arg_min(place_type, list_position(['site', 'hex', 'cell'], place_type)))
        as place_type
    from priority
),
spot as (
    -- where actions are taken, in words: the mast, the direction, the cells
    select 'cell' as action_place_type, cell_id as action_at, * from treated_cell
    union all select 'sector', sector_id, * from treated_cell where sector_id is not null
    union all select 'site', site_id, * from treated_cell where site_id is not null
),
treated as (
    select action_place_type, action_at, min(coalesce(site_name, site_id)) as action_site,
        min(azimuth_deg) as action_azimuth_deg,
        string_agg(cell_id, ', ' order by cell_id) as action_cells, count(*) as n_action_cells
    from spot group by action_place_type, action_at
),
noted as (
    select subject_type as place_type, subject_id, ack_status, ack_owner, ack_comment, ack_utc
    from acknowledgement where is_newest
),
fitting as (
    -- the cells that a filter lets through, all where none is set
    select distinct cell_id from cell
    where is_asked(technology, $technology) and is_asked(band, $band)
        and is_asked(vendor, $vendor) and is_asked(cell_type, $cell_type)
),
holding as (
    -- places with at least one such cell
    select distinct place_type, place_id from place_cell semi join fitting using (cell_id)
    union select 'cell', cell_id from fitting
),
weighed as (
    -- benefit in drops a month unless persons or revenue are weighed too; what is not known weighs nothing
    select priority.*,
        case place_type when 'cell' then cell_id when 'site' then site_id
            when 'hex' then lower(to_hex(hex_id)) else region end as place_key,
        coalesce(place_state, 'act') = 'act' as is_act,
        coalesce($per_complainant * complainants_avoided, 0) + coalesce($per_detractor * detractors_avoided, 0)
            + coalesce($per_value * value_month, 0) as beside,
        $per_drop * drops_avoidable_month + beside as benefit_month,
        $per_drop * drops_avoidable_month_lo + coalesce($per_complainant * complainants_avoided_lo, 0)
            + coalesce($per_detractor * detractors_avoided_lo, 0) + coalesce($per_value * value_month_lo, 0)
            as benefit_month_lo,
        $per_drop * drops_avoidable_month_hi + coalesce($per_complainant * complainants_avoided_hi, 0)
            + coalesce($per_detractor * detractors_avoided_hi, 0) + coalesce($per_value * value_month_hi, 0)
            as benefit_month_hi,
        $per_drop * drops_per_cost + beside * action_reach / nullif(cost_amount, 0) as benefit_per_cost
    from priority join ranked using (place_type)
),
valued as (
    -- by cost, what costs nothing comes first and what has no action last
    select *, case when $per_cost then if(cost_amount = 0, 'inf'::double, benefit_per_cost)
        else benefit_month end as wanted
    from weighed
),
ordered as (
    -- places at which there is something to do, or where that is not known, are counted first
    select * replace (cast(row_number() over (order by not is_act, wanted desc nulls last,
            if($per_cost, cost_rank, rank), rank) as integer) as rank)
    from valued
)
select
    ordered.place_type, ordered.rank,
    place_name, region, lower(to_hex(hex_id)) as hex_text,
    lower(to_hex(shown_hex_id)) as shown_hex_text, cell_id, site_id, lat, lon,
    period_start, period_end, call_attempts, dropped_calls, drop_rate, drop_rate_lo, drop_rate_hi,
    normal_rate, drops_excess_month, drops_excess_month_lo, drops_excess_month_hi,
    prb_dl_util_bh_pct, complainants, nps, dominant_cell_id, change_id, change_utc,
    place_state, advice,
    seen, unsafe_reason, benefit_month, benefit_month_lo, benefit_month_hi,
    drops_avoidable_month, drops_avoidable_month_lo, drops_avoidable_month_hi,
    drops_avoidable_load, drops_avoidable_other,
    complainants_avoided, complainants_avoided_lo, complainants_avoided_hi,
    detractors_avoided, detractors_avoided_lo, detractors_avoided_hi, value_month, value_month_lo, value_month_hi,
    rank_lo, rank_hi, p_top20, simple_rank, in_top20_coarser, in_top20_finer, relief_cells,
    n_cells_unknown, persons_at_most, action, action_place_type, action_at, action_site, action_azimuth_deg,
    action_cells, n_action_cells, cost_amount, cost_currency, costs_invented,
    action_reach, benefit_per_cost, drops_per_cost, drops_per_cost_lo, drops_per_cost_hi,
    value_per_cost, value_per_cost_lo, value_per_cost_hi,
    cost_rank, cost_rank_lo, cost_rank_hi, cost_p_top20, no_action_reason, ack_status, ack_owner, ack_comment, ack_utc
from ordered left join treated using (action_place_type, action_at)
    left join noted on noted.place_type = ordered.place_type
        and noted.subject_id = place_key
    left join holding on holding.place_type = ordered.place_type and holding.place_id = place_key
-- one place, or those at which there is something to do, of those that the filters let through
where if($place_id is null, (is_act or $every_place)
    and is_asked(region, $region)
    and is_asked(ack_owner, $owner)
    and (holding.place_id is not null or coalesce($technology, $band, $vendor, $cell_type) is null), place_key = $place_id)
order by ordered.rank
limit $top
