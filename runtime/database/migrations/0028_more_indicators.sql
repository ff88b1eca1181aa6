-- Indicators of newborns, reviews and the monthly sweep, whose facts later processes yield; the rows are like those of
-- indicator_rows. What is about no woman has no pregnancy_id.
CREATE FUNCTION later_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date,
               numerator integer, denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE AS $$
WITH birth AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           civil_date(i.variables ->> 'delivered_on') AS delivered_on, civil_date(i.variables ->> 'edd') AS edd,
           (SELECT count(*)::integer FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array' THEN i.variables -> 'fetuses' ELSE '[]' END) f
             WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')) AS born_alive
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void' AND i.variables ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
       AND civil_date(i.variables ->> 'delivered_on') BETWEEN p_from AND p_to
), done AS MATERIALIZED (
    SELECT t.instance_id, t.element_id, count(*) FILTER (WHERE t.state = 'completed')::integer AS completed
      FROM user_task t
     WHERE t.region_id = p_region AND t.state <> 'cancelled'
       AND t.element_id IN ('task_newborn_visit', 'task_preterm_follow', 'task_near_miss_facility')
     GROUP BY t.instance_id, t.element_id
)
SELECT 'I-23', b.id, b.pregnancy_id, b.home, b.delivered_on, least(coalesce(d.completed, 0), b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth'
            WHEN coalesce(d.completed, 0) < b.born_alive THEN 'newborn_not_visited' END, false, NULL::numeric
  FROM birth b LEFT JOIN done d ON d.instance_id = b.id AND d.element_id = 'task_newborn_visit'
UNION ALL
SELECT 'I-25', b.id, b.pregnancy_id, b.home, b.delivered_on,
       CASE WHEN d.instance_id IS NOT NULL THEN b.born_alive ELSE 0 END, b.born_alive,
       CASE WHEN d.instance_id IS NULL THEN 'no_preterm_file' END, false, NULL
  FROM birth b LEFT JOIN done d ON d.instance_id = b.id AND d.element_id = 'task_preterm_follow'
 WHERE b.born_alive > 0 AND b.delivered_on < b.edd - 21        -- before 37+0
UNION ALL
SELECT 'I-20', i.id, i.variables ->> 'pregnancy_id', i.variables ->> 'hospital_organisation',
       (i.started_at AT TIME ZONE 'Asia/Shanghai')::date, (coalesce(d.completed, 0) > 0)::integer, 1,
       CASE WHEN coalesce(d.completed, 0) = 0 THEN 'not_reviewed' END, false, NULL
  FROM instance i LEFT JOIN done d ON d.instance_id = i.id AND d.element_id = 'task_near_miss_facility'
 WHERE i.region_id = p_region AND i.definition_key = 'near_miss_review' AND i.status <> 'terminated'
   AND (i.started_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-26', t.instance_id, NULL, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state = 'completed' AND t.completed_at <= t.due_at)::integer,
       (t.state = 'completed' OR t.due_at <= p_now)::integer,
       CASE WHEN t.state = 'completed' AND t.completed_at > t.due_at THEN 'reported_late'
            WHEN t.state <> 'completed' AND t.due_at <= p_now THEN 'not_reported'
            WHEN t.state <> 'completed' THEN 'not_due_yet' END, false, NULL
  FROM user_task t
 WHERE t.region_id = p_region AND t.element_id = 'task_sweep' AND t.state <> 'cancelled'
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$$;

-- Every row of every indicator.
CREATE FUNCTION all_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz, p_ddi integer)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date,
               numerator integer, denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE AS $$
SELECT r.indicator, r.instance_id, r.pregnancy_id, r.organisation, r.happened_on, r.numerator, r.denominator, r.reason,
       r.protected, r.value FROM indicator_rows(p_region, p_from, p_to, p_now, p_ddi) r
UNION ALL
SELECT l.indicator, l.instance_id, l.pregnancy_id, l.organisation, l.happened_on, l.numerator, l.denominator, l.reason,
       l.protected, l.value FROM later_indicator_rows(p_region, p_from, p_to, p_now) l
$$;
