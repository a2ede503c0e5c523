-- kpi_days: How does one KPI of one place go from day to day?
-- reads: kpi_place_day
-- params: place_type VARCHAR, place_id VARCHAR, kpi VARCHAR = drop_rate
-- returns: day_local DATE, numerator DOUBLE, denominator DOUBLE, value DOUBLE, value_lo DOUBLE, value_hi DOUBLE, low_volume BOOLEAN
-- grain: day_local
select day_local, numerator, denominator, value, value_lo, value_hi, low_volume
from kpi_place_day
where place_type = $place_type and place_id = $place_id and kpi = $kpi
order by day_local
