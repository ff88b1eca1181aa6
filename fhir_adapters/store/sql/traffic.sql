-- add_counts --
-- In one order for everybody: no deadlocks.
INSERT INTO client_count AS c (region_id, client, on_day, kind, type, interaction, detail, place, count, last_at)
SELECT %(region_id)s, w.client, w.on_day, w.kind, w.type, w.interaction, w.detail, w.place, w.count, w.last_at
  FROM unnest(%(client)s::text[], %(on_day)s::date[], %(kind)s::text[], %(type)s::text[], %(interaction)s::text[],
              %(detail)s::text[], %(place)s::text[], %(count)s::bigint[], %(last_at)s::timestamptz[])
       AS w (client, on_day, kind, type, interaction, detail, place, count, last_at)
 ORDER BY w.client, w.on_day, w.kind, w.type, w.interaction, w.detail, w.place
ON CONFLICT (region_id, client, on_day, kind, type, interaction, detail, place) DO UPDATE
   SET count = c.count + excluded.count, last_at = greatest(c.last_at, excluded.last_at)

-- counts_of --
SELECT on_day, kind, type, interaction, detail, place, count, last_at FROM client_count
 WHERE region_id = %(region_id)s AND client = %(client)s AND on_day >= %(since)s
 ORDER BY on_day DESC, count DESC, type, interaction, detail, place LIMIT %(limit)s

-- last_seen --
SELECT client, max(last_at) FROM client_count
 WHERE region_id = %(region_id)s AND on_day >= %(since)s AND kind = 'traffic' GROUP BY client

-- forget_counts --
DELETE FROM client_count WHERE region_id = %(region_id)s AND on_day < %(before)s
