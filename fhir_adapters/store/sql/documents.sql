-- add_document --
INSERT INTO fhir_document (region_id, id, kind, patient_id, episode_id, owner, labels, created_at, replaces, body, referral_no,
                           came_from)
VALUES (%(region_id)s, %(id)s, %(kind)s, %(patient_id)s, %(episode_id)s, %(owner)s, %(labels)s, %(now)s, %(replaces)s,
        %(body)s, %(referral_no)s, %(came_from)s)
ON CONFLICT (region_id, id) DO NOTHING

-- documents --
-- One, or all of a patient, newest first, as far as the caller may know of them.
SELECT d.id, d.kind, d.patient_id, d.episode_id, d.owner, d.labels, d.created_at, d.replaces, d.body, d.referral_no, d.came_from,
       EXISTS (SELECT FROM fhir_document n WHERE n.region_id = d.region_id AND n.replaces = d.id) AS is_replaced
  FROM fhir_document d
 WHERE d.region_id = %(region_id)s AND (%(id)s::uuid IS NULL OR d.id = %(id)s)
   AND (%(patient_id)s::text IS NULL OR d.patient_id = %(patient_id)s)
   AND (d.labels <@ %(cleared)s::text[] OR d.owner = %(viewer)s)
   AND (d.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = d.region_id AND a.patient_id = d.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))
 ORDER BY d.created_at DESC, d.id
 LIMIT 200

-- documents_of_referral --
SELECT d.id, d.kind, d.patient_id, d.episode_id, d.owner, d.labels, d.created_at, d.replaces, d.body, d.referral_no,
       d.came_from, EXISTS (SELECT FROM fhir_document n WHERE n.region_id = d.region_id AND n.replaces = d.id) AS is_replaced
  FROM fhir_document d
 WHERE d.region_id = %(region_id)s AND d.referral_no = %(referral_no)s AND d.labels <@ %(cleared)s::text[]
 ORDER BY d.created_at, d.kind, d.id
