-- Rates, scores and days with what an analyst's own SQL needs beside them.

-- lower end of the Wilson interval of a rate of k in n, such as drops in attempts; NULL without cases. z
-- is the normal quantile: 1.645 for 90 %, which is what all intervals here are of, 1.96 for 95 %
create macro wilson_low(k, n, z := 1.6448536269514722) as
    if(
        n > 0 and k is not null,
        greatest(
            0,
            (k::double + z::double ** 2 / 2 - z::double * sqrt(k::double * (n - k) / n + z::double ** 2 / 4))
            / (n + z::double ** 2)
        ),
        null
    );

-- upper end of the Wilson interval of a rate, as wilson_low
create macro wilson_high(k, n, z := 1.6448536269514722) as
    if(
        n > 0 and k is not null,
        least(
            1,
            (k::double + z::double ** 2 / 2 + z::double * sqrt(k::double * (n - k) / n + z::double ** 2 / 4))
            / (n + z::double ** 2)
        ),
        null
    );

-- lower end of the 90 % interval of a count's mean, as if counts were Poisson (Wilson and Hilferty 1931);
-- NULL for NULL
create macro count_low(k) as
    if(k > 0, k * (1 - 1 / (9 * k::double) - 1.6448536269514722 / (3 * sqrt(k::double))) ** 3, 0 * k::double);

-- upper end of the interval of a count's mean, as count_low
create macro count_high(k) as
    (k + 1) * (1 - 1 / (9 * (k + 1)::double) + 1.6448536269514722 / (3 * sqrt((k + 1)::double))) ** 3;

-- net promoter score in points, of answers of 9 and 10, of 0 to 6, and of all; NULL without answers
create macro nps(promoters, detractors, answers) as
    100 * (promoters - detractors)::double / nullif(answers, 0);

-- standard error of a net promoter score in points, of answers that do not depend on one another
create macro nps_se(promoters, detractors, answers) as
    100 * sqrt(
        (promoters + detractors)::double / nullif(answers, 0)
        - ((promoters - detractors)::double / nullif(answers, 0)) ** 2
    ) / sqrt(answers);

-- the same weekday a year before: 364 days, 52 weeks, so that weekends meet weekends
create macro last_year(day) as (day::date - 364)::date;

-- whether a local day is one of the weekend or a public holiday of the operator's country, as table
-- calendar has it; NULL for a day that is not there
create macro is_rest_day(day) as
    (select any_value(c.rest_day) from calendar as c where c.day_local = day::date);

-- whether a value is one of those asked for, several parted by |, such as 'lte|nr'; all are where
-- nothing is asked for
create macro is_asked(value, asked) as
    coalesce(list_contains(string_split(asked, '|'), value), asked is null);
