-- add_subscription --
INSERT INTO subscription (region_id, id, client_id, updated_at, status, types, body, ends_at, scopes, due_at)
VALUES (%(region_id)s, %(id)s, %(client_id)s, %(now)s, %(status)s::subscription_status, %(types)s, %(body)s, %(ends_at)s,
        %(scopes)s,
        CASE WHEN %(status)s = 'off' THEN NULL ELSE %(now)s END)

-- change_subscription --
-- The owner says it anew. `requested` begins with a handshake and goes on with the first event that was not taken.
UPDATE subscription
   SET version = version + 1, updated_at = %(now)s, status = %(status)s::subscription_status, types = %(types)s,
       body = %(body)s, ends_at = %(ends_at)s, scopes = %(scopes)s, attempts = 0, failing_since = NULL, problem = NULL, owner = NULL,
       due_at = CASE WHEN %(status)s = 'off' THEN NULL ELSE %(now)s END
 WHERE region_id = %(region_id)s AND id = %(id)s AND version = %(version)s
RETURNING id

-- delete_subscription --
DELETE FROM subscription WHERE region_id = %(region_id)s AND id = %(id)s

-- subscriptions --
-- Those of one client, or of all where it is null; of one state, or of every; by id.
SELECT s.id, s.client_id, c.name AS client, c.scopes AS registered, s.scopes AS asked, s.version, s.updated_at, s.status::text AS status, s.types, s.body, s.ends_at,
       s.event_count, s.sent_number, s.due_at, s.attempts, s.failing_since, s.told_at, s.problem, s.owner
  FROM subscription s JOIN client c ON c.region_id = s.region_id AND c.id = s.client_id
 WHERE s.region_id = %(region_id)s AND (%(client_id)s::uuid IS NULL OR s.client_id = %(client_id)s)
   AND (%(id)s::text IS NULL OR s.id = %(id)s) AND (%(status)s::text IS NULL OR s.status::text = %(status)s)
 ORDER BY s.id

-- backlogs --
-- By state: how many, what is not told, and since when.
SELECT s.status::text, count(*), sum(s.event_count - s.sent_number),
       min((SELECT e.at FROM subscription_event e
             WHERE e.region_id = s.region_id AND e.subscription_id = s.id AND e.number > s.sent_number
             ORDER BY e.number LIMIT 1))
  FROM subscription s WHERE s.region_id = %(region_id)s GROUP BY s.status

-- watching --
-- Every subscription that gets numbers, held until they are given.
SELECT s.id, s.client_id, c.name AS client, c.scopes AS registered, s.scopes AS asked, s.version, s.updated_at, s.status::text AS status, s.types, s.body, s.ends_at,
       s.event_count, s.sent_number, s.due_at, s.attempts, s.failing_since, s.told_at, s.problem, s.owner
  FROM subscription s JOIN client c ON c.region_id = s.region_id AND c.id = s.client_id
 WHERE s.region_id = %(region_id)s AND s.status <> 'off'
 ORDER BY s.id FOR UPDATE OF s

-- try_numbering --
-- One process at a time gives numbers.
SELECT pg_try_advisory_xact_lock(hashtextextended('subscriptions' || chr(31) || %(region_id)s, 0))

-- take_changes --
-- The oldest changes, taken away, with what the version said and what the one before said.
WITH oldest AS MATERIALIZED (
    SELECT c.seq FROM resource_change c WHERE c.region_id = %(region_id)s ORDER BY c.seq LIMIT %(limit)s FOR UPDATE
), taken AS (
    DELETE FROM resource_change c USING oldest
     WHERE c.region_id = %(region_id)s AND c.seq = oldest.seq
    RETURNING c.seq, c.type, c.id, c.version, c.at
)
SELECT t.seq, t.type, t.id, t.version, t.at, v.deleted, v.body, v.meta, b.body AS body_before, b.meta AS meta_before,
       b.deleted AS deleted_before
  FROM taken t
  JOIN resource_version v ON v.region_id = %(region_id)s AND v.type = t.type AND v.id = t.id AND v.version = t.version
  LEFT JOIN resource_version b ON b.region_id = %(region_id)s AND b.type = t.type AND b.id = t.id AND b.version = t.version - 1
 ORDER BY t.seq

-- visible_of --
-- Which of these the caller may know of now, deleted ones too, and whether each bears a label.
SELECT r.type, r.id, r.labels <> '{}' AS labelled
  FROM unnest(%(types)s::text[], %(ids)s::text[]) AS asked (type, id)
  JOIN resource r ON r.region_id = %(region_id)s AND r.type = asked.type AND r.id = asked.id
 WHERE (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
   AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))

-- add_events --
INSERT INTO subscription_event (region_id, subscription_id, number, type, id, version, deleted, at)
SELECT %(region_id)s, %(subscription_id)s, %(first)s + e.n - 1, e.type, e.id, e.version, e.deleted, e.at
  FROM unnest(%(types)s::text[], %(ids)s::text[], %(versions)s::integer[], %(deleted)s::boolean[], %(ats)s::timestamptz[])
       WITH ORDINALITY AS e (type, id, version, deleted, at, n)

-- raise_count --
-- The numbers are given; whoever is not resting after a failure is told now.
UPDATE subscription SET event_count = event_count + %(count)s,
       due_at = CASE WHEN status IN ('requested', 'active') AND failing_since IS NULL THEN least(due_at, %(now)s) ELSE due_at END
 WHERE region_id = %(region_id)s AND id = %(id)s

-- has_changes --
SELECT EXISTS (SELECT FROM resource_change WHERE region_id = %(region_id)s)

-- due_subscriptions --
SELECT id FROM subscription WHERE region_id = %(region_id)s AND due_at <= %(now)s ORDER BY due_at LIMIT %(limit)s

-- try_sender --
-- One process at a time speaks for a subscription; who dies lets go.
SELECT pg_try_advisory_lock(hashtextextended('subscription' || chr(31) || %(region_id)s || chr(31) || %(id)s, 0))

-- leave_sender --
SELECT pg_advisory_unlock(hashtextextended('subscription' || chr(31) || %(region_id)s || chr(31) || %(id)s, 0))

-- events --
-- Events from one number to another, with the version that each is about.
SELECT e.number, e.type, e.id, e.version, e.deleted, e.at, e.sent_at, e.parked, v.updated_at, v.source, v.body, v.meta
  FROM subscription_event e
  JOIN resource_version v ON v.region_id = e.region_id AND v.type = e.type AND v.id = e.id AND v.version = e.version
 WHERE e.region_id = %(region_id)s AND e.subscription_id = %(id)s AND e.number BETWEEN %(first)s AND %(last)s
 ORDER BY e.number LIMIT %(limit)s

-- mark_sent --
UPDATE subscription_event SET sent_at = %(now)s, parked = %(parked)s
 WHERE region_id = %(region_id)s AND subscription_id = %(id)s AND number BETWEEN %(first)s AND %(last)s

-- move_on --
-- Taken by the receiver, up to this number; `next_at` is when there is something to say again if nothing happens.
UPDATE subscription
   SET status = 'active', sent_number = %(number)s, attempts = 0, failing_since = NULL,
       told_at = CASE WHEN %(told)s THEN %(now)s ELSE told_at END,
       problem = CASE WHEN %(problem)s::text IS NULL AND owner IS NOT NULL THEN problem ELSE %(problem)s END,
       owner = coalesce(%(owner)s, owner),
       due_at = CASE WHEN event_count > %(number)s THEN %(now)s ELSE %(next_at)s END
 WHERE region_id = %(region_id)s AND id = %(id)s AND status IN ('requested', 'active') AND version = %(version)s

-- rest --
-- Not taken: again later, or not at all.
UPDATE subscription
   SET status = %(status)s::subscription_status, attempts = attempts + 1, failing_since = coalesce(failing_since, %(now)s),
       problem = %(problem)s, owner = coalesce(%(owner)s, owner), due_at = %(due_at)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND status IN ('requested', 'active') AND version = %(version)s

-- rewind --
-- Tell it again from this number on.
UPDATE subscription
   SET sent_number = %(number)s, status = 'requested', attempts = 0, failing_since = NULL, problem = NULL, owner = NULL,
       due_at = %(now)s, version = version + 1, updated_at = %(now)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND status <> 'off'
RETURNING id

-- oldest_kept --
SELECT coalesce(min(number), 0) FROM subscription_event WHERE region_id = %(region_id)s AND subscription_id = %(id)s

-- parked_of --
SELECT number FROM subscription_event
 WHERE region_id = %(region_id)s AND subscription_id = %(id)s AND parked ORDER BY number LIMIT 100

-- oldest_waiting --
-- When the first event changed that the receiver has not taken.
SELECT min(at) FROM subscription_event
 WHERE region_id = %(region_id)s AND subscription_id = %(id)s AND number > %(number)s

-- forget_events --
-- Events are kept for thirty days, those not yet taken for as long as their subscription may be set going again.
DELETE FROM subscription_event WHERE region_id = %(region_id)s AND at < %(now)s - interval '30 days'

-- skip_forgotten --
-- What was forgotten is not waited for.
UPDATE subscription s SET sent_number = gone.number
  FROM (SELECT s2.id, coalesce((SELECT min(e.number) - 1 FROM subscription_event e
                                 WHERE e.region_id = s2.region_id AND e.subscription_id = s2.id), s2.event_count) AS number
          FROM subscription s2 WHERE s2.region_id = %(region_id)s AND s2.sent_number < s2.event_count) gone
 WHERE s.region_id = %(region_id)s AND s.id = gone.id AND gone.number > s.sent_number

-- endpoints --
-- The addresses that a client may be told at.
SELECT address, network, secrets, created_at FROM notify_endpoint
 WHERE region_id = %(region_id)s AND client_id = %(client_id)s ORDER BY address

-- put_endpoint --
INSERT INTO notify_endpoint (region_id, client_id, address, network, secrets, created_at)
VALUES (%(region_id)s, %(client_id)s, %(address)s, %(network)s, %(secrets)s, %(now)s)
ON CONFLICT (region_id, client_id, address) DO UPDATE SET network = excluded.network, secrets = excluded.secrets

-- remove_endpoint --
DELETE FROM notify_endpoint WHERE region_id = %(region_id)s AND client_id = %(client_id)s AND address = %(address)s
