-- search_head --
-- The beginning of a page: heads of one type are found and put in order; of them those that the viewer may know of (asked
-- of one after the other, until the page is full). Nothing of a resource is told by this, its text is read apart.
SELECT r.id, r.version, r.patient_id, r.key::text
  FROM (SELECT r.region_id, r.id, r.version, r.patient_id, r.labels, r.owner, k.key
          FROM resource r

-- of_type --
 WHERE r.region_id = %s AND r.type = %s AND NOT r.deleted

-- ascending --
 ORDER BY k.key, r.id OFFSET 0) r
 WHERE true

-- descending --
 ORDER BY k.key DESC, r.id DESC OFFSET 0) r
 WHERE true

-- page_full --
 LIMIT %s

-- texts --
-- These versions, as far as row-level security shows them.
SELECT v.id, v.version, v.updated_at, v.source, v.body, v.meta
  FROM unnest(%(ids)s::text[], %(versions)s::integer[]) AS w (id, version)
  JOIN resource_version v ON v.region_id = %(region_id)s AND v.type = %(type)s AND v.id = w.id AND v.version = w.version

-- heads_named --
-- Of these resources the live ones that the viewer may know of, oldest first.
SELECT r.id, r.version, r.patient_id, r.updated_at::text
  FROM resource r
 WHERE r.region_id = %(region_id)s AND r.type = %(type)s AND r.id = ANY (%(ids)s::text[]) AND r.deleted IS NOT TRUE
   AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
   AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))
 ORDER BY r.updated_at, r.id LIMIT %(limit)s

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
   AND (r.labels <@ %s::text[] OR r.owner = %s)
   AND (r.patient_id IS NULL OR r.owner = %s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%s::text[])))

-- has_token --
 AND r.tokens && %s::bigint[]

-- lacks_token --
 AND NOT r.tokens && %s::bigint[]

-- is_one_of --
 AND r.id = ANY (%s::text[])

-- one_of --
 AND (false

-- another --
 OR (true

-- ends --
)

-- of_patient --
 AND r.patient_id = %s

-- labelled --
 AND %s = ANY (r.labels)

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

-- string_begins --
r.id IN (SELECT s.id FROM resource_string s WHERE s.region_id = %s AND s.type = %s AND s.param = %s AND s.value ~>=~ %s AND s.value ~<~ %s)

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
