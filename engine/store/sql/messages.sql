-- insert_message --
-- Nothing comes back when the sender has sent this number before.
INSERT INTO message (region_id, id, kind, name, key, message_id, payload, state, instance_id, published_at, expires_at)
VALUES (%(region_id)s, %(id)s, 'message', %(name)s, %(key)s, %(message_id)s, %(payload)s, 'published', NULL, %(now)s,
        %(expires_at)s)
ON CONFLICT (region_id, name, key, message_id) WHERE message_id IS NOT NULL DO NOTHING
RETURNING id

-- find_message_sent_before --
SELECT m.instance_id, m.published_at FROM message m
 WHERE m.region_id = %(region_id)s AND m.name = %(name)s AND m.key = %(key)s AND m.message_id = %(message_id)s

-- read_message --
SELECT m.kind, m.name, m.key, m.payload, m.state::text, m.instance_id, m.expires_at
  FROM message m
 WHERE m.region_id = %(region_id)s AND m.id = %(id)s

-- lock_message --
-- After the instance's lock, never before it.
SELECT m.state::text, m.instance_id FROM message m
 WHERE m.region_id = %(region_id)s AND m.id = %(id)s
   FOR UPDATE

-- find_receiver --
-- The wait that has listened longest for this name and key, of an instance that may move.
SELECT s.instance_id, s.wait_id
  FROM message_subscription s JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
 WHERE s.region_id = %(region_id)s AND s.name = %(name)s AND s.key = %(key)s AND i.status = 'active'
   AND s.instance_id <> ALL(%(tried)s::uuid[])
 ORDER BY s.opened_at, s.instance_id, s.wait_id
 LIMIT 1

-- lock_receiver --
-- The same one under its lock, with what `lock_instance` gives, in one round trip. By its id, and that from a subquery: a
-- lock in a join is taken of every row that is looked through.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text, i.revision, i.state, i.variables,
       i.given::text, i.pins, i.started_at
  FROM instance i
 WHERE i.region_id = %(region_id)s
   AND i.id = (SELECT s.instance_id
                 FROM message_subscription s JOIN instance j ON j.region_id = s.region_id AND j.id = s.instance_id
                WHERE s.region_id = %(region_id)s AND s.name = %(name)s AND s.key = %(key)s AND j.status = 'active'
                  AND s.instance_id <> ALL(%(tried)s::uuid[])
                ORDER BY s.opened_at, s.instance_id, s.wait_id
                LIMIT 1)
   FOR UPDATE

-- find_message_start --
SELECT b.definition_key FROM message_start b WHERE b.name = %(name)s ORDER BY b.definition_key

-- hold_message_lock --
SELECT pg_advisory_xact_lock(message_lock(%(region_id)s, %(name)s, %(key)s))

-- look_again_for_starts --
-- Kept messages that could begin a process look for it once more.
UPDATE message SET state = 'published', attempts = 0, locked_until = NULL
 WHERE region_id = %(region_id)s AND state = 'buffered' AND expires_at > %(now)s
   AND name IN (SELECT b.name FROM message_start b)

-- settle_message --
UPDATE message SET state = %(state)s::message_state, instance_id = %(instance_id)s
 WHERE region_id = %(region_id)s AND id = %(id)s

-- withdraw_message --
-- No row: it has a receiver, has expired, or was never sent.
UPDATE message SET state = 'expired'
 WHERE region_id = %(region_id)s AND name = %(name)s AND key = %(key)s AND message_id = %(message_id)s AND state = 'buffered'
RETURNING id

-- find_buffered_for --
-- Messages that waited for what this instance now listens to. LATERAL with OFFSET: few messages wait, so a planner free
-- to choose would read all that have not expired, in every step. The difference: no index begins with when one expires.
SELECT m.id
  FROM message_subscription s
 CROSS JOIN LATERAL (SELECT b.id, b.published_at FROM message b
                      WHERE b.region_id = %(region_id)s AND b.name = s.name AND b.key = s.key AND b.state = 'buffered'
                        AND b.expires_at - %(now)s > interval '0' OFFSET 0) m
 WHERE s.region_id = %(region_id)s AND s.instance_id = %(instance_id)s
 ORDER BY m.published_at, m.id

-- find_signal_receivers --
-- In the order of their ids, so that two broadcasts never wait for each other.
SELECT s.instance_id, s.wait_id
  FROM signal_subscription s JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
 WHERE s.region_id = %(region_id)s AND s.name = %(name)s AND i.status = 'active'
 ORDER BY s.instance_id, s.wait_id

-- expire_messages --
UPDATE message SET state = 'expired'
 WHERE region_id = %(region_id)s AND state = 'buffered' AND expires_at <= %(now)s

-- forget_messages --
-- A number that a sender repeats is recognised for a year.
DELETE FROM message
 WHERE region_id = %(region_id)s AND expires_at <= %(now)s - interval '1 year' AND state IN ('delivered', 'expired')

-- forget_old_answers --
DELETE FROM idempotency WHERE region_id = %(region_id)s AND at < clock_timestamp() - interval '7 days'

-- forget_told_events --
DELETE FROM outbox WHERE region_id = %(region_id)s AND at <= %(now)s - interval '30 days'
