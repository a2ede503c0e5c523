-- load_responses: From which load on does each cell drop more calls, and how surely?
-- reads: load_response
-- params: cell_id VARCHAR = NULL, top INTEGER = 100
-- returns: cell_id VARCHAR, month DATE, knee_pct DOUBLE, knee_lo_pct DOUBLE, knee_hi_pct DOUBLE, slope DOUBLE, unsafe_reason VARCHAR
-- grain: cell_id, month
select cell_id, month, knee_pct, knee_lo_pct, knee_hi_pct, slope, unsafe_reason
from load_response
where cell_id = coalesce($cell_id, cell_id)
order by knee_pct nulls last, cell_id, month
limit $top
