-- hold_exports_of_client --
-- One request of a client after the other: the limit is counted under this lock.
SELECT id FROM client WHERE region_id = %(region_id)s AND id = %(client_id)s FOR UPDATE

-- open_exports_of_client --
SELECT count(*) FROM export_job WHERE region_id = %(region_id)s AND client_id = %(client_id)s AND state = 'open'

-- add_export --
INSERT INTO export_job (region_id, id, client_id, organisation_id, scopes, request, base, types, of_patients, group_id,
                        since, until, filters, elements, patients, requested_at, expires_at)
VALUES (%(region_id)s, %(id)s, %(client_id)s, %(organisation_id)s, %(scopes)s, %(request)s, %(base)s, %(types)s,
        %(of_patients)s, %(group_id)s, %(since)s, %(until)s, %(filters)s, %(elements)s, %(patients)s, %(now)s,
        %(expires_at)s)

-- export --
SELECT id, client_id, organisation_id, scopes, request, base, types, of_patients, group_id, since, until, filters,
       elements, patients, state::text AS state, attempts, written, problem, requested_at, moment, expires_at
  FROM export_job WHERE region_id = %(region_id)s AND id = %(id)s

-- open_exports --
SELECT id FROM export_job WHERE region_id = %(region_id)s AND state = 'open' ORDER BY requested_at LIMIT 100

-- try_export --
-- One process at a time writes it; who dies lets go.
SELECT pg_try_advisory_lock(hashtextextended('export' || chr(31) || %(region_id)s || chr(31) || %(id)s::text, 0))

-- leave_export --
SELECT pg_advisory_unlock(hashtextextended('export' || chr(31) || %(region_id)s || chr(31) || %(id)s::text, 0))

-- begin_export --
-- From the beginning: what another attempt left is of another moment.
UPDATE export_job SET attempts = attempts + 1, written = 0
 WHERE region_id = %(region_id)s AND id = %(id)s AND state = 'open'
RETURNING attempts

-- forget_files --
DELETE FROM export_file WHERE region_id = %(region_id)s AND job_id = %(id)s

-- forget_parts --
DELETE FROM export_part WHERE region_id = %(region_id)s AND job_id = %(id)s

-- settled_until --
-- How long the oldest transaction has been open that may still write something of an earlier moment than now.
SELECT coalesce(max(clock_timestamp() - xact_start), interval '0')
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
   AND application_name <> %(exporting)s AND backend_type = 'client backend'

-- add_part --
-- No row: the job has been cancelled.
WITH counted AS (
    UPDATE export_job SET written = written + %(lines)s
     WHERE region_id = %(region_id)s AND id = %(id)s AND state = 'open' RETURNING id
)
INSERT INTO export_part (region_id, job_id, file, number, content)
SELECT %(region_id)s, counted.id, %(file)s, %(number)s, %(content)s FROM counted
RETURNING number

-- add_file --
INSERT INTO export_file (region_id, job_id, number, kind, type, lines, parts)
VALUES (%(region_id)s, %(id)s, %(number)s, %(kind)s, %(type)s, %(lines)s, %(parts)s)

-- finish_export --
UPDATE export_job SET state = 'done', moment = %(moment)s, expires_at = %(expires_at)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND state = 'open'

-- fail_export --
UPDATE export_job SET state = 'failed', problem = %(problem)s, expires_at = %(expires_at)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND state = 'open'

-- delete_export --
DELETE FROM export_job WHERE region_id = %(region_id)s AND id = %(id)s

-- forget_exports --
DELETE FROM export_job WHERE region_id = %(region_id)s AND expires_at <= %(now)s AND state <> 'open'

-- files --
SELECT number, kind, type, lines, parts FROM export_file
 WHERE region_id = %(region_id)s AND job_id = %(id)s ORDER BY number

-- part --
SELECT content FROM export_part
 WHERE region_id = %(region_id)s AND job_id = %(id)s AND file = %(file)s AND number = %(number)s

-- copy_resources --
-- Each line is the patient's id, the delimiter, and the resource as it is answered: bodies are JSON on one line, in which
-- neither the delimiter nor the quote occurs, so that nothing is ever quoted.
COPY (
    SELECT coalesce(r.patient_id, ''),
           concat('{"resourceType":"', r.type, '","id":"', r.id, '","meta":{"versionId":"', r.version, '","lastUpdated":"',
                  to_char(r.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '"',
                  CASE WHEN v.meta = '{}' THEN '}' ELSE ',' || substr(v.meta, 2) END,
                  CASE WHEN v.body = '{}' THEN '}' ELSE ',' || substr(v.body, 2) END)
      FROM resource r
      JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
     WHERE r.region_id = %(region_id)s AND r.type = %(type)s AND NOT r.deleted
       AND (%(since)s::timestamptz IS NULL OR r.updated_at > %(since)s::timestamptz)
       AND (%(until)s::timestamptz IS NULL OR r.updated_at < %(until)s::timestamptz)
       AND (%(patients)s::text[] IS NULL OR r.patient_id = ANY (%(patients)s::text[]))
       AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
       AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR r.patient_id IN (
            SELECT a.patient_id FROM patient_area a
             WHERE a.region_id = %(region_id)s AND a.organisation_id = ANY (%(organisations)s::text[])))
       AND (NOT %(of_patients)s OR r.patient_id NOT LIKE 'matter/%%')
       AND (%(group_kind)s::text IS NULL OR r.patient_id IN (
            SELECT a.patient_id FROM patient_area a
             WHERE %(group_kind)s = 'organisation' AND a.region_id = %(region_id)s AND a.organisation_id = %(group_of)s::text
            UNION ALL
            SELECT f.patient_id FROM resource f
             WHERE %(group_kind)s = 'flag' AND f.region_id = %(region_id)s AND f.type = 'Flag' AND NOT f.deleted
               AND f.tokens @> %(group_tokens)s::bigint[] AND f.labels <@ %(cleared)s::text[]
            UNION ALL
            SELECT e.patient_id FROM resource e
             WHERE %(group_kind)s = 'case-file' AND e.region_id = %(region_id)s AND e.type = 'EpisodeOfCare'
               AND NOT e.deleted AND e.tokens && %(open_tokens)s::bigint[]
               AND EXISTS (SELECT FROM resource q
                            WHERE q.region_id = e.region_id AND q.type = 'QuestionnaireResponse' AND NOT q.deleted
                              AND q.episode_id = e.id AND q.tokens @> %(group_tokens)s::bigint[])))
) TO STDOUT (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', NULL E'\x03', ENCODING 'UTF8')

-- copy_deleted --
-- As a transaction that deletes it, one a line.
COPY (
    SELECT coalesce(r.patient_id, ''),
           concat('{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"',
                  r.type, '/', r.id, '"}}]}')
      FROM resource r
     WHERE r.region_id = %(region_id)s AND r.type = ANY (%(types)s::text[]) AND r.deleted
       AND r.updated_at > %(since)s::timestamptz
       AND (%(until)s::timestamptz IS NULL OR r.updated_at < %(until)s::timestamptz)
       AND (%(patients)s::text[] IS NULL OR r.patient_id = ANY (%(patients)s::text[]))
       AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
       AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR r.patient_id IN (
            SELECT a.patient_id FROM patient_area a
             WHERE a.region_id = %(region_id)s AND a.organisation_id = ANY (%(organisations)s::text[])))
       AND (NOT %(of_patients)s OR r.patient_id NOT LIKE 'matter/%%')
) TO STDOUT (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', NULL E'\x03', ENCODING 'UTF8')
