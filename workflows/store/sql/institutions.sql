-- running_duties --
-- Which duty of which institution has an open period: each period begins the next.
SELECT i.variables ->> 'organisation' AS organisation, i.variables #>> '{duty,code}' AS code
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'institution_duty' AND i.status IN ('active', 'suspended');

-- duty_periods --
-- The periods of the duties of these institutions: those that run, and those that ended since a day, newest first.
SELECT i.id AS instance_id, i.variables ->> 'organisation' AS organisation, i.variables -> 'duty' AS duty,
       (i.variables ->> 'duty_due')::date AS due_on, i.status::text AS status, t.id AS task_id, t.state::text AS task_state,
       t.completed_at,
       (SELECT count(*) FROM user_task_attachment a WHERE a.region_id = t.region_id AND a.user_task_id = t.id)::integer AS files
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

-- open_tasks_of --
-- The first open task of each of these instances.
SELECT DISTINCT ON (t.instance_id) t.instance_id, t.id FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.instance_id = ANY(%(instance_ids)s) AND t.state <= 'claimed'
 ORDER BY t.instance_id, t.created_at;

-- put_record --
-- A line of the directory.
INSERT INTO institution_record (region_id, id, organisation, kind, body, since, until, recorded_at, recorded_by)
VALUES (%(region_id)s, %(id)s, %(organisation)s, %(kind)s, %(body)s, %(since)s, %(until)s, %(now)s, %(by)s)
ON CONFLICT DO NOTHING;

-- withdraw_record --
UPDATE institution_record SET withdrawn_at = %(now)s, withdrawn_by = %(by)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND withdrawn_at IS NULL;

-- records --
-- Lines of the directory as they stand on a day; with `all` every line there ever was: the change log.
SELECT r.id, r.organisation, r.kind, r.body, r.since, r.until, r.recorded_at, r.recorded_by, r.withdrawn_at, r.withdrawn_by
  FROM institution_record r
 WHERE r.region_id = %(region_id)s AND (%(organisation)s::text IS NULL OR r.organisation = %(organisation)s)
   AND (%(kind)s::text IS NULL OR r.kind = %(kind)s)
   AND (%(all)s OR (r.withdrawn_at IS NULL AND r.since <= %(on)s AND (r.until IS NULL OR r.until >= %(on)s)))
 ORDER BY r.organisation, r.kind, r.since, r.recorded_at, r.id;

-- record --
SELECT r.id, r.organisation, r.kind, r.body, r.since, r.until, r.recorded_at, r.recorded_by, r.withdrawn_at, r.withdrawn_by
  FROM institution_record r WHERE r.region_id = %(region_id)s AND r.id = %(id)s;

-- workload --
-- How many tasks each account finished in a span of days, how many of them late, and how many women that was.
SELECT t.completed_by AS login, count(*)::integer AS finished,
       count(*) FILTER (WHERE t.due_at IS NOT NULL AND t.completed_at > t.due_at)::integer AS late,
       count(DISTINCT i.variables ->> 'pregnancy_id')::integer AS women
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = %(region_id)s AND t.state = 'completed' AND t.completed_by IS NOT NULL
   AND (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN %(first)s AND %(last)s
 GROUP BY t.completed_by ORDER BY count(*) DESC, t.completed_by;

-- sampled_cases --
-- Some of the cases at high risk that an institution looks after, drawn by a key: the same draw for the same check.
SELECT i.variables ->> 'pregnancy_id' AS pregnancy_id FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
   AND (i.variables ->> 'home_organisation' = %(organisation)s OR i.variables ->> 'hospital_organisation' = %(organisation)s)
   AND i.variables ->> 'colour' IN ('orange', 'red') AND i.started_at > %(since)s
 ORDER BY md5(%(key)s || i.id::text) LIMIT %(limit)s;
