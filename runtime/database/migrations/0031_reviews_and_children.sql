-- Avoidable deaths, newborn screening and the institutions' calendars are counted too; a newborn's visit and a preterm
-- follow-up are found where they are: in the children's own instances.

-- The filled-in forms of one kind about one pregnancy.
CREATE FUNCTION stored_forms(p_region text, p_pregnancy text, p_form text)
RETURNS TABLE (body jsonb, updated_at timestamptz) LANGUAGE sql STABLE AS $$
SELECT x.body::jsonb, r.updated_at
  FROM resource r
  JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
 WHERE r.region_id = p_region AND r.type = 'QuestionnaireResponse' AND r.episode_id = p_pregnancy AND NOT r.deleted
   AND x.body LIKE '%/Questionnaire/' || p_form || '|%' AND x.body NOT LIKE '%"status":"entered-in-error"%'
$$;

CREATE OR REPLACE FUNCTION later_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date,
               numerator integer, denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE AS $$
WITH birth AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           i.variables ->> 'hospital_organisation' AS hospital, civil_date(i.variables ->> 'delivered_on') AS delivered_on, civil_date(i.variables ->> 'edd') AS edd,
           (SELECT count(*)::integer FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array' THEN i.variables -> 'fetuses' ELSE '[]' END) f
             WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')) AS born_alive
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void' AND i.variables ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
       AND civil_date(i.variables ->> 'delivered_on') BETWEEN p_from AND p_to
), child_task AS MATERIALIZED (      -- children have instances of their own; her pregnancy is the key of all of them
    SELECT t.business_key AS pregnancy_id, t.element_id, count(*) FILTER (WHERE t.state = 'completed')::integer AS completed
      FROM user_task t
     WHERE t.region_id = p_region AND t.state <> 'cancelled'
       AND t.element_id IN ('task_newborn_visit', 'task_preterm_follow')
     GROUP BY t.business_key, t.element_id
), review_done AS MATERIALIZED (
    SELECT t.instance_id, count(*) FILTER (WHERE t.state = 'completed')::integer AS completed
      FROM user_task t
     WHERE t.region_id = p_region AND t.state <> 'cancelled' AND t.element_id = 'task_near_miss_facility'
     GROUP BY t.instance_id
), dead AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           civil_date(i.variables ->> 'ended_on') AS ended_on
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' = 'ended.maternal_death'
       AND civil_date(i.variables ->> 'ended_on') BETWEEN p_from AND p_to
)
SELECT 'I-23', b.id, b.pregnancy_id, b.home, b.delivered_on, least(coalesce(d.completed, 0), b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth'
            WHEN coalesce(d.completed, 0) < b.born_alive THEN 'newborn_not_visited' END, false, NULL::numeric
  FROM birth b LEFT JOIN child_task d ON d.pregnancy_id = b.pregnancy_id AND d.element_id = 'task_newborn_visit'
UNION ALL
SELECT 'I-25', b.id, b.pregnancy_id, b.home, b.delivered_on,
       CASE WHEN d.pregnancy_id IS NOT NULL THEN b.born_alive ELSE 0 END, b.born_alive,
       CASE WHEN d.pregnancy_id IS NULL THEN 'no_preterm_file' END, false, NULL
  FROM birth b LEFT JOIN child_task d ON d.pregnancy_id = b.pregnancy_id AND d.element_id = 'task_preterm_follow'
 WHERE b.born_alive > 0 AND b.delivered_on < b.edd - 21        -- before 37+0
UNION ALL
SELECT 'I-20', i.id, i.variables ->> 'pregnancy_id', i.variables ->> 'hospital_organisation',
       (i.started_at AT TIME ZONE 'Asia/Shanghai')::date, (coalesce(d.completed, 0) > 0)::integer, 1,
       CASE WHEN coalesce(d.completed, 0) = 0 THEN 'not_reviewed' END, false, NULL
  FROM instance i LEFT JOIN review_done d ON d.instance_id = i.id
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
UNION ALL
SELECT 'I-21', d.id, d.pregnancy_id, d.home, d.ended_on, (r.avoidable IS NOT DISTINCT FROM '1')::integer, 1,
       CASE WHEN r.avoidable IS NULL THEN 'not_reviewed' WHEN r.avoidable <> '1' THEN 'not_avoidable' END, false, NULL
  FROM dead d
  LEFT JOIN LATERAL (SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'avoidable') a LIMIT 1) AS avoidable
                       FROM stored_forms(p_region, d.pregnancy_id, 'death-review') f
                      ORDER BY f.updated_at DESC LIMIT 1) r ON true       -- the last review stands
UNION ALL
SELECT 'I-24', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(s.children, b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN s.children < b.born_alive THEN 'no_blood_spot' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT k #>> '{valueInteger}')::integer AS children
                       FROM stored_forms(p_region, b.pregnancy_id, 'newborn-screening') f
                      CROSS JOIN LATERAL form_answers(f.body, 'blood_spot') a
                      CROSS JOIN LATERAL form_answers(f.body, 'child_order') k
                      WHERE b.born_alive > 0 AND a #>> '{valueCoding,code}' = 'sampled') s
UNION ALL
SELECT 'I-29', t.instance_id, NULL, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state = 'completed')::integer, (t.state = 'completed' OR t.due_at <= p_now)::integer,
       CASE WHEN t.state <> 'completed' AND t.due_at <= p_now THEN 'not_held'
            WHEN t.state <> 'completed' THEN 'not_due_yet' END, false, NULL
  FROM user_task t
 WHERE t.region_id = p_region AND t.state <> 'cancelled'
   AND t.element_id IN ('task_drill', 'task_joint_meeting', 'task_leading_group', 'task_warning_education',
                        'task_self_assessment')
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$$;
