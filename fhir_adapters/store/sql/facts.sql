-- woman_of_episode --
-- `IS NOT TRUE`: without statistics `NOT deleted` would be answered from the index of changes, which has that condition.
SELECT e.patient_id FROM resource e
 WHERE e.region_id = %(region_id)s AND e.type = 'EpisodeOfCare' AND e.id = %(episode_id)s AND e.deleted IS NOT TRUE

-- what_is_known_of_her --
-- Her own resource whole, and which Observations of her are current in one case: their texts are asked for apart, by whoever
-- does not remember them.
SELECT v.type, v.id, v.version, r.content_hash, v.updated_at, v.body
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.type = 'Patient' AND r.id = %(woman)s AND r.deleted IS NOT TRUE
UNION ALL
SELECT r.type, r.id, r.version, r.content_hash, r.updated_at, NULL
  FROM resource r
 WHERE r.region_id = %(region_id)s AND r.episode_id = %(episode_id)s AND r.type = 'Observation'
   AND r.patient_id = %(woman)s AND r.deleted IS NOT TRUE

-- texts_of_observations --
-- All versions of these; whoever asks picks the current ones.
SELECT v.id, v.version, v.body FROM resource_version v
 WHERE v.region_id = %(region_id)s AND v.type = 'Observation' AND v.id = ANY(%(ids)s)
