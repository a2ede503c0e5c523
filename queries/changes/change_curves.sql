-- change_curves: At which load did a cell drop how many calls, before and after a change?
-- reads: change_curve
-- params: change_id VARCHAR = NULL
-- returns: change_id VARCHAR, cell_id VARCHAR, prb_pct DOUBLE, drop_rate_before DOUBLE, drop_rate_after DOUBLE, drop_rate_curve DOUBLE
-- grain: change_id, prb_pct
select change_id, cell_id, prb_pct, drop_rate_before, drop_rate_after, drop_rate_curve
from change_curve
where change_id = coalesce($change_id, change_id)
order by change_id, prb_pct
