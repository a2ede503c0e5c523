-- run_facts: Which run made these tables, and up to when does its data go?
-- reads: run
-- params: none
-- returns: run_id VARCHAR, operator_name VARCHAR, timezone VARCHAR, level INTEGER, as_of_utc TIMESTAMPTZ, software_version VARCHAR, schema_version INTEGER
-- grain: run_id
select run_id, operator_name, timezone, level, as_of_utc, software_version, schema_version
from run
order by run_id
