-- hex_totals: On which days do hexagons not hold what their cells counted?
-- reads: cell_day, cell_hex, hex_day, run
-- params: none
-- returns: day_local DATE, reason VARCHAR
-- grain: day_local
with placed as (
    select distinct cell_id, valid_from, valid_to
    from cell_hex
    where level = (select max(level) from run)
),
counted as (
    select day_local, sum(call_attempts) as attempts, sum(dropped_calls) as drops
    from cell_day semi join placed
        on placed.cell_id = cell_day.cell_id
        and day_local >= coalesce(valid_from, day_local)
        and (valid_to is null or day_local < valid_to)
    group by day_local
),
spread as (
    select day_local, sum(call_attempts) as attempts, sum(dropped_calls) as drops
    from hex_day
    group by day_local
),
both_sides as (
    select
        day_local,
        coalesce(counted.attempts, 0) as cell_attempts, coalesce(spread.attempts, 0) as hex_attempts,
        coalesce(counted.drops, 0) as cell_drops, coalesce(spread.drops, 0) as hex_drops
    from counted full join spread using (day_local)
)
select day_local,
    concat(day_local, ': cells count ', cell_attempts, ' attempts and ', cell_drops,
        ' drops, hexagons ', hex_attempts, ' and ', hex_drops) as reason
from both_sides
where abs(cell_attempts - hex_attempts) > 1e-9 * greatest(1, cell_attempts)
    or abs(cell_drops - hex_drops) > 1e-9 * greatest(1, cell_drops)
order by day_local
