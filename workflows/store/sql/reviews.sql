-- review_log --
-- Every review of a span of days, of the institutions that may be known of: when, at which level, who convened it, which
-- departments sat, and which cells of the catalogue of problems it named.
SELECT i.definition_key AS kind, i.variables ->> 'pregnancy_id' AS pregnancy_id,
       i.variables ->> 'hospital_organisation' AS organisation,
       (SELECT civil_date(a ->> 'valueDate') FROM form_answers(f.body, 'reviewed_on') a LIMIT 1) AS reviewed_on,
       (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'review_level') a LIMIT 1) AS level,
       (SELECT a ->> 'valueString' FROM form_answers(f.body, 'convener') a LIMIT 1) AS convener,
       ARRAY(SELECT DISTINCT a ->> 'valueString' FROM form_answers(f.body, 'attendee_department') a ORDER BY 1)
         AS departments,
       ARRAY(SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'problem_cells') a ORDER BY 1) AS cells,
       (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'avoidable') a LIMIT 1) AS avoidable
  FROM instance i
 CROSS JOIN LATERAL stored_forms(%(region_id)s, i.variables ->> 'pregnancy_id',
                                 CASE i.definition_key WHEN 'near_miss_review' THEN 'near-miss'
                                                       WHEN 'death_review' THEN 'death-review'
                                                       ELSE 'newborn-death-review' END) f
 WHERE i.region_id = %(region_id)s AND i.definition_key IN ('near_miss_review', 'death_review', 'newborn_death_review')
   AND i.variables ->> 'hospital_organisation' = ANY(%(organisations)s)
   AND EXISTS (SELECT FROM form_answers(f.body, 'attendee_department') a)
   AND (SELECT civil_date(a ->> 'valueDate') FROM form_answers(f.body, 'reviewed_on') a LIMIT 1)
       BETWEEN %(first)s AND %(last)s
 ORDER BY reviewed_on, kind, pregnancy_id, level;

-- duty_counts --
-- How many periods of each duty fell due in a span of days, and how many of them were recorded.
SELECT i.variables #>> '{duty,code}' AS code, count(*)::integer AS due,
       count(*) FILTER (WHERE t.state = 'completed')::integer AS done
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = %(region_id)s AND t.element_id = 'task_duty' AND t.state <> 'cancelled'
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN %(first)s AND %(last)s
 GROUP BY 1 ORDER BY 1;

-- measure_counts --
-- Measures that were due in a span of days, and those done by their day.
SELECT count(*)::integer AS due, count(*) FILTER (WHERE t.state = 'completed' AND t.completed_at <= t.due_at)::integer AS done
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.element_id = 'task_action_item' AND t.state <> 'cancelled'
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN %(first)s AND %(last)s;
