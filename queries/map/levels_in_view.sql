-- levels_in_view: How many hexagons of each level has one metric in a box, in one period?
-- reads: hex_place, place_rate
-- params: metric VARCHAR, period_grain VARCHAR, period_start DATE, outcome_class VARCHAR = all, west DOUBLE = -180, south DOUBLE = -90, east DOUBLE = 180, north DOUBLE = 90
-- returns: level INTEGER, n_hexes BIGINT
-- grain: level
select place_rate.level, count(*) as n_hexes
from place_rate left join hex_place using (hex_id)
where place_type = 'hex'
    and metric = $metric
    and place_rate.period_grain = $period_grain
    and place_rate.period_start = $period_start
    and outcome_class = $outcome_class
    and in_box(lat, lon, $west, $south, $east, $north)
group by place_rate.level
order by place_rate.level
