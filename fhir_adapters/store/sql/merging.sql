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
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type <> 'Patient' AND NOT r.deleted
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
