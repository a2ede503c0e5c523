-- worst_cells: Which cells were over the regulator's limit on several days of one week, region by region?
-- reads: acknowledgement, cell, cell_day, change_point, intervention, place_rate, run, threshold
-- params: week DATE = NULL, region VARCHAR = NULL, top INTEGER = 1000
-- returns: region VARCHAR, rank BIGINT, cell_id VARCHAR, cell_name VARCHAR, site_id VARCHAR, site_name VARCHAR, technology VARCHAR, band VARCHAR, vendor VARCHAR, metric VARCHAR, period_start DATE, period_end DATE, dropped_calls DOUBLE, call_attempts DOUBLE, drop_rate DOUBLE, drop_rate_lo DOUBLE, drop_rate_hi DOUBLE, limit_pct DOUBLE, threshold_source VARCHAR, n_days_breached BIGINT, n_days_judged BIGINT, first_breach DATE, ratio_to_4_weeks DOUBLE, prb_dl_util_bh_pct DOUBLE, rrc_users_mean DOUBLE, dl_user_thp_mbps DOUBLE, availability DOUBLE, change_id VARCHAR, change_utc TIMESTAMPTZ, attribution VARCHAR, intervention_id VARCHAR, intervention_kind VARCHAR, intervention_day DATE, ack_status VARCHAR, ack_owner VARCHAR, ack_comment VARCHAR, ack_utc TIMESTAMPTZ
-- grain: cell_id
with limits as (
    select
        max(threshold_value) filter (threshold_name = 'min_attempts') as min_attempts,
        max(threshold_value) filter (threshold_name = 'breach_days') as breach_days,
        max(threshold_value) filter (threshold_name = 'worst_cell_drop_rate_pct') as limit_pct,
        max(threshold_source) filter (threshold_name = 'worst_cell_drop_rate_pct') as threshold_source
    from threshold
),
asked_week as (
    -- the last week of which all days are known, else the one that has begun
    select cast(date_trunc('week', coalesce(cast($week as date), max(day_local) - 6)) as date) as started
    from cell_day
),
judged as (
    select cell_day.*, started, day_local >= started as in_week,
        call_attempts >= min_attempts as is_judged,
        is_judged and 100 * dropped_calls / call_attempts > limit_pct as is_breach
    from cell_day cross join asked_week cross join limits
    where day_local between started - 28 and started + 6
),
weekly as (
    select
        cell_id, any_value(started) as started,
        sum(dropped_calls) filter (in_week) as drops, sum(call_attempts) filter (in_week) as attempts,
        count(*) filter (in_week and is_judged) as n_days_judged,
        count(*) filter (in_week and is_breach) as n_days_breached,
        min(day_local) filter (is_breach) as first_breach,
        sum(dropped_calls) filter (not in_week) / nullif(sum(call_attempts) filter (not in_week), 0) as before,
        100 * sum(bh_prb_dl_used_prb_s) filter (in_week)
            / nullif(sum(bh_prb_dl_avail_prb_s) filter (in_week), 0) as prb_bh_pct,
        sum(rrc_user_s) filter (in_week) / nullif(sum(rrc_covered_s) filter (in_week), 0) as users,
        sum(dl_thp_vol_kbit) filter (in_week) / nullif(sum(dl_thp_time_ms) filter (in_week), 0) as thp_mbps,
        1 - sum(unavail_s) filter (in_week) / nullif(sum(covered_s) filter (in_week), 0) as availability
    from judged group by cell_id
),
place as (
    select cell_id, arg_max(cell, coalesce(valid_from, date '0001-01-01')) as c
    from cell group by cell_id
),
rated as (
    select cell_id, value_lo, value_hi from place_rate cross join asked_week
    where place_type = 'cell' and metric = 'drop_rate' and period_grain = 'week'
        and period_start = started
),
risen as (
    -- the rise the cell is still in
    select cell_id, max_by(change_point, (change_utc, change_id)) as rise
    from change_point cross join asked_week cross join run
    where cast(timezone(timezone, change_utc) as date) <= started + 6
        and cast(timezone(timezone, until_utc) as date) >= started
    group by cell_id having max_by(direction, (change_utc, change_id)) = 'up'
),
intervened as (
    select place.cell_id,
        max_by(intervention, (start_utc, intervention.intervention_id)) as newest
    from place join intervention
        on intervention.cell_id = place.cell_id or intervention.site_id = place.c.site_id
        cross join asked_week cross join run
    where cast(timezone(run.timezone, start_utc) as date) <= started + 6
    group by place.cell_id
),
noted as (
    -- of the cell's rise, else of the cell, else of its site
    select cell_id, min_by(acknowledgement, list_position(['change', 'cell', 'site'], subject_type)) as ack
    from place left join risen using (cell_id)
        join acknowledgement on subject_id = case subject_type when 'cell' then cell_id
            when 'site' then c.site_id when 'change' then rise.change_id end
    where is_newest
    group by cell_id
),
listed as (
    select *, coalesce(place.c.region, '') as region_of
    from weekly cross join limits left join place using (cell_id) left join rated using (cell_id)
        left join risen using (cell_id) left join intervened using (cell_id)
        left join noted using (cell_id)
    where n_days_breached >= breach_days and coalesce(place.c.region, '') = coalesce($region, place.c.region, '')
)
select
    region_of as region,
    row_number() over (
        partition by region_of order by coalesce(value_lo, drops / attempts) desc, cell_id
    ) as rank,
    cell_id, c.cell_name, c.site_id, c.site_name, c.technology, c.band, c.vendor,
    'drop_rate' as metric, started as period_start, started + 6 as period_end,
    cast(drops as double) as dropped_calls, cast(attempts as double) as call_attempts,
    drops / attempts as drop_rate, value_lo as drop_rate_lo, value_hi as drop_rate_hi,
    limit_pct, threshold_source, n_days_breached, n_days_judged, first_breach,
    round(drops / attempts / nullif(before, 0), 6) as ratio_to_4_weeks,
    round(prb_bh_pct, 6) as prb_dl_util_bh_pct, round(users, 6) as rrc_users_mean,
    round(thp_mbps, 6) as dl_user_thp_mbps, round(availability, 6) as availability,
    rise.change_id, rise.change_utc, rise.attribution, newest.intervention_id, newest.kind as intervention_kind,
    cast(timezone(run.timezone, newest.start_utc) as date) as intervention_day,
    ack.ack_status, ack.ack_owner, ack.ack_comment, ack.ack_utc
from listed cross join run
qualify rank <= $top
order by region, rank
