-- read_jobs --
SELECT j.id, j.instance_id, i.definition_key, i.definition_version, i.business_key, j.element_id, j.path, j.type,
       j.state::text AS state, j.retries_left, j.attempts, j.due_at, j.locked_by, j.locked_until, j.message
  FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
 WHERE j.region_id = %(region_id)s AND (%(type)s::text IS NULL OR j.type = %(type)s)
 ORDER BY j.due_at, j.id LIMIT %(limit)s

-- read_due_jobs --
-- The same condition as claim_due_jobs, without taking anything.
SELECT j.id, j.instance_id
  FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
 WHERE j.region_id = %(region_id)s AND j.due_at <= %(now)s AND j.type = ANY(%(types)s) AND i.status = 'active'
   AND (j.state = 'waiting' OR (j.state = 'running' AND j.locked_until < clock_timestamp()))
 ORDER BY j.due_at, j.id LIMIT %(limit)s
