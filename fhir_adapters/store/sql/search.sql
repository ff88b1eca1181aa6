-- search_head --
-- The beginning of every search: live resources of one type that the viewer may know of.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id, k.key::text AS key
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version

-- count_head --
SELECT count(*) FROM resource r

-- key_updated --
 CROSS JOIN LATERAL (SELECT r.updated_at AS key) k

-- key_id --
 CROSS JOIN LATERAL (SELECT r.id AS key) k

-- key_date --
 CROSS JOIN LATERAL (SELECT coalesce(min(d.low), 'infinity') AS key FROM resource_date d
                      WHERE d.region_id = r.region_id AND d.type = r.type AND d.id = r.id AND d.param = %s) k

-- key_string --
 CROSS JOIN LATERAL (SELECT coalesce(min(s.value), '') AS key FROM resource_string s
                      WHERE s.region_id = r.region_id AND s.type = r.type AND s.id = r.id AND s.param = %s) k

-- visible --
 WHERE r.region_id = %s AND r.type = %s AND NOT r.deleted
   AND (r.labels = '{}' OR %s OR r.owner = %s)
   AND (r.patient_id IS NULL OR r.owner = %s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%s::text[])))

-- has_token --
 AND r.tokens && %s::bigint[]

-- lacks_token --
 AND NOT r.tokens && %s::bigint[]

-- is_one_of --
 AND r.id = ANY (%s::text[])

-- updated_eq --
(r.updated_at BETWEEN %s AND %s)

-- updated_ne --
(r.updated_at NOT BETWEEN %s AND %s)

-- updated_gt --
(r.updated_at > %s)

-- updated_lt --
(r.updated_at < %s)

-- updated_ge --
(r.updated_at >= %s)

-- updated_le --
(r.updated_at <= %s)

-- date_eq --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.low >= %s AND d.high <= %s)

-- date_ne --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND NOT (d.low >= %s AND d.high <= %s))

-- date_gt --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.high > %s)

-- date_lt --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.low < %s)

-- date_ge --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.high >= %s)

-- date_le --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.low <= %s)

-- date_sa --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.low > %s)

-- date_eb --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.high < %s)

-- date_ap --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s AND d.high >= %s AND d.low <= %s)

-- date_present --
r.id IN (SELECT d.id FROM resource_date d WHERE d.region_id = %s AND d.type = %s AND d.param = %s)

-- string_like --
r.id IN (SELECT s.id FROM resource_string s WHERE s.region_id = %s AND s.type = %s AND s.param = %s AND s.value LIKE %s)

-- string_exact --
r.id IN (SELECT s.id FROM resource_string s WHERE s.region_id = %s AND s.type = %s AND s.param = %s AND s.value = %s)

-- after_time --
 AND (k.key, r.id) > (%s::timestamptz, %s)

-- before_time --
 AND (k.key, r.id) < (%s::timestamptz, %s)

-- after_text --
 AND (k.key, r.id) > (%s, %s)

-- before_text --
 AND (k.key, r.id) < (%s, %s)

-- ascending --
 ORDER BY k.key, r.id LIMIT %s

-- descending --
 ORDER BY k.key DESC, r.id DESC LIMIT %s
