-- kind_effects: What did works of each kind bring, and what can the next one like it be expected to?
-- reads: kind_effect
-- params: none
-- returns: kind VARCHAR, n_judged INTEGER, n_better INTEGER, predicted_size DOUBLE, predicted_size_lo DOUBLE, predicted_size_hi DOUBLE
-- grain: kind
select kind, n_judged, n_better, predicted_size, predicted_size_lo, predicted_size_hi
from kind_effect
order by n_judged desc, kind
