-- mixed_runs: Which findings are of another run than the one that is published?
-- reads: action_share, association, benefit, cell_quality, change_curve, change_day, change_point, kpi, kpi_noise, lineage, load_response, place_rate, plan, plan_budget, plan_limit, priority, quality, rate_part, receipt, run, survey_response, threshold, what_if
-- params: none
-- returns: table_name VARCHAR, run_id VARCHAR, reason VARCHAR
-- grain: table_name, run_id
with found as (
    select distinct 'action_share' as table_name, run_id from action_share
    union all
    select distinct 'association', run_id from association
    union all
    select distinct 'benefit', run_id from benefit
    union all
    select distinct 'cell_quality', run_id from cell_quality
    union all
    select distinct 'change_curve', run_id from change_curve
    union all
    select distinct 'change_day', run_id from change_day
    union all
    select distinct 'change_point', run_id from change_point
    union all
    select distinct 'kpi', run_id from kpi
    union all
    select distinct 'kpi_noise', run_id from kpi_noise
    union all
    select distinct 'lineage', run_id from lineage
    union all
    select distinct 'load_response', run_id from load_response
    union all
    select distinct 'place_rate', run_id from place_rate
    union all
    select distinct 'plan', run_id from plan
    union all
    select distinct 'plan_budget', run_id from plan_budget
    union all
    select distinct 'plan_limit', run_id from plan_limit
    union all
    select distinct 'priority', run_id from priority
    union all
    select distinct 'quality', run_id from quality
    union all
    select distinct 'rate_part', run_id from rate_part
    union all
    select distinct 'receipt', run_id from receipt
    union all
    select distinct 'survey_response', run_id from survey_response
    union all
    select distinct 'threshold', run_id from threshold
    union all
    select distinct 'what_if', run_id from what_if
)
select table_name, run_id,
    concat(table_name, ' is of run ', coalesce(run_id, 'unknown'), ', published is ',
        coalesce((select max(run_id) from run), 'none')) as reason
from found anti join run using (run_id)
order by table_name, run_id
