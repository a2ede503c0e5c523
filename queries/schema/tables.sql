-- tables: Which tables, views and macros are there, and what is a row of each?
-- reads: acknowledgement
-- params: none
-- returns: kind VARCHAR, name VARCHAR, n_rows BIGINT, meaning VARCHAR
-- grain: kind, name
select 'table' as kind, table_name as name, estimated_size as n_rows, comment as meaning
from duckdb_tables()
where database_name = current_database() and not internal and table_name <> 'acknowledgement'
union all
select 'view', view_name, null, comment
from duckdb_views()
where database_name = current_database() and not internal
union all
-- it is kept beside the marts
select 'view', 'acknowledgement', count(*), 'one entry of the log of acknowledgements, beside the marts'
from acknowledgement
union all
select 'macro', format('{}({})', function_name, array_to_string(parameters, ', ')), null, comment
from duckdb_functions()
where database_name = current_database() and function_type in ('macro', 'table_macro') and not internal
order by kind desc, name
