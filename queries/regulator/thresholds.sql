-- thresholds: Which limits does the regulator's view hold the network to, and whose are they?
-- reads: threshold
-- params: none
-- returns: threshold_name VARCHAR, threshold_value DOUBLE, unit VARCHAR, meaning VARCHAR, threshold_source VARCHAR
-- grain: threshold_name
select threshold_name, threshold_value, unit, meaning, threshold_source
from threshold
order by threshold_name
