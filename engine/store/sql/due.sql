-- claim_due_timers --
-- Hand one worker at most %(limit)s due timers, oldest first. MATERIALIZED: the planner could otherwise re-run the
-- LIMIT and claim too many. Attempts count here, before the risk. The lock runs on the wall clock, the due time on the
-- engine's.
WITH due AS MATERIALIZED (
    SELECT t.region_id, t.instance_id, t.wait_id
      FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
     WHERE t.region_id = %(region_id)s AND t.due_at <= %(until)s AND i.status = 'active'
       AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
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
-- The same for one job, by the process whose step opened it.
UPDATE job SET state = 'running', attempts = job.attempts + 1, locked_by = %(worker)s,
       locked_until = clock_timestamp() + %(lock_for)s, lease = gen_random_uuid()::text
  FROM instance i
 WHERE job.region_id = %(region_id)s AND job.id = %(id)s AND job.state = 'waiting' AND job.due_at <= %(until)s
   AND i.region_id = job.region_id AND i.id = job.instance_id AND i.status = 'active'
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

-- find_messages_to_correlate --
-- Left by a crash between a step and what it gave out, or by two transactions that passed each other.
SELECT m.id FROM message m
 WHERE m.region_id = %(region_id)s AND m.state = 'published'
 UNION ALL
SELECT m.id
  FROM message m
  JOIN message_subscription s ON s.region_id = m.region_id AND s.name = m.name AND s.key = m.key
  JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
 WHERE m.region_id = %(region_id)s AND m.state = 'buffered' AND m.expires_at > %(until)s AND i.status = 'active'
 LIMIT %(limit)s

-- find_next_due --
SELECT least(
    (SELECT t.due_at FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
      WHERE t.region_id = %(region_id)s AND i.status = 'active'
        AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
      ORDER BY t.due_at LIMIT 1),
    (SELECT j.due_at FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
      WHERE j.region_id = %(region_id)s AND j.type = ANY(%(types)s) AND i.status = 'active' AND j.state = 'waiting'
      ORDER BY j.due_at LIMIT 1)
)
