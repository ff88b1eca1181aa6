-- A label stays: what one version said is in the history of the resource, whatever the next one says. Whoever may not
-- know of it read the earlier version of a diagnosis that had been corrected.
CREATE FUNCTION all_labels(p_had text[], p_has text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT ARRAY(SELECT DISTINCT label FROM unnest(p_had || p_has) AS label ORDER BY label)
$$;

-- As it was, but for the labels.
CREATE OR REPLACE FUNCTION save_resources(
    p_region text, p_at timestamptz, p_source text, p_engine_owned boolean, p_resources jsonb
) RETURNS TABLE (resource_type text, resource_id text, resource_version_no integer, is_changed boolean)
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off AS $$
DECLARE
    v_watched text[] := ARRAY(SELECT unnest(s.types) FROM subscription s WHERE s.region_id = p_region AND s.status <> 'off');
    v_deleted boolean;
    v_dates   jsonb;
    v_date    jsonb;
    v_old     record;
    v_at      integer;
    g         jsonb;
BEGIN
    FOR n IN 0 .. jsonb_array_length(p_resources) - 1 LOOP
        g := p_resources->n;
        resource_type := g->>'type';
        resource_id := g->>'id';
        v_deleted := (g->'deleted')::boolean;
        is_changed := false;
        IF NOT g ? 'new' THEN
            UPDATE resource AS r
               SET version = r.version + 1, updated_at = p_at, deleted = v_deleted, source = p_source,
                   content_hash = g->>'hash', patient_id = g->>'patient', episode_id = g->>'episode',
                   labels = CASE WHEN r.labels = '{}' THEN (g->>'labels')::text[] ELSE all_labels(r.labels, (g->>'labels')::text[]) END,
                   tokens = (g->>'tokens')::bigint[]
             WHERE r.region_id = p_region AND r.type = resource_type AND r.id = resource_id
               AND (r.content_hash <> g->>'hash' OR r.deleted <> v_deleted)
               AND NOT (r.type = 'Patient' AND p_engine_owned AND NOT r.engine_owned)   -- a form does not rewrite a hospital's patient
            RETURNING r.version INTO resource_version_no;
            is_changed := FOUND;
        END IF;
        IF NOT is_changed THEN                                  -- it is not there, or it is what it was
            INSERT INTO resource AS r (region_id, type, id, version, updated_at, deleted, engine_owned, source, owner,
                                       content_hash, patient_id, episode_id, labels, tokens)
            VALUES (p_region, resource_type, resource_id, 1, p_at, v_deleted, p_engine_owned, p_source, p_source,
                    g->>'hash', g->>'patient', g->>'episode', (g->>'labels')::text[], (g->>'tokens')::bigint[])
            ON CONFLICT (region_id, type, id) DO UPDATE         -- somebody else was first
               SET version = r.version + 1, updated_at = excluded.updated_at, deleted = excluded.deleted,
                   source = excluded.source, content_hash = excluded.content_hash, patient_id = excluded.patient_id,
                   episode_id = excluded.episode_id, labels = all_labels(r.labels, excluded.labels), tokens = excluded.tokens
             WHERE (r.content_hash <> excluded.content_hash OR r.deleted <> excluded.deleted)
               AND NOT (r.type = 'Patient' AND excluded.engine_owned AND NOT r.engine_owned)
            RETURNING r.version INTO resource_version_no;
            is_changed := FOUND;
        END IF;
        IF NOT is_changed THEN
            SELECT r.version INTO resource_version_no FROM resource r
             WHERE r.region_id = p_region AND r.type = resource_type AND r.id = resource_id;
            RETURN NEXT;
            CONTINUE;
        END IF;
        INSERT INTO resource_version (region_id, type, id, version, updated_at, deleted, source, body, meta)
        VALUES (p_region, resource_type, resource_id, resource_version_no, p_at, v_deleted, p_source,
                g->>'body', g->>'meta');
        IF resource_type = ANY (v_watched) THEN                 -- under the lock of the resource: its versions stay in order
            INSERT INTO resource_change (region_id, type, id, version, at)
            VALUES (p_region, resource_type, resource_id, resource_version_no, p_at);
        END IF;
        v_dates := g->'dates';
        IF resource_version_no > 1 THEN                         -- what stands already is left alone, what is over goes
            FOR v_old IN SELECT o.param, o.low, o.high FROM resource_date o
                          WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id LOOP
                v_at := NULL;
                FOR d IN 0 .. jsonb_array_length(v_dates) - 1 LOOP
                    v_date := v_dates->d;
                    IF v_date->>0 = v_old.param AND (v_date->>1)::timestamptz = v_old.low
                       AND (v_date->>2)::timestamptz = v_old.high THEN
                        v_at := d;
                        EXIT;
                    END IF;
                END LOOP;
                IF v_at IS NOT NULL THEN
                    v_dates := v_dates - v_at;
                ELSE
                    DELETE FROM resource_date o
                     WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id
                       AND o.param = v_old.param AND o.low = v_old.low AND o.high = v_old.high;
                END IF;
            END LOOP;
        END IF;
        FOR d IN 0 .. jsonb_array_length(v_dates) - 1 LOOP
            v_date := v_dates->d;
            INSERT INTO resource_date (region_id, type, id, param, low, high)
            VALUES (p_region, resource_type, resource_id, v_date->>0, (v_date->>1)::timestamptz, (v_date->>2)::timestamptz);
        END LOOP;
        IF g ? 'strings' THEN                                   -- of types that have any
            IF resource_version_no > 1 THEN
                DELETE FROM resource_string o
                 WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id;
            END IF;
            INSERT INTO resource_string (region_id, type, id, param, value)
            SELECT p_region, resource_type, resource_id, v.value->>0, v.value->>1
              FROM jsonb_array_elements(g->'strings') AS v(value);
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

UPDATE resource r SET labels = all_labels(r.labels, earlier.labels)
  FROM (SELECT v.region_id, v.type, v.id, array_agg(DISTINCT said.code) AS labels
          FROM resource_version v
         CROSS JOIN LATERAL (
               SELECT label->>'code' AS code FROM jsonb_array_elements(v.meta::jsonb->'security') AS label
                WHERE label->>'system' = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
                  AND label->>'code' IN ('R', 'V')) AS said
         WHERE v.meta LIKE '%v3-Confidentiality%'
         GROUP BY v.region_id, v.type, v.id) AS earlier
 WHERE earlier.region_id = r.region_id AND earlier.type = r.type AND earlier.id = r.id AND NOT r.labels @> earlier.labels;
