-- read_pinned --
-- Which processes have instances that run one version of a process, themselves or by a call, with their pins.
SELECT i.definition_key, i.definition_version, coalesce(i.pins->'process', '{}') AS pins, count(*) AS instances
  FROM instance i
 WHERE i.region_id = %(region_id)s
   AND ((i.definition_key = %(key)s AND i.definition_version = %(version)s)
        OR (i.pins->'process'->>%(key)s)::integer = %(version)s)
 GROUP BY 1, 2, 3

-- read_element_statistics --
-- How often each element was entered, left and called off, and how long it took: the n-th entry at a path of an
-- instance belongs to the n-th time it was left there. Places: process, version, pins and the calls that lead here.
WITH lines AS MATERIALIZED (
    SELECT h.instance_id, h.path, h.element_id, h.event, h.at, h.event = 'entered' AS opens,
           row_number() OVER (PARTITION BY h.instance_id, h.path, h.event = 'entered'
                              ORDER BY h.revision, h.ordinal) AS n
      FROM jsonb_to_recordset(%(places)s) AS p(key text, version integer, pins jsonb, prefix text)
      JOIN instance i ON i.region_id = %(region_id)s AND i.definition_key = p.key AND i.definition_version = p.version
                     AND coalesce(i.pins->'process', '{}') = p.pins
      JOIN history h ON h.region_id = %(region_id)s AND h.instance_id = i.id AND h.path = p.prefix || h.element_id
     WHERE h.event IN ('entered', 'completed', 'ended', 'cancelled', 'fired', 'received')
)
SELECT o.element_id, count(*) AS entered,
       count(*) FILTER (WHERE c.event <> 'cancelled') AS completed,
       count(*) FILTER (WHERE c.event = 'cancelled') AS cancelled,
       extract(epoch FROM avg(c.at - o.at) FILTER (WHERE c.event <> 'cancelled'))::float8 AS mean_s,
       extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY c.at - o.at)
                          FILTER (WHERE c.event <> 'cancelled'))::float8 AS p50_s,
       extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY c.at - o.at)
                          FILTER (WHERE c.event <> 'cancelled'))::float8 AS p90_s,
       extract(epoch FROM max(c.at - o.at) FILTER (WHERE c.event <> 'cancelled'))::float8 AS max_s
  FROM lines o
  LEFT JOIN lines c ON c.instance_id = o.instance_id AND c.path = o.path AND c.n = o.n AND NOT c.opens
 WHERE o.opens
 GROUP BY o.element_id

-- read_open_places --
-- What waits at each element now: user tasks and how many are overdue, timers, messages, jobs, incidents.
SELECT w.element_id, count(*) FILTER (WHERE w.kind <> 'incident') AS open,
       count(*) FILTER (WHERE w.overdue) AS overdue, count(*) FILTER (WHERE w.kind = 'incident') AS incidents
  FROM jsonb_to_recordset(%(places)s) AS p(key text, version integer, pins jsonb, prefix text)
  JOIN instance i ON i.region_id = %(region_id)s AND i.definition_key = p.key AND i.definition_version = p.version
                 AND i.status IN ('active', 'suspended') AND coalesce(i.pins->'process', '{}') = p.pins
  JOIN LATERAL (
    SELECT 'task' AS kind, t.element_id, t.path, t.due_at < %(now)s AS overdue FROM user_task t
     WHERE t.region_id = %(region_id)s AND t.instance_id = i.id AND t.state <= 'claimed'
     UNION ALL
    SELECT 'timer', m.element_id, m.path, m.due_at < %(now)s FROM timer m
     WHERE m.region_id = %(region_id)s AND m.instance_id = i.id
     UNION ALL
    SELECT 'message', s.element_id, s.path, false FROM message_subscription s
     WHERE s.region_id = %(region_id)s AND s.instance_id = i.id
     UNION ALL
    SELECT 'signal', g.element_id, g.path, false FROM signal_subscription g
     WHERE g.region_id = %(region_id)s AND g.instance_id = i.id
     UNION ALL
    SELECT 'job', j.element_id, j.path, false FROM job j WHERE j.region_id = %(region_id)s AND j.instance_id = i.id
     UNION ALL
    SELECT 'incident', n.element_id, n.path, false FROM incident n
     WHERE n.region_id = %(region_id)s AND n.instance_id = i.id AND n.resolved_at IS NULL
  ) AS w ON w.path = p.prefix || w.element_id
 GROUP BY w.element_id

-- read_decision_statistics --
-- How often each rule of a decision matched at each element.
SELECT h.element_id, h.detail->>'decision' AS decision, r.rule::integer AS rule, count(*) AS count
  FROM jsonb_to_recordset(%(places)s) AS p(key text, version integer, pins jsonb, prefix text)
  JOIN instance i ON i.region_id = %(region_id)s AND i.definition_key = p.key AND i.definition_version = p.version
                 AND coalesce(i.pins->'process', '{}') = p.pins
  JOIN history h ON h.region_id = %(region_id)s AND h.instance_id = i.id AND h.path = p.prefix || h.element_id
 CROSS JOIN LATERAL jsonb_array_elements_text(
       CASE jsonb_typeof(h.detail->'rules') WHEN 'array' THEN h.detail->'rules' ELSE '[]' END) AS r(rule)
 WHERE h.event = 'decided'
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3

-- read_figures --
-- What `/metrics` shows, in one look. No figure names a person, an organisation or a case.
SELECT (SELECT jsonb_object_agg(s.status, s.n)
          FROM (SELECT i.status::text AS status, count(*) AS n FROM instance i
                 WHERE i.region_id = %(region_id)s AND i.status IN ('active', 'suspended') GROUP BY 1) AS s) AS instances,
       (SELECT count(*) FROM user_task t
         WHERE t.region_id = %(region_id)s AND t.state IN ('created', 'claimed')) AS user_tasks_open,
       (SELECT count(*) FROM user_task t
         WHERE t.region_id = %(region_id)s AND t.state IN ('created', 'claimed') AND t.due_at < %(now)s)
           AS user_tasks_overdue,
       (SELECT count(*) FROM timer m WHERE m.region_id = %(region_id)s) AS timers_waiting,
       (SELECT jsonb_object_agg(s.state, s.n)
          FROM (SELECT j.state::text AS state, count(*) AS n FROM job j
                 WHERE j.region_id = %(region_id)s GROUP BY 1) AS s) AS jobs,
       (SELECT jsonb_object_agg(s.kind, s.n)
          FROM (SELECT n.kind, count(*) AS n FROM incident n
                 WHERE n.region_id = %(region_id)s AND n.resolved_at IS NULL GROUP BY 1) AS s) AS incidents,
       (SELECT jsonb_object_agg(s.state, s.n)
          FROM (SELECT m.state::text AS state, count(*) AS n FROM message m
                 WHERE m.region_id = %(region_id)s AND m.state <> 'delivered' GROUP BY 1) AS s) AS messages

-- read_overdue_timers --
-- Timers that should have fired, by element: how many, how late the oldest is, and how many are later than each bound.
SELECT i.definition_key, m.element_id, count(*) AS count,
       sum(extract(epoch FROM %(now)s - m.due_at))::float8 AS seconds,
       max(extract(epoch FROM %(now)s - m.due_at))::float8 AS oldest_s,
       ARRAY(SELECT count(*) FILTER (WHERE d.age <= b.bound)
               FROM unnest(array_agg(extract(epoch FROM %(now)s - m.due_at))) AS d(age)
              CROSS JOIN unnest(%(bounds)s::float8[]) WITH ORDINALITY AS b(bound, n)
              GROUP BY b.n ORDER BY b.n) AS within
  FROM timer m
  JOIN instance i ON i.region_id = m.region_id AND i.id = m.instance_id AND i.status = 'active'
 WHERE m.region_id = %(region_id)s AND m.due_at <= %(now)s
 GROUP BY 1, 2
 ORDER BY 1, 2
