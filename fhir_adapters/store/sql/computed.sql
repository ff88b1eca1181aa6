-- body_holds --
 AND EXISTS (SELECT FROM resource_version x, unnest(%s::text[], %s::text[]) AS asked (path, variables)
              WHERE x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
                AND jsonb_path_exists(x.body::jsonb, asked.path::jsonpath, asked.variables::jsonb, true))

-- meta_holds --
 AND EXISTS (SELECT FROM resource_version x, unnest(%s::text[], %s::text[]) AS asked (path, variables)
              WHERE x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
                AND jsonb_path_exists(x.meta::jsonb, asked.path::jsonpath, asked.variables::jsonb, true))

-- sorted_by_2 --
-- The beginning of a search in the order of two keys; {k} stands for the number of a key.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id,
       jsonb_build_array(k1.key::text, k2.key::text)::text AS key
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version

-- sorted_by_3 --
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id,
       jsonb_build_array(k1.key::text, k2.key::text, k3.key::text)::text AS key
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version

-- sort_updated --
 CROSS JOIN LATERAL (SELECT r.updated_at AS key) {k}

-- sort_id --
 CROSS JOIN LATERAL (SELECT r.id AS key) {k}

-- sort_date --
 CROSS JOIN LATERAL (SELECT coalesce(min(d.low), 'infinity') AS key FROM resource_date d
                      WHERE d.region_id = r.region_id AND d.type = r.type AND d.id = r.id AND d.param = %s) {k}

-- sort_string --
 CROSS JOIN LATERAL (SELECT coalesce(min(s.value), '') AS key FROM resource_string s
                      WHERE s.region_id = r.region_id AND s.type = r.type AND s.id = r.id AND s.param = %s) {k}

-- sort_token --
 CROSS JOIN LATERAL (SELECT coalesce(t.found #>> '{coding,0,code}', t.found ->> 'code', t.found ->> 'value', t.found #>> '{}', '') AS key
                       FROM (SELECT jsonb_path_query_first(v.body::jsonb, %s::jsonpath) AS found) t) {k}

-- beyond_time --
({k}.key > %s::timestamptz)

-- beyond_text --
({k}.key > %s)

-- short_of_time --
({k}.key < %s::timestamptz)

-- short_of_text --
({k}.key < %s)

-- level_time --
({k}.key = %s::timestamptz)

-- level_text --
({k}.key = %s)

-- beyond_id --
(r.id > %s)
