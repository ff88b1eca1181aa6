-- system_history --
-- Versions of several types, newest first. Each type is read in its own order and no further than the page.
SELECT h.type, h.id, h.version, h.updated_at, h.deleted, h.source, h.body, h.meta, h.patient_id
  FROM unnest(%(types)s::text[]) AS t (type)
 CROSS JOIN LATERAL (
       SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id
         FROM resource_version v
         JOIN resource r ON r.region_id = v.region_id AND r.type = v.type AND r.id = v.id
        WHERE v.region_id = %(region_id)s AND v.type = t.type
          AND (%(since)s::timestamptz IS NULL OR v.updated_at >= %(since)s)
          AND (%(at_low)s::timestamptz IS NULL OR (v.updated_at <= %(at_high)s AND NOT EXISTS (
               SELECT FROM resource_version w WHERE w.region_id = v.region_id AND w.type = v.type AND w.id = v.id
                  AND w.version = v.version + 1 AND w.updated_at <= %(at_low)s)))
          AND (%(about)s::text IS NULL OR r.patient_id IS NULL OR r.patient_id = %(about)s)
          AND (%(before)s::timestamptz IS NULL
               OR (v.updated_at, v.type, v.id, v.version) < (%(before)s, %(before_type)s, %(before_id)s, %(before_version)s))
          AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
          AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR EXISTS (
               SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
                  AND a.organisation_id = ANY (%(organisations)s::text[])))
        ORDER BY v.updated_at DESC, v.id DESC, v.version DESC
        LIMIT %(limit)s) h
 ORDER BY h.updated_at DESC, h.type DESC, h.id DESC, h.version DESC
 LIMIT %(limit)s
