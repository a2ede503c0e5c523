-- effect_days: How did drops of one intervention or project go, day by day, beside what untouched places let expect?
-- reads: effect_day
-- params: sheet_id VARCHAR, sheet_kind VARCHAR = intervention
-- returns: event_day INTEGER, value_of_day DOUBLE, expected_of_day DOUBLE, expected_of_day_lo DOUBLE, expected_of_day_hi DOUBLE
-- grain: event_day
select event_day, value_of_day, expected_of_day, expected_of_day_lo, expected_of_day_hi
from effect_day
where sheet_id = $sheet_id and sheet_kind = $sheet_kind
order by event_day
