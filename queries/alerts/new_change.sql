-- new_change: Which cells or hexagons drop many times more calls than before, by a change of the newest days?
-- reads: cell, change_point, hex_place, run
-- params: ratio DOUBLE = 2, days INTEGER = 28
-- returns: change_id VARCHAR, cell_id VARCHAR, hex_text VARCHAR, region VARCHAR, change_day DATE, ratio DOUBLE, ratio_lo DOUBLE, ratio_hi DOUBLE, begins BOOLEAN, says VARCHAR
-- grain: change_id
with place as (
    select cell_id, arg_max(region, coalesce(valid_from, date '0001-01-01')) as region
    from cell group by cell_id
),
newest as (
    -- the change that holds: one that another has followed is over
    select change_point.*, cast(timezone(run.timezone, change_utc) as date) as change_day,
        cast(timezone(run.timezone, as_of_utc) as date) as newest_day
    from change_point cross join run
    qualify change_utc = max(change_utc) over (partition by place_type, cell_id, hex_id)
)
select
    change_id, cell_id, lower(to_hex(newest.hex_id)) as hex_text,
    coalesce(place.region, home.region) as region, change_day, ratio, ratio_lo, ratio_hi,
    change_day > newest_day - $days::integer as begins,
    format('{} drops {:.1f} times the calls since {} (90 % interval {:.1f} to {:.1f})',
        coalesce('cell ' || cell_id, 'hexagon ' || lower(to_hex(newest.hex_id))), ratio, change_day,
        ratio_lo, ratio_hi) as says
from newest left join place using (cell_id)
    left join hex_place as home on home.hex_id = newest.hex_id
where direction = 'up' and unsafe_reason is null and ratio >= $ratio::double
order by change_id
