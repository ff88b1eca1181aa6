-- kinds_of_due_work --
-- For whom there is something to do. A superset of what each would find is enough: who is rung for nothing rests. The
-- conditions are those of the statements that claim it: timers, jobs, starts, messages (engine/store/sql/due.sql),
-- batches, subscriptions, steps of referrals, bursts of results, exports, tasks
-- of the library whose worker died.
SELECT 'engine' AS kind
 WHERE %(at_engine)s::boolean
   AND (EXISTS (SELECT FROM timer t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
                 WHERE t.region_id = %(region_id)s AND t.due_at <= %(now)s AND i.status = 'active'
                   AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())
                   AND t.due_at + %(spread)s * ((hashtext(t.instance_id::text) & 1023) / 1024.0::float8) <= %(now)s)
        OR EXISTS (SELECT FROM job j JOIN instance i ON i.region_id = j.region_id AND i.id = j.instance_id
                    WHERE j.region_id = %(region_id)s AND j.due_at <= %(now)s AND j.type = ANY(%(types)s)
                      AND i.status = 'active'
                      AND (j.state = 'waiting' OR (j.state = 'running' AND j.locked_until < clock_timestamp())))
        OR EXISTS (SELECT FROM timer_start b
                    WHERE b.region_id = %(region_id)s AND b.due_at <= %(now)s
                      AND (b.locked_until IS NULL OR b.locked_until < clock_timestamp())
                      AND NOT EXISTS (SELECT FROM definition_suspension d
                                       WHERE d.key = b.definition_key AND d.version = b.definition_version))
        OR EXISTS (SELECT FROM message p
                    WHERE p.region_id = %(region_id)s AND p.state = 'published'
                      AND (p.locked_until IS NULL OR p.locked_until < clock_timestamp()))
        OR EXISTS (SELECT FROM message b
                    WHERE b.region_id = %(region_id)s AND b.state = 'buffered' AND b.expires_at > %(now)s
                      AND (b.locked_until IS NULL OR b.locked_until < clock_timestamp())
                      AND EXISTS (SELECT FROM message_subscription s
                                    JOIN instance i ON i.region_id = s.region_id AND i.id = s.instance_id
                                   WHERE s.region_id = %(region_id)s AND s.name = b.name AND s.key = b.key
                                     AND i.status = 'active' OFFSET 0))
        OR EXISTS (SELECT FROM batch b
                    WHERE b.region_id = %(region_id)s AND b.state = 'running' AND b.paced_at <= clock_timestamp()))
UNION ALL
SELECT 'subscribers'
 WHERE EXISTS (SELECT FROM resource_change c WHERE c.region_id = %(region_id)s)
    OR EXISTS (SELECT FROM subscription s WHERE s.region_id = %(region_id)s AND s.due_at <= %(now)s)
UNION ALL
SELECT 'partners'
 WHERE EXISTS (SELECT FROM referral_step r
                WHERE r.region_id = %(region_id)s AND r.state = 'waiting' AND r.due_at <= %(now)s)
UNION ALL
SELECT 'bursts'
 WHERE EXISTS (SELECT FROM inbound_burst b WHERE b.region_id = %(region_id)s AND b.due_at <= %(now)s)
UNION ALL
SELECT 'exports'
 WHERE EXISTS (SELECT FROM export_job e WHERE e.region_id = %(region_id)s AND e.state = 'open')
UNION ALL
SELECT 'background'
 WHERE EXISTS (SELECT FROM procrastinate.procrastinate_jobs j
                 LEFT JOIN procrastinate.procrastinate_workers w ON w.id = j.worker_id
                WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < clock_timestamp() - %(stalled)s))
