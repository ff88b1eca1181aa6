-- survivor_of --
-- What a record became; nothing where it was never merged.
SELECT survivor_id FROM merged_record
 WHERE region_id = %(region_id)s AND kind = %(kind)s AND old_id = %(old_id)s

-- add_merged --
-- What went by the old id goes by the new one, and what had been merged into the old one before goes on with it.
WITH earlier AS (
    UPDATE merged_record SET survivor_id = %(survivor_id)s
     WHERE region_id = %(region_id)s AND kind = %(kind)s AND survivor_id = %(old_id)s
)
INSERT INTO merged_record (region_id, kind, old_id, survivor_id, at, by)
VALUES (%(region_id)s, %(kind)s, %(old_id)s, %(survivor_id)s, %(at)s, %(by)s)

-- all_of_patient --
-- Everything about a patient but herself, whatever its type.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type <> 'Patient' AND r.deleted IS NOT TRUE
 ORDER BY r.type, r.id

-- owned_by_engine --
SELECT engine_owned, episode_id FROM resource WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s

-- repoint --
-- A peer's text stays as it was sent; under whom it is found changes.
UPDATE resource SET patient_id = %(patient_id)s, episode_id = %(episode_id)s, tokens = %(tokens)s::bigint[]
 WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s

-- hand_over_identities --
UPDATE resource_identity SET id = %(survivor_id)s
 WHERE region_id = %(region_id)s AND type = 'Patient' AND id = %(old_id)s

-- open_questions_about --
-- What waits in the inbox about the merge of this patient.
SELECT id FROM inbox_item
 WHERE region_id = %(region_id)s AND kind = 'merged-patient' AND patient_id = %(patient_id)s AND state = 'open'

-- remove_merged --
DELETE FROM merged_record WHERE region_id = %(region_id)s AND kind = %(kind)s AND old_id = %(old_id)s

-- merged_into --
-- What had become this record before.
SELECT old_id FROM merged_record WHERE region_id = %(region_id)s AND kind = %(kind)s AND survivor_id = %(survivor_id)s
 ORDER BY old_id

-- leads_to_again --
UPDATE merged_record SET survivor_id = %(survivor_id)s
 WHERE region_id = %(region_id)s AND kind = %(kind)s AND old_id = ANY (%(old_ids)s::text[])

-- keep_merge --
INSERT INTO record_merge (region_id, id, at, by, survivor_id, replaced_id, closed, kept, before)
VALUES (%(region_id)s, %(id)s, %(at)s, %(by)s, %(survivor_id)s, %(replaced_id)s, %(closed)s, %(kept)s, %(before)s)

-- keep_part --
-- How one resource was filed before. What is moved twice by one merge was filed as at first.
INSERT INTO record_merge_part (region_id, merge_id, type, id, patient_id, episode_id, came_later)
SELECT %(region_id)s, m.id, %(type)s, %(id)s, %(patient_id)s, %(episode_id)s, %(came_later)s
  FROM record_merge m
 WHERE m.region_id = %(region_id)s AND m.replaced_id = %(replaced_id)s AND m.undone_at IS NULL
ON CONFLICT DO NOTHING

-- open_merge --
SELECT id, at, by, survivor_id, replaced_id, closed, kept, before FROM record_merge
 WHERE region_id = %(region_id)s AND replaced_id = %(replaced_id)s AND undone_at IS NULL

-- last_merge --
-- Also one that is undone: who asks again for what is done already is answered as the first time.
SELECT id, at, by, survivor_id, replaced_id, closed, kept, before FROM record_merge
 WHERE region_id = %(region_id)s AND replaced_id = %(replaced_id)s
 ORDER BY at DESC, id LIMIT 1

-- open_merges_into --
SELECT id, at, by, survivor_id, replaced_id, closed, kept, before FROM record_merge
 WHERE region_id = %(region_id)s AND survivor_id = %(survivor_id)s AND undone_at IS NULL
 ORDER BY at DESC, id

-- end_merge --
UPDATE record_merge SET undone_at = %(at)s, undone_by = %(by)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND undone_at IS NULL
RETURNING id

-- parts_of_merge --
SELECT type, id, patient_id, episode_id, came_later FROM record_merge_part
 WHERE region_id = %(region_id)s AND merge_id = %(merge_id)s
 ORDER BY type, id

-- came_after --
-- What is about a patient and was not there yet when she got the other's record, nor came with another merge that
-- stands. By what was there, not by the time: two things may happen at one moment.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, f.updated_at, f.body
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
  JOIN resource_version f ON f.region_id = r.region_id AND f.type = r.type AND f.id = r.id AND f.version = 1
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type <> 'Patient' AND r.deleted IS NOT TRUE
   AND f.updated_at >= %(since)s AND NOT (r.type || '/' || r.id) = ANY (%(known)s::text[])
   AND NOT EXISTS (SELECT 1 FROM record_merge_part p JOIN record_merge m ON m.region_id = p.region_id AND m.id = p.merge_id
                    WHERE p.region_id = r.region_id AND p.type = r.type AND p.id = r.id AND m.undone_at IS NULL
                      AND NOT p.came_later)
 ORDER BY f.updated_at, v.type, v.id

-- version_of_patient --
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource_version v
 WHERE v.region_id = %(region_id)s AND v.type = 'Patient' AND v.id = %(id)s AND v.version = %(version)s

-- give_identity --
-- An identity goes back to whom it was registered for, unless somebody else holds it meanwhile.
UPDATE resource_identity SET id = %(id)s
 WHERE region_id = %(region_id)s AND type = 'Patient' AND system = %(system)s AND value = %(value)s
   AND id = %(holder)s

-- area_of --
SELECT organisation_id FROM patient_area WHERE region_id = %(region_id)s AND patient_id = %(patient_id)s
 ORDER BY organisation_id

-- narrow_area --
-- Who came to know of a patient through the merge alone does so no more.
DELETE FROM patient_area
 WHERE region_id = %(region_id)s AND patient_id = %(patient_id)s
   AND NOT organisation_id = ANY (%(organisations)s::text[])

-- documents_of --
-- What was made of her and what came about her, as a merge keeps it.
SELECT id::text, episode_id FROM fhir_document WHERE region_id = %(region_id)s AND patient_id = %(patient_id)s
UNION ALL
SELECT id::text, NULL FROM document_that_came WHERE region_id = %(region_id)s AND patient_id = %(patient_id)s
 ORDER BY 1

-- move_document --
-- Its text stays as it was given out or came; under whom it is found changes.
WITH made AS (UPDATE fhir_document SET patient_id = %(patient_id)s WHERE region_id = %(region_id)s AND id = %(id)s::uuid)
UPDATE document_that_came SET patient_id = %(patient_id)s WHERE region_id = %(region_id)s AND id = %(id)s::uuid

-- documents_since --
-- Those of a patient that were not there yet when she got the other's record. `names`: the pregnancy it was made of. (The
-- text of one made since names both women: by the link of the one to the other.)
SELECT d.id::text, d.owner, d.labels, d.created_at, d.title, d.names
  FROM (SELECT region_id, id, patient_id, owner, labels, created_at, '' AS title,
               coalesce('"EpisodeOfCare/' || episode_id || '"', '') AS names FROM fhir_document
         UNION ALL
        SELECT region_id, id, patient_id, owner, labels, created_at, title, '' FROM document_that_came) d
 WHERE d.region_id = %(region_id)s AND d.patient_id = %(patient_id)s AND d.created_at >= %(since)s
   AND NOT ('DocumentReference/' || d.id::text) = ANY (%(known)s::text[])
   AND NOT EXISTS (SELECT 1 FROM record_merge_part p JOIN record_merge m ON m.region_id = p.region_id AND m.id = p.merge_id
                    WHERE p.region_id = d.region_id AND p.type = 'DocumentReference' AND p.id = d.id::text
                      AND m.undone_at IS NULL AND NOT p.came_later)
 ORDER BY d.created_at, d.id
