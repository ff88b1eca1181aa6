-- find_instances --
-- What a batch's query means today. A filter that was not given is null. `element`: a path at which something waits.
SELECT i.id
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.status IN ('active', 'suspended')
   AND (%(definition_key)s::text IS NULL OR i.definition_key = %(definition_key)s)
   AND (%(version)s::integer IS NULL OR i.definition_version = %(version)s)
   AND (%(state)s::text IS NULL OR i.status::text = %(state)s)
   AND (%(business_keys)s::text[] IS NULL OR i.business_key = ANY(%(business_keys)s))
   AND (%(instance_ids)s::uuid[] IS NULL OR i.id = ANY(%(instance_ids)s))
   AND (%(variables)s::jsonb IS NULL OR (i.given || i.variables) @> %(variables)s)
   AND (%(batch_id)s::uuid IS NULL OR EXISTS (
        SELECT FROM batch_item b
         WHERE b.region_id = %(region_id)s AND b.batch_id = %(batch_id)s AND b.instance_id = i.id AND b.state = 'done'))
   AND (%(started_before)s::timestamptz IS NULL OR i.started_at < %(started_before)s)
   AND (%(started_after)s::timestamptz IS NULL OR i.started_at >= %(started_after)s)
   AND (%(element)s::text IS NULL OR EXISTS (
        SELECT FROM user_task t
         WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.path = %(element)s
           AND t.state IN ('created', 'claimed')
         UNION ALL
        SELECT FROM timer t WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.path = %(element)s
         UNION ALL
        SELECT FROM message_subscription t
         WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.path = %(element)s
         UNION ALL
        SELECT FROM signal_subscription t
         WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.path = %(element)s
         UNION ALL
        SELECT FROM job t WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.path = %(element)s
         UNION ALL
        SELECT FROM incident t
         WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.path = %(element)s AND t.resolved_at IS NULL))
   AND (NOT %(incident)s OR EXISTS (
        SELECT FROM incident t
         WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.resolved_at IS NULL
           AND (%(incident_kind)s::text IS NULL OR t.kind = %(incident_kind)s)))
 ORDER BY i.id

-- places_of_instances --
-- Where these instances stand: with a person or a job, else whatever they listen to; of each place a few of them.
WITH asked AS MATERIALIZED (SELECT unnest(%(ids)s::uuid[]) AS id),
standing AS MATERIALIZED (
    SELECT t.instance_id, t.path FROM user_task t JOIN asked a ON a.id = t.instance_id
     WHERE t.region_id = %(region_id)s AND t.state IN ('created', 'claimed')
     UNION
    SELECT j.instance_id, j.path FROM job j JOIN asked a ON a.id = j.instance_id WHERE j.region_id = %(region_id)s
),
places AS (
    SELECT s.instance_id, s.path FROM standing s
     UNION
    SELECT w.instance_id, w.path
      FROM (SELECT t.instance_id, t.path FROM timer t WHERE t.region_id = %(region_id)s
             UNION ALL
            SELECT m.instance_id, m.path FROM message_subscription m WHERE m.region_id = %(region_id)s
             UNION ALL
            SELECT g.instance_id, g.path FROM signal_subscription g WHERE g.region_id = %(region_id)s) w
      JOIN asked a ON a.id = w.instance_id
     WHERE NOT EXISTS (SELECT FROM standing s WHERE s.instance_id = w.instance_id)
),
ranked AS (
    SELECT p.path, p.instance_id, row_number() OVER (PARTITION BY p.path ORDER BY p.instance_id) AS rank,
           count(*) OVER (PARTITION BY p.path) AS waiting
      FROM places p
)
SELECT r.path, r.instance_id, r.waiting FROM ranked r WHERE r.rank <= %(limit)s ORDER BY r.rank, r.path

-- read_pins_in_use --
-- The versions of called processes that most open instances of a version have with them.
SELECT i.pins->'process' FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = %(key)s AND i.definition_version = %(version)s
   AND i.status IN ('active', 'suspended')
 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1

-- insert_batch --
INSERT INTO batch (region_id, id, operation, parameters, query, state, rate, reason, total, created_at, created_by,
                   ended_at, paced_at)
VALUES (%(region_id)s, %(id)s, %(operation)s, %(parameters)s::jsonb, %(query)s::jsonb, 'running', %(rate)s, %(reason)s,
        %(total)s, %(at)s, %(by)s::jsonb, NULL, clock_timestamp())

-- insert_batch_items --
INSERT INTO batch_item (region_id, batch_id, instance_id)
SELECT %(region_id)s, %(batch_id)s, unnest(%(ids)s::uuid[])

-- lock_batch --
SELECT b.state::text FROM batch b WHERE b.region_id = %(region_id)s AND b.id = %(id)s FOR UPDATE

-- change_batch --
UPDATE batch SET state = %(state)s::batch_state, rate = coalesce(%(rate)s, rate),
       ended_at = CASE WHEN %(state)s IN ('cancelled', 'completed') THEN %(at)s END,
       paced_at = least(paced_at, clock_timestamp())
 WHERE region_id = %(region_id)s AND id = %(id)s

-- retry_batch_items --
UPDATE batch_item SET state = 'waiting', attempts = 0, locked_until = NULL, code = NULL, message_zh = NULL,
       message_en = NULL, at = NULL
 WHERE region_id = %(region_id)s AND batch_id = %(id)s AND state = 'failed'

-- claim_batch_items --
SELECT batch, operation, parameters, created_by, instance, attempts
  FROM claim_batch_items(%(region_id)s, %(limit)s, %(now)s, %(lock_for)s)

-- renew_batch_items --
-- What a living worker has claimed stays its own. It waits for no row.
WITH mine AS MATERIALIZED (
    SELECT i.region_id, i.batch_id, i.instance_id
      FROM batch_item i
      JOIN unnest(%(batches)s::uuid[], %(instances)s::uuid[], %(attempts)s::integer[])
           AS m(batch_id, instance_id, attempts)
        ON i.batch_id = m.batch_id AND i.instance_id = m.instance_id AND i.attempts = m.attempts
     WHERE i.region_id = %(region_id)s AND i.state = 'waiting'
       FOR UPDATE OF i SKIP LOCKED
)
UPDATE batch_item SET locked_until = greatest(batch_item.locked_until, clock_timestamp() + %(lock_for)s)
  FROM mine
 WHERE batch_item.region_id = %(region_id)s AND batch_item.batch_id = mine.batch_id
   AND batch_item.instance_id = mine.instance_id

-- find_running_batch --
SELECT b.id FROM batch b WHERE b.region_id = %(region_id)s AND b.state = 'running' LIMIT 1

-- take_batch_items --
-- Of a worker's items those that still wait, while the batch still runs.
SELECT i.instance_id
  FROM batch_item i
 WHERE i.region_id = %(region_id)s AND i.batch_id = %(batch_id)s AND i.instance_id = ANY(%(ids)s)
   AND i.state = 'waiting'
   AND EXISTS (SELECT FROM batch b WHERE b.region_id = i.region_id AND b.id = i.batch_id AND b.state = 'running')
 ORDER BY i.instance_id FOR UPDATE OF i

-- finish_batch_items --
UPDATE batch_item SET state = 'done', at = %(at)s, locked_until = NULL
 WHERE region_id = %(region_id)s AND batch_id = %(batch_id)s AND instance_id = ANY(%(ids)s)

-- fail_batch_item --
UPDATE batch_item SET state = 'failed', at = %(at)s, locked_until = NULL, code = %(code)s, message_zh = %(zh)s,
       message_en = %(en)s
 WHERE region_id = %(region_id)s AND batch_id = %(batch_id)s AND instance_id = %(instance_id)s AND state = 'waiting'

-- read_batch --
SELECT b.id, b.operation, b.parameters, b.query, b.state::text AS state, b.rate, b.reason, b.total, b.created_at,
       b.created_by->>'id' AS created_by, b.ended_at
  FROM batch b WHERE b.region_id = %(region_id)s AND b.id = %(id)s

-- read_batches --
SELECT b.id, b.operation, b.parameters, b.query, b.state::text AS state, b.rate, b.reason, b.total, b.created_at,
       b.created_by->>'id' AS created_by, b.ended_at
  FROM batch b
 WHERE b.region_id = %(region_id)s
   AND (%(after)s::uuid IS NULL
        OR (b.created_at, b.id) < (SELECT a.created_at, a.id FROM batch a WHERE a.region_id = %(region_id)s AND a.id = %(after)s))
 ORDER BY b.created_at DESC, b.id DESC LIMIT %(limit)s

-- count_batch_items --
SELECT i.batch_id, i.state::text, count(*)
  FROM batch_item i WHERE i.region_id = %(region_id)s AND i.batch_id = ANY(%(ids)s) GROUP BY 1, 2

-- read_batch_items --
SELECT i.instance_id, i.state::text AS state, i.at, i.code, i.message_zh, i.message_en
  FROM batch_item i
 WHERE i.region_id = %(region_id)s AND i.batch_id = %(id)s
   AND (%(state)s::text IS NULL OR i.state::text = %(state)s)
   AND (%(after)s::uuid IS NULL OR i.instance_id > %(after)s)
 ORDER BY i.instance_id LIMIT %(limit)s
