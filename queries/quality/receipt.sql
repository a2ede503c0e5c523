-- receipt: How many rows of each source were read, accepted and refused?
-- reads: receipt
-- params: none
-- returns: table_name VARCHAR, n_read BIGINT, n_accepted BIGINT, n_refused BIGINT, n_values_missing BIGINT
-- grain: table_name
select table_name, n_read, n_accepted, n_refused, n_values_missing
from receipt
order by table_name
