-- add_document_that_came --
INSERT INTO document_that_came (region_id, id, patient_id, owner, labels, series, number, code, title, told_at, created_at, body,
                                size, sha1, sha256)
VALUES (%(region_id)s, %(id)s, %(patient_id)s, %(owner)s, %(labels)s, %(series)s, %(number)s, %(code)s, %(title)s, %(told_at)s,
        %(created_at)s, %(body)s, %(size)s, %(sha1)s, %(sha256)s)
ON CONFLICT (region_id, id) DO NOTHING

-- documents_that_came --
-- One, or all of a patient, newest first, as far as the caller may know of them. In a list the bytes are not read, save of
-- those of which no digest was kept.
SELECT d.id, d.patient_id, d.owner, d.labels, d.series, d.number, d.code, d.title, d.told_at, d.created_at,
       CASE WHEN d.sha1 IS NULL OR %(id)s::uuid IS NOT NULL THEN d.body ELSE '' END AS body, d.size, d.sha1, d.sha256,
       EXISTS (SELECT FROM document_that_came n
                WHERE n.region_id = d.region_id AND n.patient_id = d.patient_id AND n.owner = d.owner AND n.series = d.series
                  AND (coalesce(n.told_at, ''), n.created_at) > (coalesce(d.told_at, ''), d.created_at)) AS is_replaced
  FROM document_that_came d
 WHERE d.region_id = %(region_id)s AND (%(id)s::uuid IS NULL OR d.id = %(id)s)
   AND (%(patient_id)s::text IS NULL OR d.patient_id = %(patient_id)s)
   AND (d.labels <@ %(cleared)s::text[] OR d.owner = %(viewer)s)
   AND (d.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = d.region_id AND a.patient_id = d.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))
 ORDER BY d.created_at DESC, d.id
 LIMIT 200
