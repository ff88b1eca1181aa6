-- fail_message --
UPDATE message SET state = CASE WHEN %(spent)s THEN 'failed'::message_state ELSE state END,
       locked_until = clock_timestamp() + %(back_off)s, problem = %(problem)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND state IN ('published', 'buffered')

-- revive_message --
UPDATE message SET state = 'published', attempts = 0, locked_until = NULL, problem = NULL,
       expires_at = greatest(expires_at, %(expires_at)s)
 WHERE region_id = %(region_id)s AND id = %(id)s AND state <> 'delivered'

-- read_messages --
-- Messages that have no receiver, newest first.
SELECT m.id, m.kind, m.name, m.key, m.message_id, m.source, m.state::text AS state, m.attempts, m.problem,
       m.published_at, m.expires_at
  FROM message m
 WHERE m.region_id = %(region_id)s AND m.state <> 'delivered' AND m.state = ANY(%(states)s::message_state[])
   AND (%(name)s::text IS NULL OR m.name = %(name)s) AND (%(key)s::text IS NULL OR m.key = %(key)s)
   AND (%(before_at)s::timestamptz IS NULL OR (m.published_at, m.id) < (%(before_at)s, %(before_id)s))
 ORDER BY m.published_at DESC, m.id DESC LIMIT %(limit)s

-- forget_start_events --
DELETE FROM start_event WHERE definition_key = %(key)s

-- insert_start_event --
INSERT INTO start_event (kind, name, definition_key, element_id) VALUES (%(kind)s, %(name)s, %(key)s, %(element_id)s)

-- find_signal_starts --
SELECT s.definition_key FROM start_event s
 WHERE s.kind = 'signal' AND s.name = %(name)s ORDER BY s.definition_key

-- find_conditional_processes --
SELECT DISTINCT s.definition_key FROM start_event s WHERE s.kind = 'condition' ORDER BY 1

-- read_region_catalogue --
SELECT c.deployment_id FROM region_catalogue c WHERE c.region_id = %(region_id)s

-- keep_region_catalogue --
INSERT INTO region_catalogue (region_id, deployment_id) VALUES (%(region_id)s, %(number)s)
ON CONFLICT (region_id) DO UPDATE SET deployment_id = greatest(region_catalogue.deployment_id, excluded.deployment_id)

-- forget_timer_starts --
DELETE FROM timer_start
 WHERE region_id = %(region_id)s AND definition_key = %(key)s AND element_id <> ALL(%(kept)s::text[])

-- put_timer_start --
INSERT INTO timer_start AS b (region_id, definition_key, element_id, definition_version, timer, due_at, occurrence, cycle,
       remaining, day)
VALUES (%(region_id)s, %(key)s, %(element_id)s, %(version)s, %(timer)s, %(due_at)s, %(occurrence)s, %(cycle)s,
        %(remaining)s, %(day)s)
ON CONFLICT (region_id, definition_key, element_id) DO UPDATE
   SET definition_version = excluded.definition_version, timer = excluded.timer, attempts = 0, locked_until = NULL,
       problem = NULL,
       due_at = CASE WHEN b.timer = excluded.timer THEN b.due_at ELSE excluded.due_at END,
       occurrence = CASE WHEN b.timer = excluded.timer THEN b.occurrence ELSE excluded.occurrence END,
       cycle = CASE WHEN b.timer = excluded.timer THEN b.cycle ELSE excluded.cycle END,
       remaining = CASE WHEN b.timer = excluded.timer THEN b.remaining ELSE excluded.remaining END,
       day = CASE WHEN b.timer = excluded.timer THEN b.day ELSE excluded.day END

-- lock_timer_start --
SELECT b.due_at, b.occurrence, b.cycle, b.remaining, b.day
  FROM timer_start b
 WHERE b.region_id = %(region_id)s AND b.definition_key = %(key)s AND b.element_id = %(element_id)s
   FOR UPDATE

-- end_timer_start --
DELETE FROM timer_start
 WHERE region_id = %(region_id)s AND definition_key = %(key)s AND element_id = %(element_id)s

-- go_on_with_timer_start --
UPDATE timer_start SET due_at = %(due_at)s, occurrence = %(occurrence)s, cycle = %(cycle)s, remaining = %(remaining)s,
       day = %(day)s, attempts = 0, locked_until = NULL, problem = NULL
 WHERE region_id = %(region_id)s AND definition_key = %(key)s AND element_id = %(element_id)s

-- fail_timer_start --
UPDATE timer_start SET problem = %(problem)s,
       locked_until = CASE WHEN %(spent)s THEN 'infinity' ELSE clock_timestamp() + %(back_off)s END
 WHERE region_id = %(region_id)s AND definition_key = %(key)s AND element_id = %(element_id)s

-- move_timer_start --
UPDATE timer_start SET due_at = %(due_at)s, attempts = 0, locked_until = NULL, problem = NULL
 WHERE region_id = %(region_id)s AND definition_key = %(key)s AND element_id = %(element_id)s
RETURNING due_at

-- read_timer_starts --
SELECT b.definition_key, b.definition_version, b.element_id, b.timer, b.due_at, b.attempts, b.problem
  FROM timer_start b
 WHERE b.region_id = %(region_id)s
 ORDER BY b.due_at, b.definition_key, b.element_id LIMIT %(limit)s

-- read_timers --
-- Timers in order of due time. parked: its attempts are spent, an incident says why.
SELECT t.instance_id, t.wait_id, t.element_id, t.path, t.due_at, t.misfire, t.attempts, i.definition_key,
       i.definition_version, i.business_key, i.status::text AS status,
       coalesce(t.locked_until = 'infinity', false) AS parked
  FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = %(region_id)s AND (%(due_before)s::timestamptz IS NULL OR t.due_at < %(due_before)s)
   AND (%(instance_id)s::uuid IS NULL OR t.instance_id = %(instance_id)s)
   AND (%(definition_key)s::text IS NULL OR i.definition_key = %(definition_key)s)
   AND (%(after_due)s::timestamptz IS NULL
        OR (t.due_at, t.instance_id, t.wait_id) > (%(after_due)s, %(after_instance)s, %(after_wait)s))
 ORDER BY t.due_at, t.instance_id, t.wait_id LIMIT %(limit)s

-- find_instance --
SELECT 1 FROM instance i WHERE i.region_id = %(region_id)s AND i.id = %(id)s

-- resolve_timer_incident --
UPDATE incident SET resolved_at = %(at)s, resolved_by = %(by)s
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s AND kind = 'timer'
   AND resolved_at IS NULL

-- assign_incident --
UPDATE incident SET owner = %(owner)s WHERE region_id = %(region_id)s AND id = %(id)s RETURNING id

-- read_incident_list --
-- Incidents, oldest first, with who is to look at them: whoever was named, else who deployed the definition.
SELECT n.id, n.instance_id, i.definition_key, i.definition_version, i.business_key, n.element_id, n.path, n.kind,
       n.message_zh, n.message_en, coalesce(n.owner, p.deployed_by) AS owner, n.opened_at, n.resolved_at, n.resolved_by
  FROM incident n
  JOIN instance i ON i.region_id = n.region_id AND i.id = n.instance_id
  LEFT JOIN definition d ON d.kind = 'process' AND d.key = i.definition_key AND d.version = i.definition_version
  LEFT JOIN deployment p ON p.id = d.deployment_id
 WHERE n.region_id = %(region_id)s AND (%(open)s::boolean IS NULL OR (n.resolved_at IS NULL) = %(open)s)
   AND (%(instance_id)s::uuid IS NULL OR n.instance_id = %(instance_id)s)
   AND (%(kind)s::text IS NULL OR n.kind = %(kind)s)
   AND (%(after_at)s::timestamptz IS NULL OR (n.opened_at, n.id) > (%(after_at)s, %(after_id)s))
 ORDER BY n.opened_at, n.id LIMIT %(limit)s

-- find_end_of_page --
SELECT i.id FROM instance i
 WHERE i.region_id = %(region_id)s AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
 ORDER BY i.id OFFSET %(limit)s LIMIT 1

-- read_unserved --
-- Active instances of one page without a row that somebody or something serves. OFFSET 0: looked up one by one,
-- whatever the planner knows of the tables; joined by region alone it would be quadratic. state as text: not by the
-- work list's index, which knows no instance.
SELECT i.id FROM instance i
 WHERE i.region_id = %(region_id)s AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
   AND (%(until)s::uuid IS NULL OR i.id <= %(until)s) AND i.status = 'active'
   AND NOT EXISTS (SELECT 1 FROM user_task t WHERE t.region_id = %(region_id)s AND t.instance_id = i.id
                                                AND t.state::text IN ('created', 'claimed') OFFSET 0)
   AND NOT EXISTS (SELECT 1 FROM timer r WHERE r.region_id = %(region_id)s AND r.instance_id = i.id OFFSET 0)
   AND NOT EXISTS (SELECT 1 FROM message_subscription s
                    WHERE s.region_id = %(region_id)s AND s.instance_id = i.id OFFSET 0)
   AND NOT EXISTS (SELECT 1 FROM signal_subscription g
                    WHERE g.region_id = %(region_id)s AND g.instance_id = i.id OFFSET 0)
   AND NOT EXISTS (SELECT 1 FROM job j WHERE j.region_id = %(region_id)s AND j.instance_id = i.id OFFSET 0)
   AND NOT EXISTS (SELECT 1 FROM incident n WHERE n.region_id = %(region_id)s AND n.instance_id = i.id
                                               AND n.resolved_at IS NULL OFFSET 0)

-- find_unserved --
-- The same of one instance.
SELECT 1 FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = %(instance_id)s AND i.status = 'active'
   AND NOT EXISTS (SELECT 1 FROM user_task t WHERE t.region_id = i.region_id AND t.instance_id = i.id
                                                AND t.state <= 'claimed')
   AND NOT EXISTS (SELECT 1 FROM timer r WHERE r.region_id = i.region_id AND r.instance_id = i.id)
   AND NOT EXISTS (SELECT 1 FROM message_subscription s WHERE s.region_id = i.region_id AND s.instance_id = i.id)
   AND NOT EXISTS (SELECT 1 FROM signal_subscription g WHERE g.region_id = i.region_id AND g.instance_id = i.id)
   AND NOT EXISTS (SELECT 1 FROM job j WHERE j.region_id = i.region_id AND j.instance_id = i.id)
   AND NOT EXISTS (SELECT 1 FROM incident n WHERE n.region_id = i.region_id AND n.instance_id = i.id
                                               AND n.resolved_at IS NULL AND n.kind <> 'zombie')

-- resolve_incidents_of_ended --
-- An incident of an instance that has ended since is nobody's work any more.
UPDATE incident n SET resolved_at = %(now)s, resolved_by = 'engine'
  FROM instance i
 WHERE n.region_id = %(region_id)s AND n.resolved_at IS NULL AND i.region_id = n.region_id AND i.id = n.instance_id
   AND i.status IN ('completed', 'terminated') AND n.kind <> 'projection'
