-- plan_limits: What does each limit on the best plan cost?
-- reads: plan_limit
-- params: budget DOUBLE = NULL
-- returns: budget DOUBLE, limit_name VARCHAR, region VARCHAR, limit_amount DOUBLE, used_amount DOUBLE, benefit_lost_month DOUBLE
-- grain: budget, limit_name, region
select budget, limit_name, region, limit_amount, used_amount, benefit_lost_month
from plan_limit
where budget = coalesce($budget, budget)
order by budget, benefit_lost_month desc, limit_name, region
