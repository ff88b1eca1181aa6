-- claim_due_timers --
-- Hand one worker at most %(limit)s due timers, oldest first. MATERIALIZED: the planner could otherwise re-run the
-- LIMIT and claim too many. Attempts count here, before the risk. The lock runs on the wall clock, the due time on the
-- engine's.
WITH due AS MATERIALIZED (
    SELECT t.region_id, t.instance_id, t.wait_id
      FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
     WHERE t.region_id = %(region_id)s AND t.due_at <= %(until)s AND i.status = 'active'
       AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
       AND (%(suspect)s::boolean IS NULL OR (t.attempts > 0) = %(suspect)s)
       AND t.due_at + %(spread)s * ((hashtext(t.instance_id::text) & 1023) / 1024.0::float8) <= %(until)s
     ORDER BY t.due_at, t.instance_id, t.wait_id LIMIT %(limit)s
       FOR UPDATE OF t SKIP LOCKED
)
UPDATE timer SET attempts = timer.attempts + 1, locked_until = clock_timestamp() + %(lock_for)s
  FROM due
 WHERE timer.region_id = %(region_id)s AND timer.instance_id = due.instance_id AND timer.wait_id = due.wait_id
RETURNING timer.instance_id, timer.wait_id, timer.due_at, timer.attempts

-- rest_timer --
UPDATE timer SET locked_until = clock_timestamp() + %(backoff)s
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s

-- park_timer --
-- Its attempts are spent: nobody claims it until somebody retries the incident.
UPDATE timer SET locked_until = 'infinity'
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s
RETURNING element_id, path

-- unpark_timer --
UPDATE timer SET attempts = 0, locked_until = NULL
 WHERE region_id = %(region_id)s AND instance_id = %(instance_id)s AND wait_id = %(wait_id)s

-- claim_due_jobs --
-- Hand one worker at most %(limit)s due jobs of its types. A job whose lock ran out had an attempt that died: it counts.
WITH due AS MATERIALIZED (
    SELECT j.region_id, j.id, j.instance_id
      FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
     WHERE j.region_id = %(region_id)s AND j.due_at <= %(until)s AND j.type = ANY(%(types)s) AND i.status = 'active'
       AND (j.state = 'waiting' OR (j.state = 'running' AND j.locked_until < clock_timestamp()))
       AND (%(only)s::uuid[] IS NULL OR j.id = ANY(%(only)s))
       AND (%(suspect)s::boolean IS NULL OR (j.attempts > 0) = %(suspect)s)
     ORDER BY j.due_at, j.id LIMIT %(limit)s
       FOR UPDATE OF j SKIP LOCKED
)
UPDATE job SET retries_left = greatest(job.retries_left - (job.state = 'running')::integer, 0), state = 'running',
       attempts = job.attempts + 1, locked_by = %(worker)s, locked_until = clock_timestamp() + %(lock_for)s,
       lease = gen_random_uuid()::text
  FROM due JOIN instance i ON i.region_id = %(region_id)s AND i.id = due.instance_id
 WHERE job.region_id = %(region_id)s AND job.id = due.id
RETURNING job.id, job.instance_id, job.type, job.element_id, job.headers, job.variables, i.business_key,
          job.retries_left, job.lease, job.locked_until, job.due_at, job.attempts, job.path

-- claim_job --
-- The same for one job, by the process whose step opened it; not while one of its type lies about whose worker died:
-- then workers try them, who serve nobody.
UPDATE job SET state = 'running', attempts = job.attempts + 1, locked_by = %(worker)s,
       locked_until = clock_timestamp() + %(lock_for)s, lease = gen_random_uuid()::text
  FROM instance i
 WHERE job.region_id = %(region_id)s AND job.id = %(id)s AND job.state = 'waiting' AND job.due_at <= %(until)s
   AND i.region_id = %(region_id)s AND i.id = job.instance_id AND i.status = 'active'
   AND NOT EXISTS (SELECT 1 FROM job k
                    WHERE k.region_id = %(region_id)s AND k.attempts > 0 AND k.type = job.type AND k.state = 'running'
                      AND k.locked_until < clock_timestamp())
RETURNING job.id, job.instance_id, job.type, job.element_id, job.headers, job.variables, i.business_key,
          job.retries_left, job.lease, job.locked_until, job.due_at, job.attempts, job.path

-- extend_job --
UPDATE job SET locked_until = clock_timestamp() + %(lock_for)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND state = 'running' AND lease = %(lease)s
RETURNING locked_until

-- find_job --
SELECT j.instance_id FROM job j WHERE j.region_id = %(region_id)s AND j.id = %(id)s

-- read_job --
-- After the instance's lock.
SELECT j.wait_id, j.state::text, j.retries_left, j.lease, j.attempts
  FROM job j
 WHERE j.region_id = %(region_id)s AND j.id = %(id)s
   FOR UPDATE

-- retry_job --
UPDATE job SET state = 'waiting', retries_left = %(retries_left)s, due_at = %(due_at)s, message = %(message)s,
       locked_by = NULL, locked_until = NULL, lease = NULL
 WHERE region_id = %(region_id)s AND id = %(id)s

-- claim_messages --
-- Left by a crash between a step and what it gave out, or by two transactions that passed each other. OFFSET: a message
-- that waits looks for its listeners by name and key, also before there are statistics.
WITH due AS MATERIALIZED (
    SELECT m.region_id, m.id FROM message m
     WHERE m.region_id = %(region_id)s AND m.id IN (
               SELECT p.id FROM message p
                WHERE p.region_id = %(region_id)s AND p.state = 'published'
                UNION ALL
               SELECT b.id
                 FROM message b
                WHERE b.region_id = %(region_id)s AND b.state = 'buffered' AND b.expires_at > %(until)s
                  AND EXISTS (SELECT FROM message_subscription s
                                JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
                               WHERE s.region_id = %(region_id)s AND s.name = b.name AND s.key = b.key
                                 AND i.status = 'active' OFFSET 0))
       AND (m.locked_until IS NULL OR m.locked_until < clock_timestamp())
       AND (%(suspect)s::boolean IS NULL OR (m.attempts > 0) = %(suspect)s)
     ORDER BY m.published_at, m.id LIMIT %(limit)s
       FOR UPDATE OF m SKIP LOCKED
)
UPDATE message SET attempts = message.attempts + 1, locked_until = clock_timestamp() + %(lock_for)s
  FROM due
 WHERE message.region_id = %(region_id)s AND message.id = due.id
RETURNING message.id, message.attempts

-- claim_timer_starts --
-- Timer start events of newest versions that are not suspended.
WITH due AS MATERIALIZED (
    SELECT b.region_id, b.definition_key, b.element_id
      FROM timer_start b
     WHERE b.region_id = %(region_id)s AND b.due_at <= %(until)s
       AND (b.locked_until IS NULL OR b.locked_until < clock_timestamp())
       AND (%(suspect)s::boolean IS NULL OR (b.attempts > 0) = %(suspect)s)
       AND NOT EXISTS (SELECT 1 FROM definition_suspension d
                        WHERE d.key = b.definition_key AND d.version = b.definition_version)
     ORDER BY b.due_at, b.definition_key, b.element_id LIMIT %(limit)s
       FOR UPDATE OF b SKIP LOCKED
)
UPDATE timer_start SET attempts = timer_start.attempts + 1, locked_until = clock_timestamp() + %(lock_for)s
  FROM due
 WHERE timer_start.region_id = %(region_id)s AND timer_start.definition_key = due.definition_key
   AND timer_start.element_id = due.element_id
RETURNING timer_start.definition_key, timer_start.element_id, timer_start.due_at, timer_start.attempts

-- renew_timers --
-- What a living worker has claimed stays its own. It waits for no row: one that is locked is being served or taken away.
-- A rest that is longer than the lease stays.
WITH mine AS MATERIALIZED (
    SELECT t.region_id, t.instance_id, t.wait_id
      FROM timer t
      JOIN unnest(%(instances)s::uuid[], %(waits)s::integer[], %(attempts)s::integer[]) AS m(instance_id, wait_id, attempts)
        ON t.instance_id = m.instance_id AND t.wait_id = m.wait_id AND t.attempts = m.attempts
     WHERE t.region_id = %(region_id)s
       FOR UPDATE OF t SKIP LOCKED
)
UPDATE timer SET locked_until = greatest(timer.locked_until, clock_timestamp() + %(lock_for)s)
  FROM mine
 WHERE timer.region_id = %(region_id)s AND timer.instance_id = mine.instance_id AND timer.wait_id = mine.wait_id

-- renew_jobs --
WITH mine AS MATERIALIZED (
    SELECT j.region_id, j.id
      FROM job j
      JOIN unnest(%(ids)s::uuid[], %(leases)s::text[]) AS m(id, lease) ON j.id = m.id AND j.lease = m.lease
     WHERE j.region_id = %(region_id)s AND j.state = 'running'
       FOR UPDATE OF j SKIP LOCKED
)
UPDATE job SET locked_until = greatest(job.locked_until, clock_timestamp() + %(lock_for)s)
  FROM mine
 WHERE job.region_id = %(region_id)s AND job.id = mine.id

-- renew_messages --
WITH mine AS MATERIALIZED (
    SELECT m.region_id, m.id
      FROM message m
      JOIN unnest(%(ids)s::uuid[], %(attempts)s::integer[]) AS c(id, attempts) ON m.id = c.id AND m.attempts = c.attempts
     WHERE m.region_id = %(region_id)s
       FOR UPDATE OF m SKIP LOCKED
)
UPDATE message SET locked_until = greatest(message.locked_until, clock_timestamp() + %(lock_for)s)
  FROM mine
 WHERE message.region_id = %(region_id)s AND message.id = mine.id

-- renew_timer_starts --
WITH mine AS MATERIALIZED (
    SELECT b.region_id, b.definition_key, b.element_id
      FROM timer_start b
      JOIN unnest(%(keys)s::text[], %(elements)s::text[], %(attempts)s::integer[]) AS c(key, element_id, attempts)
        ON b.definition_key = c.key AND b.element_id = c.element_id AND b.attempts = c.attempts
     WHERE b.region_id = %(region_id)s
       FOR UPDATE OF b SKIP LOCKED
)
UPDATE timer_start SET locked_until = greatest(timer_start.locked_until, clock_timestamp() + %(lock_for)s)
  FROM mine
 WHERE timer_start.region_id = %(region_id)s AND timer_start.definition_key = mine.definition_key
   AND timer_start.element_id = mine.element_id

-- find_suspects --
-- Kinds of due work of which some was begun before and not finished: its worker died, or it raised.
SELECT 'timer' WHERE EXISTS (
    SELECT 1 FROM timer t
     WHERE t.region_id = %(region_id)s AND t.attempts > 0 AND t.due_at <= %(until)s
       AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp()))
 UNION ALL
SELECT 'job' WHERE EXISTS (
    SELECT 1 FROM job j
     WHERE j.region_id = %(region_id)s AND j.attempts > 0 AND j.due_at <= %(until)s AND j.type = ANY(%(types)s)
       AND (j.state = 'waiting' OR (j.state = 'running' AND j.locked_until < clock_timestamp())))
 UNION ALL
SELECT 'message' WHERE EXISTS (
    SELECT 1 FROM message m
     WHERE m.region_id = %(region_id)s AND m.state IN ('published', 'buffered') AND m.state <> 'delivered'
       AND m.attempts > 0 AND (m.locked_until IS NULL OR m.locked_until < clock_timestamp()))
 UNION ALL
SELECT 'start' WHERE EXISTS (
    SELECT 1 FROM timer_start b
     WHERE b.region_id = %(region_id)s AND b.attempts > 0 AND b.due_at <= %(until)s
       AND (b.locked_until IS NULL OR b.locked_until < clock_timestamp()))

-- find_next_due --
SELECT least(
    (SELECT t.due_at FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
      WHERE t.region_id = %(region_id)s AND i.status = 'active'
        AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
      ORDER BY t.due_at LIMIT 1),
    (SELECT j.due_at FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
      WHERE j.region_id = %(region_id)s AND j.type = ANY(%(types)s) AND i.status = 'active' AND j.state = 'waiting'
      ORDER BY j.due_at LIMIT 1),
    (SELECT b.due_at FROM timer_start b
      WHERE b.region_id = %(region_id)s AND (b.locked_until IS NULL OR b.locked_until < clock_timestamp())
        AND NOT EXISTS (SELECT 1 FROM definition_suspension d
                         WHERE d.key = b.definition_key AND d.version = b.definition_version)
      ORDER BY b.due_at LIMIT 1)
)
