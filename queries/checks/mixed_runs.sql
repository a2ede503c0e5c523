-- mixed_runs: Which findings are of another run than the one that is published?
-- reads: change_curve, change_day, change_point, load_response, place_rate, priority, quality, receipt, run, threshold
-- params: none
-- returns: table_name VARCHAR, run_id VARCHAR, reason VARCHAR
-- grain: table_name, run_id
with found as (
    select distinct 'change_point' as table_name, run_id from change_point
    union all
    select distinct 'change_day', run_id from change_day
    union all
    select distinct 'change_curve', run_id from change_curve
    union all
    select distinct 'load_response', run_id from load_response
    union all
    select distinct 'place_rate', run_id from place_rate
    union all
    select distinct 'priority', run_id from priority
    union all
    select distinct 'quality', run_id from quality
    union all
    select distinct 'receipt', run_id from receipt
    union all
    select distinct 'threshold', run_id from threshold
)
select table_name, run_id,
    concat(table_name, ' is of run ', coalesce(run_id, 'unknown'), ', published is ',
        coalesce((select max(run_id) from run), 'none')) as reason
from found anti join run using (run_id)
order by table_name, run_id
