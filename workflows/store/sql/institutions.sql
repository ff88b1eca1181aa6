-- running_duties --
-- Which duty of which institution has an open period: each period begins the next.
SELECT i.variables ->> 'organisation' AS organisation, i.variables #>> '{duty,code}' AS code
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'institution_duty' AND i.status IN ('active', 'suspended');

-- duty_periods --
-- The periods of the duties of these institutions: those that run, and those that ended since a day, newest first.
SELECT i.id AS instance_id, i.variables ->> 'organisation' AS organisation, i.variables -> 'duty' AS duty,
       (i.variables ->> 'duty_due')::date AS due_on, i.status::text AS status, t.id AS task_id, t.state::text AS task_state,
       t.completed_at
  FROM instance i
  LEFT JOIN user_task t ON t.region_id = i.region_id AND t.instance_id = i.id AND t.element_id = 'task_duty'
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'institution_duty'
   AND i.variables ->> 'organisation' = ANY(%(organisations)s)
   AND (i.status IN ('active', 'suspended') OR (i.variables ->> 'duty_due')::date >= %(since)s)
 ORDER BY due_on, i.variables ->> 'organisation', i.variables #>> '{duty,code}'
 LIMIT %(limit)s;

-- matters --
-- What institutions told each other or were told, newest first: everything of these kinds that concerns one of them.
SELECT i.id AS instance_id, i.definition_key, i.business_key, i.status::text AS status, i.started_at,
       i.variables -> 'matter' AS matter, i.variables ->> 'organisation' AS organisation,
       i.variables ->> 'from_organisation' AS from_organisation
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = ANY(%(kinds)s)
   AND (i.variables ->> 'organisation' = ANY(%(organisations)s)
        OR i.variables ->> 'from_organisation' = ANY(%(organisations)s))
 ORDER BY i.started_at DESC, i.id LIMIT %(limit)s;

-- last_sheet --
-- The last monthly sheet that this institution finished.
SELECT t.id FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.element_id = 'task_sweep' AND t.organisation = %(organisation)s
   AND t.state = 'completed' ORDER BY t.completed_at DESC LIMIT 1;

-- deaths_of_month --
-- How many mothers whose care was this hospital's died in a span of days.
SELECT count(*)::integer AS count FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
   AND i.variables ->> 'end_code' = 'ended.maternal_death' AND i.variables ->> 'hospital_organisation' = %(organisation)s
   AND civil_date(i.variables ->> 'ended_on') BETWEEN %(first)s AND %(last)s;
