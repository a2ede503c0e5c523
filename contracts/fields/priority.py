"""What treating a place avoids, and where it stands in the list."""

from contracts.fields.field import (
    Field,
    amount,
    count,
    date,
    flag,
    percent,
    rate,
    share,
    text,
    whole,
)

FIELDS = [
    whole("rank", "", "Place in the list, 1 worst.", 1, None),
    rate("drop_rate_lo", "Lower end of the 90 % interval."),
    rate("drop_rate_hi", "Upper end of the 90 % interval."),
    rate("normal_rate", "A typical cell's drop rate: that of the cell which carries the "
         "network's middle attempt. Where only reports are known, the network's mean."),
    amount("drops_excess_month_lo", "drops a month", "Lower end of the 90 % interval."),
    amount("drops_excess_month_hi", "drops a month", "Upper end of the 90 % interval."),
    text("complainants", "Distinct complainants a month as released: a count, <5, or empty."),
    Field("shown_hex_id", "UBIGINT", "H3", "Hexagon that the map shows for the place: where its "
           "dominant cell hurts most; of a hexagon itself."),
    text("advice", "What to do, in one sentence; NULL = nothing is known to help."),
    text("seen", "What is seen there, in words: drop rate, worst cell, since when it drops more."),
    text("dominant_cell_id", "Cell with most avoidable drops in the place; where none are known, "
          "most excess drops."),
    amount("drops_avoidable_month", "drops a month", "Dropped calls, per 30 days, that "
            "relief from load and undoing what else raised them would avoid; NULL = not known.", 0),
    amount("drops_avoidable_month_lo", "drops a month", "Lower end of the 90 % interval.", 0),
    amount("drops_avoidable_month_hi", "drops a month", "Upper end of the 90 % interval.", 0),
    amount("drops_avoidable_load", "drops a month", "Relief's part of them.", 0),
    amount("drops_avoidable_other", "drops a month", "Part of undoing what else raised them.", 0),
    share("avoidable_load", "Share of the counted drops that relief avoids, come first or last; "
           "what was luck after the last change is not avoided."),
    share("avoidable_other", "Share of the counted drops that undoing what is not load avoids, "
           "come first or last; what was luck after the last change is not avoided."),
    date("present_since", "First of the days that the cell's present drops are counted on: among "
          "the newest days, after its last change."),
    date("present_until", "Last of those days."),
    amount("days_worth", "days", "What those days are worth in usual days: by what is known of "
            "them, and by how many call on rest days and on others.", 0),
    percent("relief_pct", "Share of its load that a cell is relieved of."),
    text("unknown_reason", "Why nothing is known; NULL = it is."),
    amount("drops_avoided_month", "drops a month", "Dropped calls avoided, per 30 days.", 0),
    amount("drops_avoided_month_lo", "drops a month", "Lower end of the 90 % interval.", 0),
    amount("drops_avoided_month_hi", "drops a month", "Upper end of the 90 % interval.", 0),
    amount("complainants_avoided", "persons a month", "Complainants about the network fewer, by "
            "one coefficient for the whole network; NULL = not known.", 0),
    amount("complainants_avoided_lo", "persons a month", "Lower end of the 90 % interval.", 0),
    amount("complainants_avoided_hi", "persons a month", "Upper end of the 90 % interval.", 0),
    amount("detractors_avoided", "persons", "Subscribers fewer who would answer 0 to 6, by one "
            "coefficient for the whole network; NULL = not known.", 0),
    amount("detractors_avoided_lo", "persons", "Lower end of the 90 % interval.", 0),
    amount("detractors_avoided_hi", "persons", "Upper end of the 90 % interval.", 0),
    amount("value_month", "currency", "Revenue a month no longer at stake: detractors x mean "
            "revenue x the setting churn_per_detractor; NULL = not supplied.", 0),
    amount("value_month_lo", "currency", "Lower end of the 90 % interval.", 0),
    amount("value_month_hi", "currency", "Upper end of the 90 % interval.", 0),
    count("persons_at_most", "Subscribers of the newest month at the place, rounded up to whole "
           "crowds of the release rule: no more persons are said to be avoided; NULL = not known."),
    text("place_state", "Whether there is something to do: act = it is worse than a typical cell "
          "or than it was, and drops can surely be avoided (or what can be is not known); high = "
          "it drops many calls, and nothing known would surely avoid them; well.",
          "act", "high", "well"),
    whole("part_rank", "", "Place among the cells that are spoken of, 1 largest.", 1, None),
    share("avoidable_part", "Share of the place's avoidable drops that lie in the cell; NULL = "
           "none can be avoided, or it is not known: the cell with most excess drops stands here."),
    flag("is_treated", "Whether the action named beside the place treats the cell."),
    text("action_place_type", "What the action treats: cell, sector or site.", "cell", "sector",
          "site"),
    text("action_at", "Key of the cell, sector or site at which the action is done."),
    share("avoidable_action", "Share of the cell's counted drops that the action avoids."),
    amount("action_reach", "ratio", "Drops that the action avoids in the place over all that could "
            "be avoided there; at most 1, also where it relieves more than relief_pct.", 0, 1),
    amount("drops_per_cost", "drops a month per unit of cost", "Drops that the action avoids in "
            "the place, for each unit of its cost; NULL = no action, or it costs nothing.", 0),
    amount("drops_per_cost_lo", "drops a month per unit of cost",
            "Lower end of the 90 % interval.", 0),
    amount("drops_per_cost_hi", "drops a month per unit of cost",
            "Upper end of the 90 % interval.", 0),
    amount("value_per_cost", "currency per unit of cost", "Revenue a month no longer at stake by "
            "the action, for each unit of its cost; NULL = not supplied.", 0),
    amount("value_per_cost_lo", "currency per unit of cost",
            "Lower end of the 90 % interval.", 0),
    amount("value_per_cost_hi", "currency per unit of cost",
            "Upper end of the 90 % interval.", 0),
    whole("cost_rank", "", "Rank by benefit per cost; NULL = no action is named.", 1, None),
    whole("cost_rank_lo", "", "Best rank by benefit per cost of its 90 % interval.", 1, None),
    whole("cost_rank_hi", "", "Worst rank by benefit per cost of its 90 % interval.", 1, None),
    share("cost_p_top20", "Probability of being among the first 20 by benefit per cost."),
    text("no_action_reason", "Why no action is named beside the place; NULL = one is."),
    flag("is_beyond_seen", "The relieved cell would be at loads at which it has hardly been."),
    whole("rank_lo", "", "Best rank of its 90 % interval.", 1, None),
    whole("rank_hi", "", "Worst rank of its 90 % interval.", 1, None),
    share("p_top20", "Probability of being among the first 20."),
    whole("simple_rank", "", "Rank by excess drops alone.", 1, None),
    flag("in_top20_coarser", "Among the first 20 also one level coarser; NULL = not in them."),
    flag("in_top20_finer", "Among the first 20 also one level finer; NULL = not in them."),
    text("relief_cells", "Neighbours that have room, with their busy-hour PRB and, where handovers "
          "are known, their part of them; else they are those of the same ground, and it says by "
          "geography; NULL = none."),
    whole("n_cells_unknown", "n", "Cells of the place of which no benefit is known.", 0, None),
    count("n_rows", "Rows."),
    text("action", "Action that could be done, as the catalogue names it; several at once joined "
          "by +."),
    amount("budget", "currency", "Budget the plan was solved for.", 0),
    amount("benefit_month", "drops a month", "Expected benefit per month."),
    amount("benefit_month_lo", "drops a month", "Lower end of the 90 % interval."),
    amount("benefit_month_hi", "drops a month", "Upper end of the 90 % interval."),
    share("p_in_plan", "Probability of being in the plan."),
]  # fmt: skip
