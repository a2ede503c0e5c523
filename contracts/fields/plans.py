"""What a plan of actions holds."""

from contracts.fields.field import amount, flag, share, text, whole

FIELDS = [
    whole("plan_number", "", "1 the best plan, 2 and on plans nearly as good; 0 in none of them, "
           "but wanted in some draws.", 0, None),
    amount("crew_weeks", "weeks", "Weeks of a crew that the action takes.", 0),
    whole("n_actions_offered", "n", "Actions there were to choose from.", 0, None),
    whole("n_actions", "n", "Actions in the plan.", 0, None),
    share("optimality_gap", "By how much of its benefit a plan may fall short of the best."),
    flag("costs_invented", "The catalogue says its costs are invented: only their order counts."),
    text("limit_name", "What limits the plan.", "budget", "crew_weeks", "floor"),
    amount("limit_amount", "cost, weeks or drops", "At most so much; of a floor at least."),
    amount("used_amount", "cost, weeks or drops", "What the plan has of it."),
    amount("benefit_lost_month", "drops a month", "The best plan without this limit avoids so "
            "many more.", 0),
]  # fmt: skip
