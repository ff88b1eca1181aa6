-- put_import_batch --
INSERT INTO import_batch (region_id, id, source, sha256, row_count, imported_at, imported_by)
VALUES (%(region_id)s, %(id)s, %(source)s, %(sha256)s, %(row_count)s, %(now)s, %(by)s)
ON CONFLICT DO NOTHING;

-- put_import_row --
INSERT INTO import_row (region_id, batch_id, number, happened_on, body, state, pregnancy_id, settled_as, settled_at, settled_by)
VALUES (%(region_id)s, %(batch_id)s, %(number)s, %(happened_on)s, %(body)s, %(state)s, %(pregnancy_id)s,
        %(settled_as)s, %(settled_at)s, %(settled_by)s);

-- settle_import_row --
UPDATE import_row SET state = 'settled', settled_as = %(said)s, settled_at = %(now)s, settled_by = %(by)s
 WHERE region_id = %(region_id)s AND batch_id = %(batch_id)s AND number = %(number)s AND state = 'unknown';

-- import_rows --
-- Whom no case is about, oldest first.
SELECT r.batch_id, r.number, b.source, r.happened_on, r.body
  FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id
 WHERE r.region_id = %(region_id)s AND r.state = 'unknown' ORDER BY r.happened_on, r.batch_id, r.number LIMIT 300;

-- reconciled_births --
-- Registered births of a span of days, and those on record.
SELECT (SELECT count(*) FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id
         WHERE r.region_id = %(region_id)s AND b.source = 'births' AND r.happened_on BETWEEN %(first)s AND %(last)s)::integer
         AS registered,
       (SELECT count(*) FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id
         WHERE r.region_id = %(region_id)s AND b.source = 'births' AND r.state = 'matched'
           AND r.happened_on BETWEEN %(first)s AND %(last)s)::integer AS matched,
       (SELECT count(*) FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id
         WHERE r.region_id = %(region_id)s AND b.source = 'births' AND r.state = 'unknown'
           AND r.happened_on BETWEEN %(first)s AND %(last)s)::integer AS unknown,
       (SELECT coalesce(sum(i_births.born), 0) FROM (
          SELECT (SELECT count(*) FROM jsonb_array_elements(i.variables -> 'fetuses') f
                   WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')) AS born
            FROM instance i
           WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
             AND jsonb_typeof(i.variables -> 'fetuses') = 'array'
             AND civil_date(i.variables ->> 'delivered_on') BETWEEN %(first)s AND %(last)s) i_births)::integer AS on_record;

-- unregistered_births --
-- Cases with a live birth in those days that no registered birth names.
SELECT i.variables ->> 'pregnancy_id' AS pregnancy_id, civil_date(i.variables ->> 'delivered_on') AS happened_on,
       i.variables ->> 'hospital_organisation' AS organisation
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
   AND jsonb_typeof(i.variables -> 'fetuses') = 'array'
   AND civil_date(i.variables ->> 'delivered_on') BETWEEN %(first)s AND %(last)s
   AND EXISTS (SELECT FROM jsonb_array_elements(i.variables -> 'fetuses') f WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death'))
   AND NOT EXISTS (SELECT FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id
                    WHERE r.region_id = i.region_id AND b.source = 'births'
                      AND r.pregnancy_id = i.variables ->> 'pregnancy_id')
 ORDER BY happened_on, pregnancy_id LIMIT 300;

-- link_import_rows --
UPDATE import_row SET state = 'matched', pregnancy_id = %(pregnancy_id)s
 WHERE region_id = %(region_id)s AND state = 'unknown' AND body ->> 'id_no' = %(document)s;

-- import_rows_of_case --
SELECT b.source, r.happened_on, r.body FROM import_row r
  JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id
 WHERE r.region_id = %(region_id)s AND r.pregnancy_id = %(pregnancy_id)s ORDER BY r.happened_on, b.source;
