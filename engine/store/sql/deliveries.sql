-- try_outbox_lock --
SELECT pg_try_advisory_xact_lock(hashtextextended('outbox' || chr(31) || %(region_id)s, 0))

-- take_outbox --
WITH oldest AS MATERIALIZED (
    SELECT o.region_id, o.at, o.instance_id, o.revision FROM outbox o
     WHERE o.region_id = %(region_id)s ORDER BY o.at, o.instance_id, o.revision LIMIT %(limit)s
)
DELETE FROM outbox USING oldest
 WHERE outbox.region_id = %(region_id)s AND outbox.at = oldest.at AND outbox.instance_id = oldest.instance_id
   AND outbox.revision = oldest.revision
RETURNING outbox.instance_id, outbox.revision, outbox.at, outbox.events

-- insert_deliveries --
INSERT INTO delivery (region_id, destination, stream, revision, at, events, due_at, give_up_at)
SELECT %(region_id)s, r.destination, r.stream, r.revision, r.at, r.events, %(now)s, %(give_up_at)s
  FROM jsonb_to_recordset(%(rows)s::jsonb)
       AS r(destination text, stream uuid, revision integer, at timestamptz, events jsonb)
    ON CONFLICT (region_id, destination, stream, revision) DO NOTHING

-- claim_deliveries --
-- Of each stream only the oldest: one that rests or is dead holds back its own stream and no other.
WITH due AS MATERIALIZED (
    SELECT d.region_id, d.destination, d.stream, d.revision FROM delivery d
     WHERE d.region_id = %(region_id)s AND d.state = 'waiting' AND d.due_at <= %(now)s
       AND d.destination = ANY(%(destinations)s) AND (d.locked_until IS NULL OR d.locked_until < clock_timestamp())
       AND NOT EXISTS (SELECT 1 FROM delivery e
                        WHERE e.region_id = %(region_id)s AND e.destination = d.destination AND e.stream = d.stream
                          AND e.revision < d.revision OFFSET 0)
     ORDER BY d.due_at, d.at, d.stream LIMIT %(limit)s
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE delivery SET attempts = delivery.attempts + 1, locked_until = clock_timestamp() + %(lock_for)s
  FROM due
 WHERE delivery.region_id = %(region_id)s AND delivery.destination = due.destination
   AND delivery.stream = due.stream AND delivery.revision = due.revision
RETURNING delivery.destination, delivery.stream, delivery.revision, delivery.at, delivery.events, delivery.attempts

-- forget_delivery --
DELETE FROM delivery
 WHERE region_id = %(region_id)s AND destination = %(destination)s AND stream = %(stream)s AND revision = %(revision)s
RETURNING 1

-- renew_deliveries --
-- What a living process is sending stays its own. It waits for no row.
WITH mine AS MATERIALIZED (
    SELECT d.region_id, d.destination, d.stream, d.revision
      FROM delivery d
      JOIN unnest(%(destinations)s::text[], %(streams)s::uuid[], %(revisions)s::integer[], %(attempts)s::integer[])
           AS m(destination, stream, revision, attempts)
        ON d.destination = m.destination AND d.stream = m.stream AND d.revision = m.revision AND d.attempts = m.attempts
     WHERE d.region_id = %(region_id)s AND d.state = 'waiting' AND d.locked_until IS NOT NULL
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE delivery SET locked_until = greatest(delivery.locked_until, clock_timestamp() + %(lock_for)s)
  FROM mine
 WHERE delivery.region_id = %(region_id)s AND delivery.destination = mine.destination
   AND delivery.stream = mine.stream AND delivery.revision = mine.revision

-- rest_delivery --
-- `attempts`: of whoever says so. Another may have it by now: then it is that one's.
UPDATE delivery SET locked_until = NULL, problem = %(problem)s, due_at = %(due_at)s,
       state = CASE WHEN %(dead)s OR %(due_at)s >= give_up_at THEN 'dead'::delivery_state ELSE 'waiting' END
 WHERE region_id = %(region_id)s AND destination = %(destination)s AND stream = %(stream)s AND revision = %(revision)s
   AND (%(attempts)s::integer IS NULL OR attempts = %(attempts)s)

-- revive_delivery --
UPDATE delivery SET state = 'waiting', attempts = 0, locked_until = NULL, due_at = %(now)s, give_up_at = %(give_up_at)s
 WHERE region_id = %(region_id)s AND destination = %(destination)s AND stream = %(stream)s AND revision = %(revision)s
RETURNING 1

-- read_deliveries --
SELECT d.destination, d.stream, d.revision, d.at, d.events, d.state::text AS state, d.attempts, d.due_at, d.problem
  FROM delivery d
 WHERE d.region_id = %(region_id)s AND d.state = %(state)s::delivery_state
 ORDER BY d.at, d.destination, d.stream, d.revision LIMIT %(limit)s

-- defer_task --
-- A task for the workers of the queue, in the transaction of whoever asks: with it or not at all.
SELECT procrastinate.procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', %(task)s, 0, NULL, NULL, %(args)s::jsonb, NULL)::procrastinate.procrastinate_job_to_defer_v1])
