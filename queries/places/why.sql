-- why: Why is this place where it stands in the list, step by step from what was counted, down to the files?
-- reads: action_share, association, benefit, cell_day, change_point, lineage, load_response, place_cell, place_rate, priority, what_if
-- params: place VARCHAR, place_type VARCHAR = NULL
-- returns: step INTEGER, step_kind VARCHAR, cell_id VARCHAR, what VARCHAR, value DOUBLE, note VARCHAR, published DOUBLE, unit VARCHAR, how VARCHAR, source VARCHAR, n_rows BIGINT, n_files BIGINT
-- grain: step, cell_id, what, how, source
with place as (
    -- a place by its key: cell, site, hexagon as text, or region; by name where that is one
    select *, case place_type when 'cell' then cell_id when 'site' then site_id
            when 'hex' then lower(to_hex(hex_id)) else region end as place_id
    from priority
    where place_type = coalesce($place_type, place_type) and $place in (place_name, place_id)
    order by list_position(['cell', 'site', 'hex', 'region'], place_type), rank
    limit 1
),
members as (
    -- which part of which cell is the place's, on the last day
    select part.cell_id, sum(weight) as weight
    from place join place_cell as part using (place_type, place_id)
        join benefit on benefit.cell_id = part.cell_id
    where (valid_from is null or valid_from <= present_until)
        and (valid_to is null or valid_to > present_until)
    group by part.cell_id
),
files as (
    select day_local, count(*) as n_files from lineage
    where table_name = 'pm' and day_local is not null group by day_local
),
counted as (
    select cell_id, weight, days_worth, relief_pct, avoidable_load, avoidable_other, present_since, present_until,
        count(day_local) as n_days, cast(sum(n_files) as bigint) as n_files,
        sum(cell_day.dropped_calls) as dropped_calls
    from members join benefit using (cell_id) join cell_day using (cell_id) left join files using (day_local)
    where day_local between present_since and present_until
        and call_attempts > 0 and cell_day.dropped_calls is not null and unknown_reason is null
    group by all
),
parts as (
    select *, 30 * (dropped_calls / days_worth) as drops_month,
        weight * (drops_month * avoidable_load) as by_load,
        weight * (drops_month * avoidable_other) as by_other
    from counted
),
total as (
    select sum(by_load) + sum(by_other) as drops, count(*) as n_cells from parts
),
change as (select change_point.* from place join change_point using (change_id)),
curve as (
    select load_response.* from place join load_response on load_response.cell_id = dominant_cell_id
    qualify row_number() over (order by month desc) = 1
),
newest as (
    select place_type, metric, max(level) as level, max(period_start) as period_start from place_rate
    where period_grain = 'month' and (metric = 'nps' or metric like 'complaints_%')
    group by place_type, metric
),
wider as (
    -- what customers said about the region, or the hexagon of the finest released grid around the place
    select rate.* from place join place_rate as rate on case place.place_type
            when 'region' then rate.place_type = 'region' and rate.region = place.region
            else rate.place_type = 'hex' and in_hex(place.hex_id, lower(to_hex(rate.hex_id))) end
        join newest on newest.place_type = rate.place_type and newest.metric = rate.metric
            and newest.period_start = rate.period_start and newest.level is not distinct from rate.level
    where period_grain = 'month' and (rate.metric = 'nps' or outcome_class = 'network')
),
avoided as (
    select what_if.* from place join what_if on what_if.cell_id = dominant_cell_id
),
origin as (
    select lineage.* from lineage
        cross join (select min(present_since) as since, max(present_until) as until
            from members join benefit using (cell_id)) as span cross join place
    where table_name = 'pm' and day_local between since and until
        or table_name in ('cell', 'complaint', 'nps', 'subscriber_base')
),
relieved as (
    -- the action named beside the place, cell by cell
    select parts.cell_id, drops_month, weight, avoidable_action
    from parts cross join place join action_share on action_share.cell_id = parts.cell_id
    where action_share.action = place.action and action_share.action_at = place.action_at
),
slope as (
    select outcome_class, per_drop, coefficient_lo, coefficient_hi, n_places, unsafe_reason
    from association where per_drop is not null
),
steps as (
    select 1 as step, 'drops_counted' as step_kind, cell_id, 'dropped calls counted' as what, dropped_calls as value,
        cast(null as varchar) as note, cast(null as double) as published, 'calls' as unit,
        concat(present_since, ' to ', present_until) as how, 'cell_day' as source, n_days as n_rows, n_files
    from parts
    union all
    select 2, 'usual_days', cell_id, 'usual days these days are worth', days_worth, null, null, 'days',
        'by how much of them is known, rest days and others', 'benefit', 1, null from parts
    union all
    select 3, 'drops_month', cell_id, 'drops a month', drops_month, null, null, 'drops a month', '30 x (1) / (2)',
        '', null, null from parts
    union all
    select 4, 'avoidable_load', cell_id, 'share that relief avoids', avoidable_load, null, null, 'share',
        format('curve at {:.0f} % less load; luck since the last change left out', relief_pct),
        'benefit', 1, null from parts
    union all
    select 5, 'avoidable_other', cell_id, 'share that undoing the rest avoids', avoidable_other, null, null, 'share',
        'last change, its part that is not load; luck since then left out', 'benefit', 1, null from parts
    union all
    select 6, 'weight', parts.cell_id, 'part of the cell in the place', weight, null, null, 'share',
        'footprint on the last day', if(place_type in ('cell', 'site'), 'cell', 'cell_hex'), 1, null
    from parts cross join place
    union all
    select 7, 'drops_avoidable_cell', cell_id, 'drops to avoid here', by_load + by_other, null, null, 'drops a month',
        '(3) x ((4) + (5)) x (6)', '', null, null from parts
    union all
    select 8, 'drops_avoidable', '', 'drops to avoid', round(drops, 6), null, drops_avoidable_month, 'drops a month',
        concat_ws('; ', 'sum of (7)', format('90 % {:.0f} to {:.0f}', drops_avoidable_month_lo, drops_avoidable_month_hi)),
        '', n_cells, null from total cross join place where n_cells > 0
    union all
    select if(outcome_class = 'network', 9, 11),
        if(outcome_class = 'network', 'complainants_per_drop', 'detractors_per_drop'), '', if(outcome_class = 'network', 'complainants per drop', 'detractors per drop'), per_drop,
        slope.unsafe_reason, null, 'cases a drop',
        format('one slope for all, 90 % {:.4f} to {:.4f}', coefficient_lo, coefficient_hi),
        'association', n_places, null
    from slope cross join place
    union all
    select if(outcome_class = 'network', 10, 12),
        if(outcome_class = 'network', 'complainants_avoided', 'detractors_avoided'), '',
        if(outcome_class = 'network', 'complainants a month fewer', 'detractors fewer'),
        round(least(drops * per_drop, persons_at_most), 6), null,
        if(outcome_class = 'network', complainants_avoided, detractors_avoided), 'persons',
        concat_ws('; ', if(outcome_class = 'network', '(8) x (9)', '(8) x (11)'),
            format('at most all {} who are there', persons_at_most),
            if(outcome_class = 'network',
                format('90 % {:.1f} to {:.1f}', complainants_avoided_lo, complainants_avoided_hi),
                format('90 % {:.1f} to {:.1f}', detractors_avoided_lo, detractors_avoided_hi))),
        '', null, null
    from slope cross join total cross join place where n_cells > 0
    union all
    select 13, 'drop_rate', '', 'drop rate', drop_rate, null, null, 'share',
        format('{:.0f} of {:.0f} calls, {} to {}; 90 % {:.4f} to {:.4f}', dropped_calls, call_attempts,
            period_start, period_end, drop_rate_lo, drop_rate_hi),
        'priority', 1, null from place
    union all
    select 14, 'change', coalesce(cell_id, ''), 'last change, times', ratio,
        concat(direction, ' since ', strftime(change_utc, '%Y-%m-%d %H:%M'), ' UTC, due to ', attribution),
        null, 'x', concat_ws('; ', format('90 % {:.2f} to {:.2f}', ratio_lo, ratio_hi),
            format('load''s part {:.2f}, p(load) {:.2f}', load_share, p_load)),
        'change_point', 1, null from change
    union all
    select 15, 'knee', cell_id, 'drops more from this load on', knee_pct,
        if(knee_pct is null, 'no knee', null), null, '% PRB',
        coalesce(unsafe_reason, format('90 % {:.0f} to {:.0f}', knee_lo_pct, knee_hi_pct)),
        'load_response', 1, null from curve
    union all
    select 16, 'nps', '', 'NPS around it', value, case shown when 'few' then '<5' when 'hidden' then shown end, null, 'points',
        concat_ws(', ', strftime(period_start, '%b %Y'), outcome_class,
            format('{:.0f} answers', denominator), format('90 % {:.0f} to {:.0f}', value_lo, value_hi)),
        'place_rate', 1, null from wider where metric = 'nps'
    union all
    select 17, 'complaints', '', 'complaints around it', value, case shown when 'few' then '<5' when 'hidden' then shown end, null,
        if(metric = 'complaints_per_1000', 'per 1,000 subscribers a month', 'per 10,000 call attempts'),
        concat_ws(', ', strftime(period_start, '%b %Y'),
            format('{:.0f} of {:.0f}', numerator, denominator), format('90 % {:.1f} to {:.1f}', value_lo, value_hi)),
        'place_rate', 1, null from wider where metric <> 'nps'
    union all
    select 18, 'avoidable_action', relieved.cell_id, 'share that the action avoids', avoidable_action, null, null, 'share',
        concat(replace(place.action, '_', ' '), ' at ', place.action_at), 'action_share', 1, null from relieved cross join place
    union all
    select 19, 'drops_avoided_action', '', 'drops that the action avoids here', sum(drops_month * avoidable_action * weight), null,
        null, 'drops a month', 'sum of (3) x (18) x (6)', '', count(*), null from relieved having count(*) > 0
    union all
    select 20, 'cost', '', 'cost of the action', cost_amount, no_action_reason, null, coalesce(cost_currency, ''),
        if(costs_invented, 'invented, no price', 'the catalogue'), 'priority', 1, null from place
    union all
    select 21, 'drops_per_cost', '', 'drops a month avoided for each unit of cost',
        round(sum(drops_month * avoidable_action * relieved.weight) / nullif(cost_amount, 0), 6), null,
        drops_per_cost, 'drops a month',
        concat_ws('; ', '(19) / (20)', format('90 % {:.3g} to {:.3g}', drops_per_cost_lo, drops_per_cost_hi)),
        '', null, null
    from relieved cross join place group by cost_amount, drops_per_cost, drops_per_cost_lo, drops_per_cost_hi
    union all
    select 22, 'what_if', cell_id, format('drops avoided by {:.0f} % less load', relief_pct), drops_avoided_month,
        if(is_beyond_seen, 'at loads hardly seen there', null), null, 'drops a month',
        format('90 % {:.0f} to {:.0f}', drops_avoided_month_lo, drops_avoided_month_hi), 'what_if', 1, null
    from avoided
    union all
    select 23, 'file', '', source_file, n_rows, file_hash, null, 'rows', cast(day_local as varchar), table_name,
        n_rows, 1
    from origin
)
select cast(step as integer) as step, step_kind, cell_id, what, value, note, published, unit, how, source,
    cast(n_rows as bigint) as n_rows, n_files
from steps
order by step, cell_id, source, what, how
