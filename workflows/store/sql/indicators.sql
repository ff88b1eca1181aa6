-- indicator_counts --
-- What each organisation, and all of them together (organisation null), adds to every indicator in the period.
SELECT r.indicator, r.organisation, sum(r.numerator)::integer AS numerator, sum(r.denominator)::integer AS denominator,
       (count(*) FILTER (WHERE r.numerator = 0 AND r.denominator = 0))::integer AS excluded,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY r.value)::numeric AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY r.value)::numeric AS p90
  FROM every_indicator_row(%(region_id)s, %(first)s, %(last)s, %(now)s, %(ddi_minutes)s) r
 WHERE %(organisations)s::text[] IS NULL OR r.organisation = ANY(%(organisations)s)
 GROUP BY GROUPING SETS ((r.indicator, r.organisation), (r.indicator))
 ORDER BY r.indicator, r.organisation NULLS FIRST;

-- indicator_list --
-- The women behind one indicator, those who are not met first. Without `may_know_protected` those who are in it only
-- because of the infectious-disease flag are left out.
SELECT r.instance_id, r.pregnancy_id, r.organisation, r.happened_on, r.numerator, r.denominator, r.reason, r.value
  FROM every_indicator_row(%(region_id)s, %(first)s, %(last)s, %(now)s, %(ddi_minutes)s) r
 WHERE r.indicator = %(indicator)s AND (%(organisations)s::text[] IS NULL OR r.organisation = ANY(%(organisations)s))
   AND (%(may_know_protected)s OR NOT r.protected)
 ORDER BY r.numerator, r.denominator DESC, r.happened_on, r.pregnancy_id
 LIMIT %(limit)s;

-- indicator_protected --
-- How many rows of an indicator the list above leaves out for those who may not know.
SELECT count(*)::integer AS count
  FROM every_indicator_row(%(region_id)s, %(first)s, %(last)s, %(now)s, %(ddi_minutes)s) r
 WHERE r.indicator = %(indicator)s AND (%(organisations)s::text[] IS NULL OR r.organisation = ANY(%(organisations)s))
   AND r.protected;
