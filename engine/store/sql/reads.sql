-- read_user_task --
SELECT t.id, t.revision, t.element_id, t.path, t.name, t.instance_id, t.wait_id, t.definition_key,
       t.definition_version, t.business_key, t.state::text AS state, t.assignee, t.candidate_roles, t.candidate_users,
       t.organisation, t.created_at, t.window_from, t.due_at, t.until_at, t.priority, t.form, t.form_version, t.clock,
       t.draft, t.completed_at, t.completed_by
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.id = %(id)s

-- read_user_tasks --
-- The start of every list of user tasks; the filters that were asked for follow, then one order.
SELECT t.id, t.revision, t.element_id, t.path, t.name, t.instance_id, t.wait_id, t.definition_key,
       t.definition_version, t.business_key, t.state::text AS state, t.assignee, t.candidate_roles, t.candidate_users,
       t.organisation, t.created_at, t.window_from, t.due_at, t.until_at, t.priority, t.form, t.form_version, t.clock,
       t.draft, t.completed_at, t.completed_by
  FROM user_task t
 WHERE t.region_id = %(region_id)s

-- count_user_tasks --
-- How many at most: a badge that says "more than 999" need not count eight million rows.
SELECT 1 FROM user_task t WHERE t.region_id = %(region_id)s

-- where_state_open --
AND t.state IN ('created', 'claimed')

-- where_state --
AND t.state = %(state)s::user_task_state

-- where_business_key --
AND t.business_key = %(business_key)s

-- where_instance_id --
AND t.instance_id = %(instance_id)s

-- where_element_id --
AND t.element_id = %(element_id)s

-- where_definition_key --
AND t.definition_key = %(definition_key)s

-- where_organisations --
AND (t.organisation = ANY(%(organisations)s) OR t.organisation IS NULL)   -- one that no organisation is named for

-- where_roles --
AND t.candidate_roles && %(roles)s::text[]

-- where_assignee --
AND t.assignee = %(assignee)s

-- where_unassigned --
AND t.assignee IS NULL

-- where_drafted --
AND t.draft IS NOT NULL

-- where_completed_by --
AND t.completed_by = %(completed_by)s

-- where_completed_since --
AND t.completed_at >= %(completed_since)s

-- where_overdue_at --
AND t.due_at < %(overdue_at)s

-- where_hurried --
-- Of what was to be done within the hour; an index is made for these words.
AND t.due_at - t.created_at <= interval '1 hour'

-- where_ids --
AND t.id = ANY(%(ids)s)

-- where_variables --
-- The case's values, for lists by colour or stage.
AND EXISTS (SELECT 1 FROM instance i WHERE i.region_id = t.region_id AND i.id = t.instance_id
                                       AND i.variables @> %(variables)s)

-- after_window --
AND (coalesce(t.due_at, 'infinity'), t.created_at, t.id) > (%(after_due)s, %(after_created)s, %(after_id)s)

-- after_created --
AND (t.created_at, t.id) > (%(after_created)s, %(after_id)s)

-- order_window --
 ORDER BY coalesce(t.due_at, 'infinity'), t.created_at, t.id LIMIT %(limit)s OFFSET %(offset)s

-- order_created --
 ORDER BY t.created_at, t.id LIMIT %(limit)s OFFSET %(offset)s

-- read_instance --
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text AS status, i.revision, i.codec,
       i.state, i.given || i.variables AS variables, i.pins, i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = %(id)s

-- read_instance_by_business_key --
-- The open one, else the latest that ended.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text AS status, i.revision, i.codec,
       i.state, i.given || i.variables AS variables, i.pins, i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = %(definition_key)s AND i.business_key = %(business_key)s
 ORDER BY (i.ended_at IS NULL) DESC, i.started_at DESC LIMIT 1

-- read_instances --
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text AS status, i.revision, i.codec,
       i.state, i.given || i.variables AS variables, i.pins, i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s
   AND (%(definition_key)s::text IS NULL OR i.definition_key = %(definition_key)s)
   AND (%(business_key)s::text IS NULL OR i.business_key = %(business_key)s)
   AND (%(status)s::text IS NULL OR i.status::text = %(status)s)
   AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
 ORDER BY i.id LIMIT %(limit)s

-- read_variables --
SELECT i.id, i.variables, i.given::text FROM instance i WHERE i.region_id = %(region_id)s AND i.id = ANY(%(ids)s)

-- count_instances --
SELECT i.definition_version, i.status::text AS status, count(*)
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = %(definition_key)s
 GROUP BY 1, 2

-- count_waiting --
-- Open user tasks of one version of a process by path, for the figures on a diagram.
SELECT t.path, count(*)
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.definition_key = %(definition_key)s AND t.definition_version = %(version)s
   AND t.state IN ('created', 'claimed')
 GROUP BY 1

-- read_history --
SELECT h.revision, h.ordinal, h.at, h.path, h.element_id, h.event, h.by, h.detail
  FROM history h
 WHERE h.region_id = %(region_id)s AND h.instance_id = %(instance_id)s
 ORDER BY h.revision, h.ordinal

-- read_definitions --
SELECT d.kind, d.key, d.version, d.name, d.version_tag, d.resource, d.sha256, d.warnings, p.deployed_at, p.deployed_by,
       EXISTS (SELECT FROM definition_suspension s WHERE d.kind = 'process' AND s.key = d.key AND s.version = d.version) AS suspended
  FROM definition d JOIN deployment p ON p.id = d.deployment_id
 ORDER BY d.kind, d.key, d.version

-- read_definition --
-- One version with its source; without a version the newest.
SELECT d.kind, d.key, d.version, d.name, d.version_tag, d.resource, d.sha256, d.warnings, p.deployed_at, p.deployed_by,
       EXISTS (SELECT FROM definition_suspension s WHERE d.kind = 'process' AND s.key = d.key AND s.version = d.version) AS suspended,
       d.source
  FROM definition d JOIN deployment p ON p.id = d.deployment_id
 WHERE d.kind = %(kind)s AND d.key = %(key)s AND (%(version)s::integer IS NULL OR d.version = %(version)s)
 ORDER BY d.version DESC LIMIT 1

-- read_incidents --
SELECT n.id, n.instance_id, n.wait_id, n.element_id, n.path, n.kind, n.message_zh, n.message_en, n.retries_left,
       n.opened_at, n.resolved_at
  FROM incident n
 WHERE n.region_id = %(region_id)s AND (%(instance_id)s::uuid IS NULL OR n.instance_id = %(instance_id)s)
   AND (%(resolved)s OR n.resolved_at IS NULL)
 ORDER BY n.opened_at, n.id LIMIT %(limit)s

-- read_health --
-- What a readiness check asks: the schema, the oldest timer that should have fired, incidents that wait for somebody.
SELECT (SELECT max(version) FROM schema_migration),
       (SELECT min(due_at) FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
         WHERE t.region_id = %(region_id)s AND t.due_at <= %(now)s AND i.status = 'active'),
       (SELECT count(*) FROM incident n WHERE n.region_id = %(region_id)s AND n.resolved_at IS NULL)
