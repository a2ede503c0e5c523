-- hex_history: How did drops and load of one hexagon of any level go, day by day?
-- reads: hex_day
-- params: hex_text VARCHAR
-- returns: day_local DATE, call_attempts DOUBLE, dropped_calls DOUBLE, drop_rate DOUBLE, prb_dl_util_pct DOUBLE, n_cells_effective DOUBLE
-- grain: day_local
with given as (
    select try_cast('0x' || $hex_text as ubigint) as id
),
chosen as (
    -- an H3 index has its level in bits 52 to 55, and 7 for each digit finer than that
    select id, (id >> 52) & 15 as level,
        (((id >> 52) & 15) << 52) | ((1::ubigint << (45 - 3 * ((id >> 52) & 15))::ubigint) - 1) as stamp
    from given
)
select
    day_local,
    sum(call_attempts) as call_attempts,
    sum(dropped_calls) as dropped_calls,
    sum(dropped_calls) / nullif(sum(call_attempts), 0) as drop_rate,
    100 * sum(prb_dl_used_prb_s) / nullif(sum(prb_dl_avail_prb_s), 0) as prb_dl_util_pct,
    -- of several hexagons it can't be told from theirs
    if(count(*) = 1, max(n_cells_effective), null) as n_cells_effective
from hex_day cross join chosen
where ((hex_id & 18379190079298994175) | stamp) = id
group by day_local
order by day_local
