-- add_arrival --
-- The bytes as they came. No row: the same was received before.
INSERT INTO arrival (region_id, id, client, channel, origin, control_id, received_at, digest, body, corrects, corrected_by)
VALUES (%(region_id)s, %(id)s, %(client)s, %(channel)s, %(origin)s, %(control_id)s, %(now)s, %(digest)s, %(body)s,
        %(corrects)s, %(corrected_by)s)
ON CONFLICT (region_id, client, channel, control_id, digest) DO NOTHING
RETURNING id

-- begin_outcome --
INSERT INTO arrival_outcome (region_id, arrival_id, client, channel, kind, received_at, at)
VALUES (%(region_id)s, %(id)s, %(client)s, %(channel)s, %(kind)s, %(now)s, %(now)s)

-- same_arrival --
SELECT id FROM arrival
 WHERE region_id = %(region_id)s AND client = %(client)s AND channel = %(channel)s AND control_id = %(control_id)s
   AND digest = %(digest)s

-- count_repeat --
UPDATE arrival_outcome SET repeats = repeats + 1 WHERE region_id = %(region_id)s AND arrival_id = %(id)s

-- arrival --
SELECT a.id, a.client, a.channel, a.origin, a.control_id, a.received_at, a.digest, a.body, a.corrects, a.corrected_by
  FROM arrival a WHERE a.region_id = %(region_id)s AND a.id = %(id)s

-- outcome --
SELECT arrival_id, client, channel, kind, state::text AS state, attempts, problems, notes, became, repeats, received_at, at, by, reason
  FROM arrival_outcome WHERE region_id = %(region_id)s AND arrival_id = %(id)s

-- hold_outcome --
-- As it stands, held until the transaction ends.
SELECT arrival_id, client, channel, kind, state::text AS state, attempts, problems, notes, became, repeats, received_at, at, by, reason
  FROM arrival_outcome WHERE region_id = %(region_id)s AND arrival_id = %(id)s FOR UPDATE

-- settle_outcome --
UPDATE arrival_outcome
   SET state = %(state)s::arrival_state, kind = %(kind)s, problems = %(problems)s, notes = %(notes)s, became = %(became)s,
       at = %(now)s,
       by = %(by)s, reason = %(reason)s, attempts = attempts + 1
 WHERE region_id = %(region_id)s AND arrival_id = %(id)s

-- arrivals --
-- Newest first, or what waits for a person oldest first; `before` is where the page before ended.
SELECT arrival_id, client, channel, kind, state::text AS state, attempts, problems, notes, became, repeats, received_at, at, by, reason
  FROM arrival_outcome
 WHERE region_id = %(region_id)s AND state::text = ANY (%(states)s::text[])
   AND (%(client)s::text IS NULL OR client = %(client)s) AND (%(channel)s::text IS NULL OR channel = %(channel)s)
   AND (NOT %(noted)s OR notes <> '[]')
 ORDER BY received_at DESC, arrival_id LIMIT %(limit)s

-- waiting_arrivals --
-- Stored and not looked at: whoever received it died meanwhile. In the order in which they came.
SELECT arrival_id FROM arrival_outcome
 WHERE region_id = %(region_id)s AND state = 'waiting' AND received_at <= %(before)s
 ORDER BY received_at, arrival_id LIMIT %(limit)s

-- arrival_counts --
SELECT client, channel, state::text AS state, count(*)::bigint, coalesce(sum(repeats), 0)::bigint
  FROM arrival_outcome WHERE region_id = %(region_id)s GROUP BY client, channel, state

-- forget_arrivals --
-- What was settled long ago. What waits for a person is kept until it is settled.
DELETE FROM arrival a USING arrival_outcome o
 WHERE a.region_id = %(region_id)s AND o.region_id = a.region_id AND o.arrival_id = a.id
   AND a.received_at < %(before)s AND o.state IN ('understood', 'corrected', 'discarded')

-- propose --
-- What a hospital wants to have changed of a woman: a person decides.
INSERT INTO inbox_item (region_id, id, kind, source, type, resource_id, version, patient_id, reason, at, arrival_id)
VALUES (%(region_id)s, %(id)s, %(kind)s, %(source)s, %(type)s, %(resource_id)s, %(version)s, %(patient_id)s, %(reason)s,
        %(at)s, %(arrival_id)s)
ON CONFLICT DO NOTHING

-- ask_for_code --
-- A code that nothing is known of: asked once as long as the question is open.
INSERT INTO inbox_item (region_id, id, kind, source, type, resource_id, version, patient_id, reason, at, arrival_id)
SELECT %(region_id)s, %(id)s, 'unmapped-code', %(source)s, %(type)s, %(resource_id)s, %(version)s, %(patient_id)s, %(reason)s,
       %(at)s, %(arrival_id)s
 WHERE NOT EXISTS (SELECT FROM inbox_item WHERE region_id = %(region_id)s AND kind = 'unmapped-code' AND state = 'open'
                                            AND source = %(source)s AND reason = %(reason)s)
ON CONFLICT DO NOTHING

-- holders_of --
-- Which live patients hold one of these identities, by claim.
SELECT DISTINCT i.id
  FROM unnest(%(systems)s::text[], %(values)s::text[]) AS w (system, value)
  JOIN resource_identity i ON i.region_id = %(region_id)s AND i.type = 'Patient' AND i.system = w.system AND i.value = w.value
  JOIN resource r ON r.region_id = i.region_id AND r.type = i.type AND r.id = i.id AND r.deleted IS NOT TRUE

-- effects_of --
-- Whether one of these versions caused anything, or is asked about.
SELECT EXISTS (SELECT FROM unnest(%(types)s::text[], %(ids)s::text[], %(versions)s::int[]) AS w (type, id, version)
                 JOIN inbound_event e ON e.region_id = %(region_id)s AND e.type = w.type AND e.id = w.id AND e.version = w.version)
    OR EXISTS (SELECT FROM unnest(%(types)s::text[], %(ids)s::text[], %(versions)s::int[]) AS w (type, id, version)
                 JOIN inbox_item i ON i.region_id = %(region_id)s AND i.type = w.type AND i.resource_id = w.id AND i.version = w.version)

-- forget_news --
-- When the last was said of stays and appointments of which nothing came for long.
DELETE FROM inbound_mark WHERE region_id = %(region_id)s AND at < %(before)s AND starts_with(name, %(prefix)s)

-- mark_of --
SELECT mark FROM inbound_mark WHERE region_id = %(region_id)s AND client = %(client)s AND name = %(name)s

-- put_mark --
-- It never goes back: of two that poll at once the later value stays.
INSERT INTO inbound_mark AS m (region_id, client, name, mark, at)
VALUES (%(region_id)s, %(client)s, %(name)s, %(mark)s, %(now)s)
ON CONFLICT (region_id, client, name) DO UPDATE SET mark = greatest(m.mark, excluded.mark), at = excluded.at

-- count_open --
SELECT count(*) FROM arrival_outcome
 WHERE region_id = %(region_id)s AND client = %(client)s AND channel = %(channel)s
   AND state IN ('waiting', 'not-understood')
