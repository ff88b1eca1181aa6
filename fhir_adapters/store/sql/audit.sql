-- audit_events_of_patient --
-- The same of one woman: what was done to her record, and the searches that met her.
WITH hers AS MATERIALIZED (
    SELECT id FROM audit
     WHERE region_id = %(region_id)s AND subject_kind = 'Patient' AND subject_id = %(patient)s
    UNION
    SELECT id FROM audit WHERE region_id = %(region_id)s AND detail -> 'patients' ? %(patient)s
)
SELECT a.id, a.at, a.actor_id, a.actor_kind, a.organisation, a.action, a.subject_kind, a.subject_id, a.detail
  FROM hers JOIN audit a ON a.region_id = %(region_id)s AND a.id = hers.id
 WHERE (%(id)s::bigint IS NULL OR a.id = %(id)s)
   AND (%(actor)s::text IS NULL OR a.actor_id = %(actor)s)
   AND (%(low)s::timestamptz IS NULL OR a.at >= %(low)s)
   AND (%(high)s::timestamptz IS NULL OR a.at < %(high)s)
   AND (%(before)s::bigint IS NULL OR a.id < %(before)s)
 ORDER BY a.id DESC LIMIT %(limit)s

-- audit_events --
-- Rows of the trail, newest first, after the last one seen.
SELECT id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail
  FROM audit
 WHERE region_id = %(region_id)s
   AND (%(id)s::bigint IS NULL OR id = %(id)s)
   AND (%(actor)s::text IS NULL OR actor_id = %(actor)s)
   AND (%(low)s::timestamptz IS NULL OR at >= %(low)s)
   AND (%(high)s::timestamptz IS NULL OR at < %(high)s)
   AND (%(before)s::bigint IS NULL OR id < %(before)s)
 ORDER BY id DESC LIMIT %(limit)s
