-- place_parts: In which cells do one place's avoidable drops lie, which of them rose, and which does the action treat?
-- reads: change_point, place_part
-- params: place_type VARCHAR, place_id VARCHAR
-- returns: part_rank INTEGER, cell_id VARCHAR, avoidable_part DOUBLE, drops_avoidable_month DOUBLE, is_treated BOOLEAN, change_id VARCHAR, change_utc TIMESTAMPTZ, direction VARCHAR, ratio DOUBLE, attribution VARCHAR
-- grain: part_rank
select
    part_rank, part.cell_id, avoidable_part, drops_avoidable_month, is_treated, change_id, change_utc,
    direction, ratio, attribution
from place_part as part left join change_point using (change_id)
where part.place_type = $place_type and part.place_id = $place_id
order by part_rank
