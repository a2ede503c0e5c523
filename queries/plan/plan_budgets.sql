-- plan_budgets: What does the best plan for each budget avoid, and which come near it?
-- reads: plan_budget
-- params: none
-- returns: budget DOUBLE, plan_number INTEGER, n_actions_offered INTEGER, n_actions INTEGER, cost_amount DOUBLE, cost_currency VARCHAR, costs_invented BOOLEAN, crew_weeks DOUBLE, benefit_month DOUBLE, benefit_month_lo DOUBLE, benefit_month_hi DOUBLE, short_of_best DOUBLE, optimality_gap DOUBLE, unsafe_reason VARCHAR
-- grain: budget, plan_number
select
    budget, plan_number, n_actions_offered, n_actions, cost_amount, cost_currency, costs_invented,
    crew_weeks, benefit_month, benefit_month_lo, benefit_month_hi,
    first_value(benefit_month) over (partition by budget order by plan_number) - benefit_month
        as short_of_best,
    optimality_gap, unsafe_reason
from plan_budget
order by budget, plan_number
