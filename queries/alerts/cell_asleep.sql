-- cell_asleep: Which cells had calls on nearly all days and have had none on the newest?
-- reads: cell, cell_day
-- params: days INTEGER = 1, awake_share DOUBLE = 0.9, least_attempts DOUBLE = 20
-- returns: cell_id VARCHAR, site_id VARCHAR, region VARCHAR, last_day DATE, n_days_asleep BIGINT, attempts_a_day DOUBLE, begins BOOLEAN, says VARCHAR
-- grain: cell_id
with standing as (
    -- cells that the inventory still has, as it has them now
    select cell_id, site_id, region
    from cell
    qualify row_number() over (partition by cell_id order by valid_from desc nulls last) = 1
        and valid_to is null
),
of_region as (
    select region, count(*) as n_cells from standing group by region
),
sound_day as (
    -- a day on which half of the region's cells have no calls is a day without data
    select standing.region, day_local,
        row_number() over (partition by standing.region order by day_local desc) as days_ago
    from cell_day join standing using (cell_id)
        join of_region on of_region.region is not distinct from standing.region
    where call_attempts > 0
    group by standing.region, day_local
    having 2 * count(*) >= any_value(n_cells)
),
counted as (
    select cell_id, site_id, standing.region, count(call_attempts > 0 or null) as n_awake,
        count(*) as n_days, min(days_ago) filter (call_attempts > 0) - 1 as n_days_asleep,
        max(day_local) filter (call_attempts > 0) as last_day,
        sum(call_attempts) / nullif(count(call_attempts > 0 or null), 0) as attempts_a_day
    from standing join sound_day on sound_day.region is not distinct from standing.region
        left join cell_day using (cell_id, day_local)
    where days_ago <= 28 + $days::integer
    group by cell_id, site_id, standing.region
)
select
    cell_id, site_id, region, last_day, n_days_asleep, attempts_a_day,
    n_days_asleep >= $days::integer as begins,
    format('cell {} has had no call since {}, and {:.0f} attempts a day before', cell_id, last_day,
        attempts_a_day) as says
from counted
-- what has begun stays until there is a call: awake days are counted among those before it slept
where n_days_asleep >= 1 and n_days > n_days_asleep
    and n_awake >= $awake_share::double * (n_days - n_days_asleep)
    and attempts_a_day >= $least_attempts::double
order by cell_id
