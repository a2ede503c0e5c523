-- receipt_sums: For which sources is read not accepted plus refused?
-- reads: receipt
-- params: none
-- returns: table_name VARCHAR, reason VARCHAR
-- grain: table_name
select table_name,
    concat(table_name, ': ', n_read, ' read, ', n_accepted, ' accepted, ', n_refused, ' refused')
        as reason
from receipt
where n_read is distinct from n_accepted + n_refused or least(n_read, n_accepted, n_refused) < 0
order by table_name
