-- audit_events --
-- Rows of the trail, newest first, after the last one seen; of one woman also the searches that met her.
SELECT id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail
  FROM audit
 WHERE region_id = %(region_id)s
   AND (%(id)s::bigint IS NULL OR id = %(id)s)
   AND (%(actor)s::text IS NULL OR actor_id = %(actor)s)
   AND (%(patient)s::text IS NULL OR (subject_kind = 'Patient' AND subject_id = %(patient)s)
        OR detail -> 'patients' ? %(patient)s)
   AND (%(low)s::timestamptz IS NULL OR at >= %(low)s)
   AND (%(high)s::timestamptz IS NULL OR at < %(high)s)
   AND (%(before)s::bigint IS NULL OR id < %(before)s)
 ORDER BY id DESC LIMIT %(limit)s
