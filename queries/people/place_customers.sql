-- place_customers: What do customers say in or around one place, as released, in the newest whole month?
-- reads: hex_place, place_cell, place_rate, priority, run
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: metric VARCHAR, outcome_class VARCHAR, of_type VARCHAR, level INTEGER, hex_text VARCHAR, region VARCHAR, period_start DATE, period_end DATE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, value_raw DOUBLE, target DOUBLE, p_worse DOUBLE, shown VARCHAR, unsafe_reason VARCHAR
-- grain: metric, outcome_class
with spot as (
    -- a mast stands for the hexagon that the list shows for it
    select case when $place_type = 'hex' then hex_of($place_id) else any_value(shown_hex_id) end as hex_id,
        case when $place_type = 'region' then $place_id else any_value(region) end as region
    from priority
    where $place_type = 'hex' and place_type = 'hex' and hex_id = hex_of($place_id)
        or $place_type <> 'hex' and place_type = $place_type
            and case place_type when 'cell' then cell_id when 'site' then site_id else region end = $place_id
        -- no list ranks sectors: where their cells stand
        or $place_type = 'sector' and place_type = 'cell' and cell_id in (
            select cell_id from place_cell where place_type = 'sector' and place_id = $place_id
        )
),
personal as (
    select place_rate.*, case place_type when 'hex' then place_rate.level else 0 end as fineness
    from place_rate cross join run cross join spot
    where period_grain = 'month' and metric in ('complaints_per_1000', 'nps', 'rating_mean')
        and period_end >= last_day(period_start)
        and (place_type = 'region' and place_rate.region = spot.region
            or place_type = 'hex' and $place_type <> 'region'
                and place_rate.hex_id = hex_parent(spot.hex_id, place_rate.level))
)
select
    metric, outcome_class, place_type as of_type, personal.level, lower(to_hex(personal.hex_id)) as hex_text,
    coalesce(personal.region, hex_place.region) as region, period_start, period_end, numerator, denominator,
    value, value_lo, value_hi, value_raw, target, p_worse, shown, unsafe_reason
from personal left join hex_place on hex_place.hex_id = personal.hex_id
-- the newest month, and in it the finest ground of which a figure is released
qualify row_number() over (
    partition by metric, outcome_class order by period_start desc, value is null, fineness desc
) = 1
order by metric desc, outcome_class
