-- rename_instance --
SELECT rename_instance(%(region_id)s, %(instance_id)s, %(version)s, %(pins)s::jsonb, %(moved)s::jsonb)

-- read_open_task_heads --
SELECT t.id, t.wait_id, t.state::text, t.revision, t.assignee, t.created_at, t.completed_at, t.completed_by, t.draft
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.instance_id = %(instance_id)s AND t.state <= 'claimed'

-- keep_state_before --
-- How the instance stood; a second migration takes the place of the first.
INSERT INTO instance_before (region_id, instance_id, revision, definition_version, pins, codec, state, at)
VALUES (%(region_id)s, %(instance_id)s, %(revision)s, %(version)s, %(pins)s::jsonb, %(codec)s::smallint, %(state)s,
        %(at)s)
ON CONFLICT (region_id, instance_id) DO UPDATE
   SET revision = excluded.revision, definition_version = excluded.definition_version, pins = excluded.pins,
       codec = excluded.codec, state = excluded.state, at = excluded.at

-- take_state_before --
DELETE FROM instance_before
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND revision = %(revision)s
RETURNING definition_version, pins, state

-- read_state_before --
SELECT definition_version FROM instance_before
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND revision = %(revision)s

-- forget_old_states --
-- A termination may be taken back as long as the instance is here; a migration for ninety days.
DELETE FROM instance_before b
 WHERE b.region_id = %(region_id)s AND b.at < %(now)s::timestamptz - interval '90 days'
   AND NOT EXISTS (SELECT 1 FROM instance i
                    WHERE i.region_id = b.region_id AND i.id = b.instance_id AND i.status = 'terminated'
                      AND i.revision = b.revision)

-- read_entered --
-- When each element was entered last; `""` is the start of the instance.
SELECT h.element_id, max(h.at)
  FROM history h
 WHERE h.region_id = %(region_id)s AND h.instance_id = %(instance_id)s AND h.event = 'entered'
 GROUP BY 1

-- read_open_incidents_of --
SELECT n.id FROM incident n
 WHERE n.region_id = %(region_id)s AND n.instance_id = %(instance_id)s AND n.resolved_at IS NULL
 ORDER BY n.opened_at, n.id

-- suspend_definition --
INSERT INTO definition_suspension (key, version, at, by, reason)
SELECT d.key, d.version, %(at)s, %(by)s, %(reason)s
  FROM definition d
 WHERE d.kind = 'process' AND d.key = %(key)s AND (%(version)s::integer IS NULL OR d.version = %(version)s)
ON CONFLICT DO NOTHING

-- activate_definition --
DELETE FROM definition_suspension
 WHERE key = %(key)s AND (%(version)s::integer IS NULL OR version = %(version)s)
