-- opened_since --
-- Open user tasks that a moment or what came after it brought, for those who watch a rehearsal.
SELECT t.id FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.state IN ('created', 'claimed') AND t.created_at >= %(since)s
 ORDER BY t.created_at, t.id;

-- cases --
-- Every instance of one process with its variables, for counting.
SELECT i.status::text AS status, i.given || i.variables AS variables FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = %(definition_key)s ORDER BY i.started_at, i.id;

-- stuck --
-- Active instances that nobody and nothing will move: no open task, no timer, no job, or an incident.
SELECT count(*) FROM instance i
 WHERE i.region_id = %(region_id)s AND i.status = 'active'
   AND (EXISTS (SELECT 1 FROM incident x
                 WHERE x.region_id = i.region_id AND x.instance_id = i.id AND x.resolved_at IS NULL)
        OR NOT (EXISTS (SELECT 1 FROM user_task t WHERE t.region_id = i.region_id AND t.instance_id = i.id
                                                    AND t.state <= 'claimed')
                OR EXISTS (SELECT 1 FROM timer m WHERE m.region_id = i.region_id AND m.instance_id = i.id)
                OR EXISTS (SELECT 1 FROM job j WHERE j.region_id = i.region_id AND j.instance_id = i.id)));
