-- newest_audit_rows --
-- Who looked at what and did what, newest first.
SELECT id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id FROM audit
 WHERE region_id = %(region_id)s AND (%(actor)s::text IS NULL OR actor_id = %(actor)s)
   AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
   AND (%(before)s::bigint IS NULL OR id < %(before)s)
 ORDER BY id DESC LIMIT %(limit)s;
