-- codes_of --
-- What the client's own codes mean, of those that are asked.
SELECT c.system, c.code, c.item, c.unit
  FROM unnest(%(systems)s::text[], %(codes)s::text[]) AS w (system, code)
  JOIN client_code c ON c.region_id = %(region_id)s AND c.client = %(client)s AND c.system = w.system AND c.code = w.code

-- all_codes --
SELECT system, code, item, unit, by, at FROM client_code
 WHERE region_id = %(region_id)s AND client = %(client)s ORDER BY system, code

-- put_code --
INSERT INTO client_code (region_id, client, system, code, item, unit, by, at)
VALUES (%(region_id)s, %(client)s, %(system)s, %(code)s, %(item)s, %(unit)s, %(by)s, %(now)s)
ON CONFLICT (region_id, client, system, code) DO UPDATE
   SET item = excluded.item, unit = excluded.unit, by = excluded.by, at = excluded.at

-- drop_code --
DELETE FROM client_code
 WHERE region_id = %(region_id)s AND client = %(client)s AND system = %(system)s AND code = %(code)s

-- note_unmapped --
-- Codes of versions that were stored just now. One that was put aside stays so; one whose mapping was taken away is open.
INSERT INTO unmapped_code AS u (region_id, client, system, code, display, seen, first_at, last_at, owner)
SELECT %(region_id)s, %(client)s, w.system, w.code, w.display, w.seen, %(now)s, %(now)s, %(owner)s
  FROM unnest(%(systems)s::text[], %(codes)s::text[], %(displays)s::text[], %(seen)s::bigint[]) AS w (system, code, display, seen)
 ORDER BY w.system, w.code
ON CONFLICT (region_id, client, system, code) DO UPDATE
   SET seen = u.seen + excluded.seen, last_at = excluded.last_at,
       state = CASE u.state WHEN 'mapped' THEN 'open' ELSE u.state END,
       by = CASE u.state WHEN 'mapped' THEN NULL ELSE u.by END,
       decided_at = CASE u.state WHEN 'mapped' THEN NULL ELSE u.decided_at END

-- unmapped --
SELECT client, system, code, display, seen, first_at, last_at, owner, state, by, decided_at FROM unmapped_code
 WHERE region_id = %(region_id)s AND client = %(client)s AND state = ANY (%(states)s::text[])
 ORDER BY seen DESC, system, code LIMIT %(limit)s

-- count_unmapped --
-- Tasks "map code" that wait, by client.
SELECT client, count(*) FROM unmapped_code WHERE region_id = %(region_id)s AND state = 'open' GROUP BY client

-- hand_over --
UPDATE unmapped_code SET owner = %(owner)s
 WHERE region_id = %(region_id)s AND client = %(client)s AND system = %(system)s AND code = %(code)s AND state = 'open'

-- settle --
UPDATE unmapped_code SET state = %(state)s, by = %(by)s, decided_at = %(now)s
 WHERE region_id = %(region_id)s AND client = %(client)s AND system = %(system)s AND code = %(code)s

-- keep_tolerated --
INSERT INTO tolerated (region_id, type, id, version, client, at, uses)
SELECT %(region_id)s, w.type, w.id, w.version, %(client)s, %(now)s, w.uses::jsonb
  FROM unnest(%(types)s::text[], %(ids)s::text[], %(versions)s::integer[], %(uses)s::text[]) AS w (type, id, version, uses)

-- tolerated_of --
-- What the versions of a resource said before they were put right.
SELECT version, client, at, uses FROM tolerated
 WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s ORDER BY version

-- with_code --
-- The client's live Observations that carry a code, oldest first.
SELECT r.id FROM resource r
 WHERE r.region_id = %(region_id)s AND r.type = 'Observation' AND NOT r.deleted AND r.owner = %(owner)s
   AND r.tokens && %(tokens)s::bigint[] AND r.id > %(after)s
 ORDER BY r.id LIMIT %(limit)s

-- inbound_of --
SELECT text, by, at FROM client_inbound WHERE region_id = %(region_id)s AND client = %(client)s

-- all_inbound --
SELECT client, text FROM client_inbound WHERE region_id = %(region_id)s ORDER BY client

-- put_inbound --
INSERT INTO client_inbound (region_id, client, text, by, at)
VALUES (%(region_id)s, %(client)s, %(text)s, %(by)s, %(now)s)
ON CONFLICT (region_id, client) DO UPDATE SET text = excluded.text, by = excluded.by, at = excluded.at

-- drop_inbound --
DELETE FROM client_inbound WHERE region_id = %(region_id)s AND client = %(client)s
