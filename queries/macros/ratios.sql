-- KPIs at any level: numerators and denominators are added, and the ratio is formed last.

-- what is added over the cells of a place on one day. A state such as users is a sum over cells and a
-- mean over time: its denominator stays the time of one cell.
create macro kpi_counted(form, numerator, denominator, weight) as
    case when any_value(form) = 'state_mean'
        then sum(weight * numerator / nullif(denominator, 0)) * max(denominator)
        else sum(weight * numerator) end;

-- what it is counted among over the cells of a place on one day, as kpi_counted
create macro kpi_among(form, denominator, weight) as
    case when any_value(form) = 'state_mean' then max(denominator) else sum(weight * denominator) end;

-- one part's ratio; of a sum its numerator.
create macro kpi_ratio(form, numerator, denominator) as
    case when form = 'sum' then numerator else numerator / nullif(denominator, 0) end;

-- the product of all parts of a KPI; NULL where one of them is.
create macro kpi_value(factor, ratio) as
    case when count(*) = count(ratio) then any_value(factor) * product(ratio) end;
