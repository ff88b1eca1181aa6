-- read_incident --
SELECT n.instance_id, n.wait_id, n.element_id, n.path, n.kind, n.detail, n.resolved_at
  FROM incident n
 WHERE n.region_id = %(region_id)s AND n.id = %(id)s

-- read_all_states --
-- For reconciliation; one pass over the table.
SELECT i.id, i.status::text, i.state, i.given || i.variables
  FROM instance i
 WHERE i.region_id = %(region_id)s AND (%(after)s::uuid IS NULL OR i.id > %(after)s)
 ORDER BY i.id LIMIT %(limit)s

-- read_rows_of --
-- Every derived row of some instances, named by its table and wait.
SELECT 'user_task', t.instance_id, t.wait_id, t.path, jsonb_build_object('due', t.due_at, 'form', t.form)
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.instance_id = ANY(%(ids)s) AND t.state <= 'claimed'
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
   AND n.kind NOT IN ('projection', 'timer', 'zombie')

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
