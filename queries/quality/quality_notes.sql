-- quality_notes: What must a reader know about what went in?
-- reads: quality
-- params: none
-- returns: table_name VARCHAR, check_name VARCHAR, verdict VARCHAR, message VARCHAR
-- grain: table_name, check_name
select table_name, check_name, verdict, message
from quality
order by case verdict when 'unsafe' then 0 when 'warn' then 1 else 2 end, table_name, check_name
