-- woman_of_episode --
SELECT e.patient_id FROM resource e
 WHERE e.region_id = %(region_id)s AND e.type = 'EpisodeOfCare' AND e.id = %(episode_id)s AND NOT e.deleted

-- what_is_known_of_her --
-- Her own resource, and the current Observations of her in one case.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.type = 'Patient' AND r.id = %(woman)s AND NOT r.deleted
UNION ALL
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.episode_id = %(episode_id)s AND r.type = 'Observation'
   AND r.patient_id = %(woman)s AND NOT r.deleted
