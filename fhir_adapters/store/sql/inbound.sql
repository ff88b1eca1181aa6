-- note_burst --
-- Results of a case: looked at when it has been quiet, at the latest some time after the first.
INSERT INTO inbound_burst AS b (region_id, episode_id, facts, observed, results, first_at, due_at)
VALUES (%(region_id)s, %(episode_id)s, %(facts)s, %(observed)s, %(results)s, %(now)s, %(now)s + %(quiet)s::interval)
ON CONFLICT (region_id, episode_id) DO UPDATE
   SET facts = b.facts || excluded.facts, observed = b.observed || excluded.observed,
       results = b.results + excluded.results, due_at = least(b.first_at + %(longest)s::interval, excluded.due_at)

-- bursts_of --
-- What waits of these cases.
SELECT episode_id, facts, observed, results FROM inbound_burst
 WHERE region_id = %(region_id)s AND episode_id = ANY (%(episode_ids)s::text[])

-- end_bursts --
-- Those of them that are as they were read. Missing: another result came meanwhile, or somebody else has looked at it.
DELETE FROM inbound_burst b USING unnest(%(episode_ids)s::text[], %(results)s::integer[]) AS told (episode_id, results)
 WHERE b.region_id = %(region_id)s AND b.episode_id = told.episode_id AND b.results = told.results
RETURNING b.episode_id

-- due_bursts --
SELECT episode_id FROM inbound_burst WHERE region_id = %(region_id)s AND due_at <= %(now)s ORDER BY due_at LIMIT %(limit)s

-- claim_bursts --
-- Due ones that nobody else looks at, for as long as the transaction lasts. Not by their rows: whoever tells a burst takes
-- hold of the case first. MATERIALIZED: no other row may be tried than those that are looked through.
WITH due AS MATERIALIZED (
    SELECT episode_id, due_at FROM inbound_burst WHERE region_id = %(region_id)s AND due_at <= %(now)s
     ORDER BY due_at LIMIT %(among)s
)
SELECT episode_id FROM due
 WHERE pg_try_advisory_xact_lock(hashtextextended('burst' || chr(31) || %(region_id)s || chr(31) || episode_id, 0))
 LIMIT %(limit)s

-- next_burst --
SELECT min(due_at) FROM inbound_burst WHERE region_id = %(region_id)s

-- add_inbox_item --
-- Once for each version of a resource.
INSERT INTO inbox_item (region_id, id, kind, source, type, resource_id, version, patient_id, reason, at)
VALUES (%(region_id)s, %(id)s, %(kind)s, %(source)s, %(type)s, %(resource_id)s, %(version)s, %(patient_id)s, %(reason)s, %(at)s)
ON CONFLICT DO NOTHING

-- caused_by --
SELECT event, episode_id FROM inbound_event WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s
 ORDER BY version, event

-- last_caused --
-- The version of a resource that caused this last, and in which case.
SELECT version, episode_id FROM inbound_event
 WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s AND event = %(event)s
 ORDER BY version DESC LIMIT 1

-- inbox --
-- What waits for a person, oldest first, or what was decided.
SELECT id, kind, source, type, resource_id, version, goes_now_by(region_id, 'patient', patient_id) AS patient_id, reason,
       at, state::text AS state, episode_id, decided_at, decided_by
  FROM inbox_item
 WHERE region_id = %(region_id)s AND state::text = ANY (%(states)s::text[])
 ORDER BY at, id LIMIT %(limit)s

-- inbox_item --
SELECT id, kind, source, type, resource_id, version, goes_now_by(region_id, 'patient', patient_id) AS patient_id, reason,
       at, state::text AS state, episode_id, decided_at, decided_by
  FROM inbox_item WHERE region_id = %(region_id)s AND id = %(id)s FOR UPDATE

-- decide --
UPDATE inbox_item SET state = %(state)s::inbox_state, episode_id = %(episode_id)s, decided_at = %(now)s, decided_by = %(by)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND state = 'open'
RETURNING id

-- belongs_to --
-- The resource is of this case from now on.
UPDATE resource SET episode_id = %(episode_id)s
 WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(resource_id)s
