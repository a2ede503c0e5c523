-- columns: Which columns has each table or view, and what do they mean?
-- reads: none
-- params: table_name VARCHAR = NULL
-- returns: table_name VARCHAR, column_name VARCHAR, data_type VARCHAR, meaning VARCHAR
-- grain: table_name, column_name
select table_name, column_name, data_type, comment as meaning
from duckdb_columns()
where not internal
    and database_name in (current_database(), 'temp')
    and ($table_name::varchar is null or table_name = $table_name)
order by table_name, column_index
