-- hex_cells: Which cells serve one hexagon, and how did they do over its newest days?
-- reads: cell, cell_day, cell_hex
-- params: hex_text VARCHAR, days INTEGER = 28
-- returns: cell_id VARCHAR, site_id VARCHAR, technology VARCHAR, band VARCHAR, weight DOUBLE, call_attempts_here DOUBLE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, prb_dl_util_bh_pct DOUBLE, availability DOUBLE
-- grain: cell_id
with newest as (
    select max(day_local) as last_day from cell_day
),
here as (
    -- the footprints of the newest day
    select cell_id, sum(weight) as weight
    from cell_hex cross join newest
    where in_hex(hex_id, $hex_text)
        and level = (select min(c.level) from cell_hex as c where c.level >= hex_level($hex_text))
        and holds_on(valid_from, valid_to, last_day)
    group by cell_id
),
recent as (
    select
        cell_id,
        sum(call_attempts) as call_attempts,
        sum(dropped_calls) as dropped_calls,
        100 * sum(bh_prb_dl_used_prb_s) / nullif(sum(bh_prb_dl_avail_prb_s), 0) as prb_bh_pct,
        1 - sum(unavail_s) / nullif(sum(covered_s), 0) as availability
    from cell_day cross join newest
    where day_local > last_day - cast($days as integer)
    group by cell_id
),
place as (
    select
        cell_id,
        arg_max(site_id, coalesce(valid_from, date '0001-01-01')) as site_id,
        arg_max(technology, coalesce(valid_from, date '0001-01-01')) as technology,
        arg_max(band, coalesce(valid_from, date '0001-01-01')) as band
    from cell group by cell_id
)
select
    here.cell_id, place.site_id, place.technology, place.band, here.weight,
    here.weight * recent.call_attempts as call_attempts_here,
    recent.call_attempts, recent.dropped_calls,
    recent.dropped_calls / nullif(recent.call_attempts, 0) as drop_rate,
    recent.prb_bh_pct as prb_dl_util_bh_pct,
    recent.availability
from here left join recent using (cell_id) left join place using (cell_id)
order by call_attempts_here desc nulls last, here.cell_id
