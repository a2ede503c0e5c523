-- kpis: Which KPIs are there, what is each, and why is one absent?
-- reads: kpi
-- params: none
-- returns: family VARCHAR, kpi VARCHAR, kpi_name VARCHAR, formula VARCHAR, kpi_unit VARCHAR, better VARCHAR, least_denominator DOUBLE, kpi_source VARCHAR, formula_version INTEGER, caveat VARCHAR, is_own BOOLEAN, absent_reason VARCHAR
-- grain: kpi
select
    family, kpi, kpi_name, formula, kpi_unit, better, least_denominator, kpi_source, formula_version,
    caveat, is_own, absent_reason
from kpi
order by family, kpi
