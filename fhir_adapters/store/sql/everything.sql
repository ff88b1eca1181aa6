-- everything_of_patient --
-- All live resources about one patient that the caller may know of, herself first, then by type; `after` continues a page.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type = ANY (%(types)s::text[]) AND r.deleted IS NOT TRUE
   AND (%(episode_id)s::text IS NULL OR r.episode_id = %(episode_id)s OR r.type = 'Patient')
   AND (%(since)s::timestamptz IS NULL OR r.updated_at >= %(since)s)
   AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
   AND (r.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))
   AND (%(after_type)s::text IS NULL OR (r.type <> 'Patient', r.type, r.id) > (%(after_type)s <> 'Patient', %(after_type)s, %(after_id)s))
 ORDER BY r.type <> 'Patient', r.type, r.id
 LIMIT %(limit)s
