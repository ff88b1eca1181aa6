-- read_policies --
-- Every process that has ended instances or a rule of its own.
SELECT k.definition_key, p.keep_days, p.reason, p.set_at, p.set_by,
       count(i.id) FILTER (WHERE a.instance_id IS NULL) AS ended,
       count(i.id) FILTER (WHERE a.instance_id IS NULL
                             AND i.ended_at <= %(now)s - make_interval(days => coalesce(p.keep_days, %(default_days)s))) AS due,
       count(i.id) FILTER (WHERE a.instance_id IS NOT NULL) AS archived
  FROM (SELECT definition_key FROM history_policy WHERE region_id = %(region_id)s
         UNION
        SELECT definition_key FROM instance WHERE region_id = %(region_id)s AND ended_at IS NOT NULL) AS k
  LEFT JOIN history_policy p ON p.region_id = %(region_id)s AND p.definition_key = k.definition_key
  LEFT JOIN instance i ON i.region_id = %(region_id)s AND i.definition_key = k.definition_key AND i.ended_at IS NOT NULL
  LEFT JOIN archived_instance a ON a.region_id = %(region_id)s AND a.instance_id = i.id
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY 1

-- find_process --
-- A policy for a process that nobody knows would keep nothing and delete nothing, and nobody would notice.
SELECT version FROM definition WHERE kind = 'process' AND key = %(definition_key)s LIMIT 1;

-- set_policy --
INSERT INTO history_policy (region_id, definition_key, keep_days, reason, set_at, set_by)
VALUES (%(region_id)s, %(definition_key)s, %(keep_days)s, %(reason)s, %(now)s, %(by)s)
ON CONFLICT (region_id, definition_key) DO UPDATE
   SET keep_days = excluded.keep_days, reason = excluded.reason, set_at = excluded.set_at, set_by = excluded.set_by

-- find_past_instances --
-- Ended longer ago than their process wants, nothing of theirs left to look into, not archived yet; oldest first.
SELECT i.id
  FROM instance i
  LEFT JOIN history_policy p ON p.region_id = %(region_id)s AND p.definition_key = i.definition_key
 WHERE i.region_id = %(region_id)s AND i.ended_at IS NOT NULL
   AND i.ended_at <= %(now)s - make_interval(days => coalesce(p.keep_days, %(default_days)s))
   AND NOT EXISTS (SELECT FROM archived_instance a WHERE a.region_id = %(region_id)s AND a.instance_id = i.id)
   AND NOT EXISTS (SELECT FROM incident n WHERE n.region_id = %(region_id)s AND n.instance_id = i.id
                                           AND n.resolved_at IS NULL)
 ORDER BY i.ended_at, i.id LIMIT %(limit)s

-- read_past_instances --
-- One document per instance: its row and all that hangs on it.
SELECT jsonb_build_object(
           'instance', to_jsonb(i),
           'user_task', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.wait_id) FROM user_task t
                          WHERE t.region_id = %(region_id)s AND t.instance_id = i.id),
           'history', (SELECT jsonb_agg(to_jsonb(h) ORDER BY h.revision, h.ordinal) FROM history h
                        WHERE h.region_id = %(region_id)s AND h.instance_id = i.id),
           'incident', (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.opened_at, n.id) FROM incident n
                         WHERE n.region_id = %(region_id)s AND n.instance_id = i.id),
           'user_task_comment', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.user_task_id, b.number) FROM user_task_comment b
                         WHERE b.region_id = %(region_id)s AND b.instance_id = i.id),
           'user_task_attachment', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.user_task_id, b.number) FROM user_task_attachment b
                         WHERE b.region_id = %(region_id)s AND b.instance_id = i.id),
           'user_task_handover', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.user_task_id, b.number) FROM user_task_handover b
                         WHERE b.region_id = %(region_id)s AND b.instance_id = i.id))::text
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = ANY(%(ids)s::uuid[])
 ORDER BY i.ended_at, i.id

-- insert_archive --
INSERT INTO archive (region_id, id, file, sha256, instances, row_count, keep_until, written_at, written_by)
VALUES (%(region_id)s, %(id)s, %(file)s, %(sha256)s, %(instances)s, %(row_count)s, %(keep_until)s, %(now)s, %(by)s)

-- insert_archived_instances --
-- As they stand; one that was archived meanwhile by somebody else makes this fail.
INSERT INTO archived_instance (region_id, instance_id, archive_id, definition_key, definition_version, business_key,
       status, revision, started_at, ended_at)
SELECT i.region_id, i.id, %(archive_id)s, i.definition_key, i.definition_version, i.business_key, i.status, i.revision,
       i.started_at, i.ended_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = ANY(%(ids)s::uuid[])

-- read_archives --
SELECT a.id, a.file, a.sha256, a.instances, a.row_count, a.keep_until, a.written_at, a.written_by,
       (SELECT count(*) FROM archived_instance d
         WHERE d.region_id = %(region_id)s AND d.archive_id = a.id AND d.swept_at IS NULL) AS unswept
  FROM archive a
 WHERE a.region_id = %(region_id)s
 ORDER BY a.written_at, a.id

-- lock_unswept --
-- Some instances of an archive whose rows may go: unchanged since. Whoever works on one is left alone this time.
SELECT d.instance_id
  FROM archived_instance d JOIN instance i ON i.region_id = %(region_id)s AND i.id = d.instance_id
 WHERE d.region_id = %(region_id)s AND d.archive_id = %(archive_id)s AND d.swept_at IS NULL
   AND i.revision = d.revision AND i.ended_at = d.ended_at
 LIMIT %(limit)s FOR UPDATE OF d, i SKIP LOCKED

-- delete_history --
DELETE FROM history WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- delete_user_task --
DELETE FROM user_task WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- delete_incident --
DELETE FROM incident WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- delete_user_task_comment --
DELETE FROM user_task_comment WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- delete_user_task_attachment --
DELETE FROM user_task_attachment WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- delete_user_task_handover --
DELETE FROM user_task_handover WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- delete_instance --
DELETE FROM instance WHERE region_id = %(region_id)s AND id = ANY(%(ids)s::uuid[])

-- mark_swept --
UPDATE archived_instance SET swept_at = %(now)s
 WHERE region_id = %(region_id)s AND instance_id = ANY(%(ids)s::uuid[])

-- find_archive_of --
SELECT a.id, a.file, a.sha256, d.swept_at
  FROM archived_instance d JOIN archive a ON a.region_id = %(region_id)s AND a.id = d.archive_id
 WHERE d.region_id = %(region_id)s AND d.instance_id = %(instance_id)s

-- forget_archived --
DELETE FROM archived_instance WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s
RETURNING swept_at

-- vacuum --
-- The room of what was swept is there for what comes, now and not when autovacuum has noticed.
VACUUM (ANALYZE) history, user_task, incident, user_task_comment, user_task_attachment, user_task_handover, instance
