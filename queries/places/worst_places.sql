-- worst_places: Where would action help customers most, and why?
-- reads: acknowledgement, priority
-- params: place_type VARCHAR = NULL, top INTEGER = 10, per_drop DOUBLE = 1, per_complainant DOUBLE = 0, per_detractor DOUBLE = 0, per_value DOUBLE = 0, per_cost BOOLEAN = false
-- returns: place_type VARCHAR, rank INTEGER, place_name VARCHAR, region VARCHAR, hex_text VARCHAR, shown_hex_text VARCHAR, cell_id VARCHAR, site_id VARCHAR, lat DOUBLE, lon DOUBLE, period_start DATE, period_end DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, normal_rate DOUBLE, drops_excess_month DOUBLE, drops_excess_month_lo DOUBLE, drops_excess_month_hi DOUBLE, prb_dl_util_bh_pct DOUBLE, complainants VARCHAR, nps DOUBLE, dominant_cell_id VARCHAR, change_id VARCHAR, change_utc TIMESTAMPTZ, advice VARCHAR, seen VARCHAR, unsafe_reason VARCHAR, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, drops_avoidable_month DOUBLE, drops_avoidable_month_lo DOUBLE, drops_avoidable_month_hi DOUBLE, drops_avoidable_load DOUBLE, drops_avoidable_other DOUBLE, complainants_avoided DOUBLE, complainants_avoided_lo DOUBLE, complainants_avoided_hi DOUBLE, detractors_avoided DOUBLE, detractors_avoided_lo DOUBLE, detractors_avoided_hi DOUBLE, value_month DOUBLE, value_month_lo DOUBLE, value_month_hi DOUBLE, rank_lo INTEGER, rank_hi INTEGER, p_top20 DOUBLE, simple_rank INTEGER, in_top20_coarser BOOLEAN, in_top20_finer BOOLEAN, relief_cells VARCHAR, n_cells_unknown INTEGER, persons_at_most BIGINT, action VARCHAR, action_at VARCHAR, cost_amount DOUBLE, cost_currency VARCHAR, costs_invented BOOLEAN, action_reach DOUBLE, benefit_per_cost DOUBLE, drops_per_cost DOUBLE, drops_per_cost_lo DOUBLE, drops_per_cost_hi DOUBLE, value_per_cost DOUBLE, value_per_cost_lo DOUBLE, value_per_cost_hi DOUBLE, cost_rank INTEGER, cost_rank_lo INTEGER, cost_rank_hi INTEGER, cost_p_top20 DOUBLE, no_action_reason VARCHAR, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: rank
with ranked as (
    -- actions are taken at sites; where none are known, hexagons or cells are ranked
    select coalesce($place_type, arg_min(place_type, list_position(['site', 'hex', 'cell'], place_type)))
        as place_type
    from priority
),
noted as (
    select subject_type as place_type, subject_id, ack_status, ack_owner, ack_comment, ack_utc
    from acknowledgement where is_newest
),
weighed as (
    -- benefit in drops a month unless persons or revenue are weighed too; what is not known weighs nothing
    select priority.*,
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
ordered as (
    -- by cost, what costs nothing comes first and what has no action last
    select *, case when $per_cost then if(cost_amount = 0, 'inf'::double, benefit_per_cost)
        else benefit_month end as wanted
    from weighed
)
select
    ordered.place_type, cast(row_number() over (order by wanted desc nulls last, if($per_cost, cost_rank, rank), rank) as integer) as rank,
    place_name, region, lower(to_hex(hex_id)) as hex_text,
    lower(to_hex(shown_hex_id)) as shown_hex_text, cell_id, site_id, lat, lon,
    period_start, period_end, call_attempts, dropped_calls, drop_rate, drop_rate_lo, drop_rate_hi,
    normal_rate, drops_excess_month, drops_excess_month_lo, drops_excess_month_hi,
    prb_dl_util_bh_pct, complainants, nps, dominant_cell_id, change_id, change_utc, advice,
    seen, unsafe_reason, benefit_month, benefit_month_lo, benefit_month_hi,
    drops_avoidable_month, drops_avoidable_month_lo, drops_avoidable_month_hi,
    drops_avoidable_load, drops_avoidable_other,
    complainants_avoided, complainants_avoided_lo, complainants_avoided_hi,
    detractors_avoided, detractors_avoided_lo, detractors_avoided_hi, value_month, value_month_lo, value_month_hi,
    rank_lo, rank_hi, p_top20, simple_rank, in_top20_coarser, in_top20_finer, relief_cells,
    n_cells_unknown, persons_at_most, action, action_at, cost_amount, cost_currency, costs_invented,
    action_reach, benefit_per_cost, drops_per_cost, drops_per_cost_lo, drops_per_cost_hi,
    value_per_cost, value_per_cost_lo, value_per_cost_hi,
    cost_rank, cost_rank_lo, cost_rank_hi, cost_p_top20, no_action_reason, ack_status, ack_owner, ack_comment, ack_utc
from ordered
    left join noted on noted.place_type = ordered.place_type
        and noted.subject_id = case ordered.place_type when 'site' then site_id
            when 'cell' then cell_id when 'region' then region else lower(to_hex(hex_id)) end
order by rank
limit $top
