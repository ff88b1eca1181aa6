-- same_contents --
-- For each of these the oldest live resource of this sender about this patient that says exactly the same.
SELECT DISTINCT ON (a.type, a.patient_id, a.content_hash) a.type, a.patient_id, a.content_hash, r.id
  FROM unnest(%(types)s::text[], %(patients)s::text[], %(hashes)s::text[]) AS a (type, patient_id, content_hash)
  JOIN resource r ON r.region_id = %(region_id)s AND r.type = a.type AND r.patient_id = a.patient_id
   AND r.content_hash = a.content_hash
 WHERE r.owner = %(owner)s AND NOT r.deleted
 ORDER BY a.type, a.patient_id, a.content_hash, r.updated_at

-- record_events --
-- Note that these versions caused this event, each once.
INSERT INTO inbound_event (region_id, type, id, version, event, episode_id, result, at)
SELECT %(region_id)s, c.type, c.id, c.version, %(event)s, c.episode_id, c.result, %(at)s
  FROM unnest(%(types)s::text[], %(ids)s::text[], %(versions)s::integer[], %(episodes)s::text[], %(results)s::text[])
       AS c (type, id, version, episode_id, result)
ON CONFLICT DO NOTHING
