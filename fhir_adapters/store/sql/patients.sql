-- women_of_pregnancies --
-- The woman of each of these cases.
SELECT e.id AS pregnancy_id, v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource e
  JOIN resource r ON r.region_id = e.region_id AND r.type = 'Patient' AND r.id = e.patient_id AND r.deleted IS NOT TRUE
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE e.region_id = %(region_id)s AND e.type = 'EpisodeOfCare' AND e.id = ANY (%(ids)s::text[])

-- patients --
-- Patients by id, whether they are in a case or not.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.type = 'Patient' AND r.id = ANY (%(ids)s::text[]) AND r.deleted IS NOT TRUE

-- observations_of_pregnancies --
-- Observations of these cases that have one of the tokens: a few kinds, for many women.
SELECT r.episode_id AS pregnancy_id, v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.type = 'Observation' AND r.episode_id = ANY (%(ids)s::text[])
   AND r.tokens && %(tokens)s::bigint[] AND NOT r.deleted

-- find_women --
-- Newest case of every woman whose name holds the words, or whose number ends or reads like them.
SELECT DISTINCT ON (e.patient_id) e.id, e.patient_id
  FROM resource_string s
  JOIN resource e ON e.region_id = s.region_id AND e.type = 'EpisodeOfCare' AND e.patient_id = s.id AND e.deleted IS NOT TRUE
              AND e.episode_id = e.id   -- hers, not that of a child's care
 WHERE s.region_id = %(region_id)s AND s.type = 'Patient'
   AND (s.param = 'name' AND s.value LIKE %(holds)s OR s.param IN ('~tail', '~phone', '~number') AND s.value = %(words)s)
   AND EXISTS (SELECT FROM patient_area a WHERE a.region_id = s.region_id AND a.patient_id = s.id
                  AND a.organisation_id = ANY (%(organisations)s::text[]))
 ORDER BY e.patient_id, e.updated_at DESC
 LIMIT 50

-- patients_named --
-- Everybody of exactly this name, also whom no case is about.
SELECT DISTINCT s.id FROM resource_string s
 WHERE s.region_id = %(region_id)s AND s.type = 'Patient' AND s.param = 'name' AND s.value = %(words)s
 ORDER BY s.id LIMIT 50

-- tasks_about --
-- Those of ours: a Task that somebody else wrote may have any id.
SELECT r.id::uuid FROM resource r
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type = 'Task'
   AND r.deleted IS NOT TRUE   -- not NOT: the index of changes would serve that, region and type alone
   AND r.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

-- newest_case --
-- The open case of a patient, else the one that ended last.
SELECT e.id FROM resource e
 WHERE e.region_id = %(region_id)s AND e.type = 'EpisodeOfCare' AND e.patient_id = %(patient_id)s AND e.deleted IS NOT TRUE
   AND e.episode_id = e.id
 ORDER BY (e.tokens && %(ended)s::bigint[]), e.updated_at DESC
 LIMIT 1

-- take_into_case --
-- Observations of hers that are of no case yet are of this one.
UPDATE resource SET episode_id = %(episode_id)s
 WHERE region_id = %(region_id)s AND type = 'Observation' AND id = ANY (%(ids)s::text[]) AND patient_id = %(patient_id)s
   AND episode_id IS NULL
