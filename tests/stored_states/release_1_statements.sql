-- read_catalogue_number --
-- Grows with every deployment: a process that knows this number knows every definition.
SELECT coalesce(max(p.id), 0) FROM deployment p

-- read_catalogue --
SELECT d.kind, d.key, d.version, d.version_tag, d.sha256, d.deployment_id
  FROM definition d ORDER BY d.kind, d.key, d.version

-- read_source --
SELECT d.source FROM definition d WHERE d.kind = %(kind)s AND d.key = %(key)s AND d.version = %(version)s

-- hold_deployment_lock --
-- One deployment at a time, so that versions are numbered without gaps.
LOCK TABLE deployment IN SHARE ROW EXCLUSIVE MODE

-- insert_deployment --
INSERT INTO deployment (deployed_at, deployed_by) VALUES (%(now)s, %(by)s) RETURNING id

-- insert_definition --
INSERT INTO definition (kind, key, version, name, version_tag, resource, sha256, source, warnings, deployment_id)
VALUES (%(kind)s, %(key)s, %(version)s, %(name)s, %(version_tag)s, %(resource)s, %(sha256)s, %(source)s, %(warnings)s,
        %(deployment_id)s)

-- forget_message_starts --
DELETE FROM message_start WHERE definition_key = %(key)s

-- insert_message_start --
INSERT INTO message_start (name, definition_key, element_id) VALUES (%(name)s, %(key)s, %(element_id)s)

-- claim_due_timers --
-- Hand one worker at most %(limit)s due timers, oldest first. MATERIALIZED: the planner could otherwise re-run the
-- LIMIT and claim too many. Attempts count here, before the risk. The lock runs on the wall clock, the due time on the
-- engine's.
WITH due AS MATERIALIZED (
    SELECT t.region_id, t.instance_id, t.wait_id
      FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
     WHERE t.region_id = %(region_id)s AND t.due_at <= %(until)s AND i.status = 'active'
       AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
     ORDER BY t.due_at, t.instance_id, t.wait_id LIMIT %(limit)s
       FOR UPDATE OF t SKIP LOCKED
)
UPDATE timer SET attempts = timer.attempts + 1, locked_until = clock_timestamp() + %(lock_for)s
  FROM due
 WHERE timer.region_id = due.region_id AND timer.instance_id = due.instance_id AND timer.wait_id = due.wait_id
RETURNING timer.instance_id, timer.wait_id, timer.due_at, timer.attempts

-- rest_timer --
UPDATE timer SET locked_until = clock_timestamp() + %(backoff)s
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s

-- park_timer --
-- Its attempts are spent: nobody claims it until somebody retries the incident.
UPDATE timer SET locked_until = 'infinity'
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s
RETURNING element_id, path

-- unpark_timer --
UPDATE timer SET attempts = 0, locked_until = NULL
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s

-- claim_due_jobs --
-- Hand one worker at most %(limit)s due jobs of its types. A job whose lock ran out had an attempt that died: it counts.
WITH due AS MATERIALIZED (
    SELECT j.region_id, j.id, j.instance_id
      FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
     WHERE j.region_id = %(region_id)s AND j.due_at <= %(until)s AND j.type = ANY(%(types)s) AND i.status = 'active'
       AND (j.state = 'waiting' OR (j.state = 'running' AND j.locked_until < clock_timestamp()))
     ORDER BY j.due_at, j.id LIMIT %(limit)s
       FOR UPDATE OF j SKIP LOCKED
)
UPDATE job SET retries_left = greatest(job.retries_left - (job.state = 'running')::integer, 0), state = 'running',
       attempts = job.attempts + 1, locked_by = %(worker)s, locked_until = clock_timestamp() + %(lock_for)s,
       lease = gen_random_uuid()::text
  FROM due JOIN instance i ON i.region_id = due.region_id AND i.id = due.instance_id
 WHERE job.region_id = due.region_id AND job.id = due.id
RETURNING job.id, job.instance_id, job.type, job.element_id, job.headers, job.variables, i.business_key,
          job.retries_left, job.lease, job.locked_until, job.due_at

-- claim_job --
-- The same for one job, by the process whose step opened it.
UPDATE job SET state = 'running', attempts = job.attempts + 1, locked_by = %(worker)s,
       locked_until = clock_timestamp() + %(lock_for)s, lease = gen_random_uuid()::text
  FROM instance i
 WHERE job.region_id = %(region_id)s AND job.id = %(id)s AND job.state = 'waiting' AND job.due_at <= %(until)s
   AND i.region_id = job.region_id AND i.id = job.instance_id AND i.status = 'active'
RETURNING job.id, job.instance_id, job.type, job.element_id, job.headers, job.variables, i.business_key,
          job.retries_left, job.lease, job.locked_until, job.due_at

-- find_job --
SELECT j.instance_id FROM job j WHERE j.region_id = %(region_id)s AND j.id = %(id)s

-- read_job --
-- After the instance's lock.
SELECT j.wait_id, j.state::text, j.retries_left, j.lease, j.attempts
  FROM job j
 WHERE j.region_id = %(region_id)s AND j.id = %(id)s
   FOR UPDATE

-- retry_job --
UPDATE job SET state = 'waiting', retries_left = %(retries_left)s, due_at = %(due_at)s, message = %(message)s,
       locked_by = NULL, locked_until = NULL, lease = NULL
 WHERE region_id = %(region_id)s AND id = %(id)s

-- find_messages_to_correlate --
-- Left by a crash between a step and what it gave out, or by two transactions that passed each other.
SELECT m.id FROM message m
 WHERE m.region_id = %(region_id)s AND m.state = 'published'
 UNION ALL
SELECT m.id
  FROM message m
  JOIN message_subscription s ON s.region_id = m.region_id AND s.name = m.name AND s.key = m.key
  JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
 WHERE m.region_id = %(region_id)s AND m.state = 'buffered' AND m.expires_at > %(until)s AND i.status = 'active'
 LIMIT %(limit)s

-- find_next_due --
SELECT least(
    (SELECT t.due_at FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
      WHERE t.region_id = %(region_id)s AND i.status = 'active'
        AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
      ORDER BY t.due_at LIMIT 1),
    (SELECT j.due_at FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
      WHERE j.region_id = %(region_id)s AND j.type = ANY(%(types)s) AND i.status = 'active' AND j.state = 'waiting'
      ORDER BY j.due_at LIMIT 1)
)

-- insert_message --
-- Nothing comes back when the sender has sent this number before.
INSERT INTO message (region_id, id, kind, name, key, message_id, payload, state, instance_id, published_at, expires_at)
VALUES (%(region_id)s, %(id)s, 'message', %(name)s, %(key)s, %(message_id)s, %(payload)s, 'published', NULL, %(now)s,
        %(expires_at)s)
ON CONFLICT (region_id, name, key, message_id) WHERE message_id IS NOT NULL DO NOTHING
RETURNING id

-- find_message_sent_before --
SELECT m.instance_id, m.published_at FROM message m
 WHERE m.region_id = %(region_id)s AND m.name = %(name)s AND m.key = %(key)s AND m.message_id = %(message_id)s

-- read_message --
SELECT m.kind, m.name, m.key, m.payload, m.state::text, m.instance_id, m.expires_at
  FROM message m
 WHERE m.region_id = %(region_id)s AND m.id = %(id)s

-- lock_message --
-- After the instance's lock, never before it.
SELECT m.state::text, m.instance_id FROM message m
 WHERE m.region_id = %(region_id)s AND m.id = %(id)s
   FOR UPDATE

-- find_receiver --
-- The wait that has listened longest for this name and key, of an instance that may move.
SELECT s.instance_id, s.wait_id
  FROM message_subscription s JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
 WHERE s.region_id = %(region_id)s AND s.name = %(name)s AND s.key = %(key)s AND i.status = 'active'
   AND s.instance_id <> ALL(%(tried)s::uuid[])
 ORDER BY s.opened_at, s.instance_id, s.wait_id
 LIMIT 1

-- find_message_start --
SELECT b.definition_key, b.element_id FROM message_start b WHERE b.name = %(name)s ORDER BY b.definition_key

-- hold_message_lock --
SELECT pg_advisory_xact_lock(message_lock(%(region_id)s, %(name)s, %(key)s))

-- settle_message --
UPDATE message SET state = %(state)s::message_state, instance_id = %(instance_id)s
 WHERE region_id = %(region_id)s AND id = %(id)s

-- find_buffered_for --
-- Messages that waited for what this instance now listens to.
SELECT m.id
  FROM message_subscription s
  JOIN message m ON m.region_id = s.region_id AND m.name = s.name AND m.key = s.key
 WHERE s.region_id = %(region_id)s AND s.instance_id = %(instance_id)s AND m.state = 'buffered'
   AND m.expires_at > %(now)s
 ORDER BY m.published_at, m.id

-- find_signal_receivers --
-- In the order of their ids, so that two broadcasts never wait for each other.
SELECT s.instance_id, s.wait_id
  FROM signal_subscription s JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
 WHERE s.region_id = %(region_id)s AND s.name = %(name)s AND i.status = 'active'
 ORDER BY s.instance_id, s.wait_id

-- expire_messages --
UPDATE message SET state = 'expired'
 WHERE region_id = %(region_id)s AND state = 'buffered' AND expires_at <= %(now)s

-- forget_messages --
-- A number that a sender repeats is recognised for a year.
DELETE FROM message
 WHERE region_id = %(region_id)s AND expires_at <= %(now)s - interval '1 year' AND state IN ('delivered', 'expired')

-- forget_old_answers --
DELETE FROM idempotency WHERE region_id = %(region_id)s AND at < clock_timestamp() - interval '7 days'

-- forget_told_events --
DELETE FROM outbox WHERE region_id = %(region_id)s AND at <= %(now)s - interval '30 days'

-- read_incident --
SELECT n.instance_id, n.wait_id, n.element_id, n.path, n.kind, n.detail, n.resolved_at
  FROM incident n
 WHERE n.region_id = %(region_id)s AND n.id = %(id)s

-- read_all_states --
-- For reconciliation; one pass over the table.
SELECT i.id, i.status::text, i.state, i.variables
  FROM instance i
 WHERE i.region_id = %(region_id)s AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
 ORDER BY i.id LIMIT %(limit)s

-- read_rows_of --
-- Every derived row of some instances, named by its table and wait.
SELECT 'user_task', t.instance_id, t.wait_id, t.path, jsonb_build_object('due', t.due_at, 'form', t.form)
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.instance_id = ANY(%(ids)s) AND t.state IN ('created', 'claimed')
 UNION ALL
SELECT 'timer', r.instance_id, r.wait_id, r.path, jsonb_build_object('due', r.due_at)
  FROM timer r WHERE r.region_id = %(region_id)s AND r.instance_id = ANY(%(ids)s)
 UNION ALL
SELECT 'message', s.instance_id, s.wait_id, s.path, jsonb_build_object('name', s.name, 'key', s.key)
  FROM message_subscription s WHERE s.region_id = %(region_id)s AND s.instance_id = ANY(%(ids)s)
 UNION ALL
SELECT 'signal', g.instance_id, g.wait_id, g.path, jsonb_build_object('name', g.name)
  FROM signal_subscription g WHERE g.region_id = %(region_id)s AND g.instance_id = ANY(%(ids)s)
 UNION ALL
SELECT 'job', j.instance_id, j.wait_id, j.path, jsonb_build_object('type', j.type)
  FROM job j WHERE j.region_id = %(region_id)s AND j.instance_id = ANY(%(ids)s)
 UNION ALL
SELECT 'incident', n.instance_id, n.wait_id, n.path, '{}'::jsonb
  FROM incident n
 WHERE n.region_id = %(region_id)s AND n.instance_id = ANY(%(ids)s) AND n.resolved_at IS NULL
   AND n.kind NOT IN ('projection', 'timer')

-- open_incident --
INSERT INTO incident (region_id, id, instance_id, wait_id, element_id, path, kind, message_zh, message_en, opened_at)
VALUES (%(region_id)s, %(id)s, %(instance_id)s, %(wait_id)s, %(element_id)s, %(path)s, %(kind)s, %(message_zh)s,
        %(message_en)s, %(opened_at)s)
ON CONFLICT (region_id, id) DO UPDATE
   SET message_zh = excluded.message_zh, message_en = excluded.message_en, opened_at = excluded.opened_at,
       resolved_at = NULL, resolved_by = NULL

-- resolve_incident --
UPDATE incident SET resolved_at = %(at)s, resolved_by = %(by)s WHERE region_id = %(region_id)s AND id = %(id)s

-- find_open_instance --
SELECT i.id FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = %(key)s AND i.business_key = %(business_key)s
   AND i.status IN ('active', 'suspended')

-- read_orphans --
-- Rows whose instance is not there.
SELECT 'user_task', t.instance_id, t.wait_id FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.state IN ('created', 'claimed')
   AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.region_id = t.region_id AND i.id = t.instance_id)
 UNION ALL
SELECT 'timer', r.instance_id, r.wait_id FROM timer r
 WHERE r.region_id = %(region_id)s
   AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.region_id = r.region_id AND i.id = r.instance_id)
 UNION ALL
SELECT 'message', s.instance_id, s.wait_id FROM message_subscription s
 WHERE s.region_id = %(region_id)s
   AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.region_id = s.region_id AND i.id = s.instance_id)

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

-- where_completed_by --
AND t.completed_by = %(completed_by)s

-- where_completed_since --
AND t.completed_at >= %(completed_since)s

-- where_overdue_at --
AND t.due_at < %(overdue_at)s

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
       i.state, i.variables, i.pins, i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = %(id)s

-- read_instance_by_business_key --
-- The open one, else the latest that ended.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text AS status, i.revision, i.codec,
       i.state, i.variables, i.pins, i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = %(definition_key)s AND i.business_key = %(business_key)s
 ORDER BY (i.ended_at IS NULL) DESC, i.started_at DESC LIMIT 1

-- read_instances --
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text AS status, i.revision, i.codec,
       i.state, i.variables, i.pins, i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s
   AND (%(definition_key)s::text IS NULL OR i.definition_key = %(definition_key)s)
   AND (%(business_key)s::text IS NULL OR i.business_key = %(business_key)s)
   AND (%(status)s::text IS NULL OR i.status::text = %(status)s)
   AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
 ORDER BY i.id LIMIT %(limit)s

-- read_variables --
SELECT i.id, i.variables FROM instance i WHERE i.region_id = %(region_id)s AND i.id = ANY(%(ids)s)

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
SELECT d.kind, d.key, d.version, d.name, d.version_tag, d.resource, d.sha256, d.warnings, p.deployed_at, p.deployed_by
  FROM definition d JOIN deployment p ON p.id = d.deployment_id
 ORDER BY d.kind, d.key, d.version

-- read_definition --
-- One version with its source; without a version the newest.
SELECT d.kind, d.key, d.version, d.name, d.version_tag, d.resource, d.sha256, d.warnings, p.deployed_at, p.deployed_by,
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

-- lock_instance --
-- The row lock of the instance comes first in every transaction that moves it.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text, i.revision, i.state, i.variables,
       i.pins, i.started_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = %(instance_id)s
   FOR UPDATE

-- lock_for_user_task --
-- Instance and task in one round trip. Both are locked, so both are the newest after a wait; rows are locked in the
-- order of FROM: the instance first.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text, i.revision, i.state, i.variables,
       i.pins, i.started_at,
       t.id, t.wait_id, t.state::text, t.revision, t.assignee, t.created_at, t.completed_at, t.completed_by
  FROM instance i JOIN user_task t ON t.region_id = i.region_id AND t.instance_id = i.id
 WHERE t.region_id = %(region_id)s AND t.id = %(task_id)s
   FOR UPDATE OF i, t

-- read_task_heads --
-- What the state does not know of user tasks: who holds them, since when.
SELECT t.id, t.wait_id, t.state::text, t.revision, t.assignee, t.created_at, t.completed_at, t.completed_by
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.id = ANY(%(ids)s)

-- save_step --
SELECT save_step(%(region_id)s, %(instance_id)s, %(revision)s, %(status)s::instance_status, %(codec)s::smallint,
                 %(state)s, %(written)s::jsonb, %(at)s, %(by)s, %(rows)s::jsonb)

-- start_instance --
SELECT start_instance(%(region_id)s, %(instance_id)s, %(key)s, %(version)s, %(business_key)s,
                      %(status)s::instance_status, %(codec)s::smallint, %(state)s, %(variables)s::jsonb,
                      %(pins)s::jsonb, %(at)s, %(by)s, %(rows)s::jsonb)

-- change_user_task --
-- Taking or giving back.
UPDATE user_task SET state = %(state)s::user_task_state, assignee = %(assignee)s, revision = revision + 1
 WHERE region_id = %(region_id)s AND id = %(task_id)s

-- save_draft --
-- A draft is nobody else's business: the task's revision stays.
UPDATE user_task SET draft = %(draft)s WHERE region_id = %(region_id)s AND id = %(task_id)s

-- find_answer --
SELECT request_hash, answer FROM idempotency
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s

-- keep_answer --
INSERT INTO idempotency (region_id, client, key, request_hash, answer)
VALUES (%(region_id)s, %(client)s, %(key)s, %(request_hash)s, %(answer)s::jsonb)
