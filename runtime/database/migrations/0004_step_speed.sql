-- A step's writes, one row after the other: each statement is a look-up by key, whatever the planner knew of the tables
-- when it made its plan. Joins against the rows of a step were planned on empty tables and read whole tables later.

-- On a young database every index that begins with the region looks equally good to the planner. An index that serves
-- one question says so by its condition, so that a look-up by key cannot end in it.
DROP INDEX instance_case_idx, user_task_instance_idx, timer_due_idx, message_subscription_key_idx,
           signal_subscription_name_idx, job_instance_idx, incident_instance_idx, resource_date_idx, resource_date_of_idx,
           resource_string_idx;
CREATE INDEX instance_case_idx ON instance (region_id, business_key, started_at)        -- serves instances of one case
    WHERE business_key IS NOT NULL;
CREATE INDEX user_task_instance_idx ON user_task (region_id, instance_id, wait_id)      -- serves the tasks of one instance
    WHERE instance_id IS NOT NULL;
CREATE INDEX timer_due_idx ON timer (region_id, due_at) WHERE due_at IS NOT NULL;       -- serves claim_due_timers
CREATE INDEX message_subscription_key_idx ON message_subscription (region_id, name, key, opened_at)  -- serves correlation
    WHERE name IS NOT NULL;
CREATE INDEX signal_subscription_name_idx ON signal_subscription (region_id, name) WHERE name IS NOT NULL;  -- serves broadcast
CREATE INDEX job_instance_idx ON job (region_id, instance_id) WHERE instance_id IS NOT NULL;  -- serves settling an instance
CREATE INDEX incident_instance_idx ON incident (region_id, instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX resource_date_idx ON resource_date (region_id, type, param, low, id)       -- serves date parameters
    WHERE param IS NOT NULL;
CREATE INDEX resource_date_of_idx ON resource_date (region_id, type, id, param, low, high);  -- serves save_resources and _sort
CREATE INDEX resource_string_idx ON resource_string (region_id, type, param, value text_pattern_ops)  -- serves string parameters
    WHERE param IS NOT NULL;

DROP FUNCTION save_resources(
    text, timestamptz, text, boolean, text[], text[], text[], text[], text[], boolean[], text[], text[], text[], text[],
    integer[], text[], timestamptz[], timestamptz[], integer[], text[], text[]);
DELETE FROM resource_date WHERE type = 'Task' AND param = 'modified';    -- is resource.updated_at

-- Read anew for every statement, and checked before: ids by the parser of what comes in, versions by save_resources.
ALTER TABLE resource DROP CONSTRAINT resource_id_check, DROP CONSTRAINT resource_version_check;

-- Writes all resources of one step, in the order given: one order of locks for everybody is the caller's duty.
-- Unchanged content keeps its version; a change makes the next one, its text and its index rows. Each resource is
-- {"type", "id", "body", "meta", "hash", "deleted", "patient", "episode", "labels", "tokens", "dates", "strings"}:
-- labels and tokens as arrays are written in PostgreSQL, dates [[param, low, high]], strings [[param, value]], absent
-- for a type without any.
CREATE FUNCTION save_resources(
    p_region text, p_at timestamptz, p_source text, p_engine_owned boolean, p_resources jsonb
) RETURNS TABLE (resource_type text, resource_id text, resource_version_no integer, is_changed boolean)
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off AS $$
DECLARE
    g         jsonb;
    v_deleted boolean;
BEGIN
    FOR g IN SELECT value FROM jsonb_array_elements(p_resources) LOOP
        resource_type := g->>'type';
        resource_id := g->>'id';
        v_deleted := (g->'deleted')::boolean;
        INSERT INTO resource AS r (region_id, type, id, version, updated_at, deleted, engine_owned, source, owner,
                                   content_hash, patient_id, episode_id, labels, tokens)
        VALUES (p_region, resource_type, resource_id, 1, p_at, v_deleted, p_engine_owned, p_source, p_source,
                g->>'hash', g->>'patient', g->>'episode', (g->>'labels')::text[], (g->>'tokens')::bigint[])
        ON CONFLICT (region_id, type, id) DO UPDATE
           SET version = r.version + 1, updated_at = excluded.updated_at, deleted = excluded.deleted,
               source = excluded.source, content_hash = excluded.content_hash, patient_id = excluded.patient_id,
               episode_id = excluded.episode_id, labels = excluded.labels, tokens = excluded.tokens
         WHERE (r.content_hash <> excluded.content_hash OR r.deleted <> excluded.deleted)
           AND NOT (r.type = 'Patient' AND excluded.engine_owned AND NOT r.engine_owned)   -- a form does not rewrite a hospital's patient
        RETURNING r.version INTO resource_version_no;
        is_changed := FOUND;
        IF NOT is_changed THEN
            SELECT r.version INTO resource_version_no FROM resource r
             WHERE r.region_id = p_region AND r.type = resource_type AND r.id = resource_id;
            RETURN NEXT;
            CONTINUE;
        END IF;
        INSERT INTO resource_version (region_id, type, id, version, updated_at, deleted, source, body, meta)
        VALUES (p_region, resource_type, resource_id, resource_version_no, p_at, v_deleted, p_source,
                g->>'body', g->>'meta');
        IF resource_version_no > 1 THEN
            DELETE FROM resource_date o
             WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id
               AND NOT EXISTS (SELECT FROM jsonb_array_elements(g->'dates') AS d(value)
                                WHERE d.value->>0 = o.param AND (d.value->>1)::timestamptz = o.low
                                  AND (d.value->>2)::timestamptz = o.high);
        END IF;
        IF g->'dates' <> '[]' THEN
            INSERT INTO resource_date (region_id, type, id, param, low, high)
            SELECT p_region, resource_type, resource_id, d.value->>0, (d.value->>1)::timestamptz,
                   (d.value->>2)::timestamptz
              FROM jsonb_array_elements(g->'dates') AS d(value)
             WHERE resource_version_no = 1 OR NOT EXISTS (
                   SELECT FROM resource_date o
                    WHERE o.region_id = p_region AND o.type = resource_type AND o.id = resource_id
                      AND o.param = d.value->>0 AND o.low = (d.value->>1)::timestamptz
                      AND o.high = (d.value->>2)::timestamptz);
        END IF;
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

-- The rows of a step, also of an instance's first.
CREATE OR REPLACE FUNCTION save_rows(
    p_region text, p_instance uuid, p_revision integer, p_key text, p_version integer, p_case text,
    p_at timestamptz, p_by text, p_rows jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_done jsonb;
BEGIN
    INSERT INTO history (region_id, instance_id, revision, ordinal, at, path, element_id, event, by, detail)
    SELECT p_region, p_instance, p_revision, r.ordinal, p_at, r.path, r.element_id, r.event, p_by, r.detail
      FROM jsonb_to_recordset(p_rows->'history')
           AS r(ordinal smallint, path text, element_id text, event text, detail jsonb);

    IF p_rows ? 'tasks_done' THEN
        FOR v_done IN SELECT value FROM jsonb_array_elements(p_rows->'tasks_done') LOOP
            UPDATE user_task t
               SET state = (v_done->>'state')::user_task_state, revision = t.revision + 1, draft = NULL, completed_at = p_at,
                   completed_by = CASE WHEN v_done->>'state' = 'completed' THEN p_by END
             WHERE t.region_id = p_region AND t.id = (v_done->>'id')::uuid;
        END LOOP;
    END IF;
    IF p_rows ? 'timers_closed' THEN
        DELETE FROM timer WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id = ANY (ARRAY(SELECT jsonb_array_elements(p_rows->'timers_closed')::integer));
    END IF;
    IF p_rows ? 'subscriptions_closed' THEN
        DELETE FROM message_subscription WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id = ANY (ARRAY(SELECT jsonb_array_elements(p_rows->'subscriptions_closed')::integer));
    END IF;
    IF p_rows ? 'signals_closed' THEN
        DELETE FROM signal_subscription WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id = ANY (ARRAY(SELECT jsonb_array_elements(p_rows->'signals_closed')::integer));
    END IF;
    IF p_rows ? 'jobs_closed' THEN
        DELETE FROM job WHERE region_id = p_region
           AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(p_rows->'jobs_closed')::uuid));
    END IF;
    IF p_rows ? 'incidents_closed' THEN
        UPDATE incident SET resolved_at = p_at, resolved_by = p_by
         WHERE region_id = p_region AND resolved_at IS NULL
           AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(p_rows->'incidents_closed')::uuid));
    END IF;

    IF p_rows ? 'tasks' THEN
        INSERT INTO user_task (region_id, id, instance_id, wait_id, definition_key, definition_version, business_key,
               element_id, path, name, form, form_version, candidate_roles, candidate_users, organisation, assignee,
               priority, window_from, due_at, until_at, clock, state, created_at)
        SELECT p_region, r.id, p_instance, r.wait_id, p_key, p_version, p_case,
               r.element_id, r.path, r.name, r.form, r.form_version, r.candidate_roles, r.candidate_users,
               r.organisation, r.assignee, r.priority, r.window_from, r.due_at, r.until_at, r.clock, r.state, p_at
          FROM jsonb_to_recordset(p_rows->'tasks')
               AS r(id uuid, wait_id integer, element_id text, path text, name text, form text, form_version integer,
                    candidate_roles text[], candidate_users text[], organisation text, assignee text,
                    priority smallint, window_from timestamptz, due_at timestamptz, until_at timestamptz, clock text,
                    state user_task_state)
            ON CONFLICT (region_id, id) DO UPDATE     -- the interpreter changed what an open task says
           SET name = excluded.name, form = excluded.form, form_version = excluded.form_version,
               candidate_roles = excluded.candidate_roles, candidate_users = excluded.candidate_users,
               organisation = excluded.organisation, priority = excluded.priority, clock = excluded.clock,
               window_from = excluded.window_from, due_at = excluded.due_at, until_at = excluded.until_at,
               revision = user_task.revision + 1;
    END IF;
    IF p_rows ? 'timers' THEN
        INSERT INTO timer (region_id, instance_id, wait_id, element_id, path, due_at, misfire)
        SELECT p_region, p_instance, r.wait_id, r.element_id, r.path, r.due_at, r.misfire
          FROM jsonb_to_recordset(p_rows->'timers')
               AS r(wait_id integer, element_id text, path text, due_at timestamptz, misfire text)
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE       -- the next occurrence of a cycle
           SET due_at = excluded.due_at, misfire = excluded.misfire, attempts = 0, locked_until = NULL;
    END IF;
    IF p_rows ? 'subscriptions' THEN
        -- Whoever buffers a message holds the same lock: one of the two always sees the other.
        PERFORM pg_advisory_xact_lock(k)
           FROM (SELECT DISTINCT message_lock(p_region, r.name, r.key) AS k
                   FROM jsonb_to_recordset(p_rows->'subscriptions') AS r(name text, key text) ORDER BY 1) AS locks;
        INSERT INTO message_subscription (region_id, instance_id, wait_id, element_id, path, name, key, opened_at)
        SELECT p_region, p_instance, r.wait_id, r.element_id, r.path, r.name, r.key, p_at
          FROM jsonb_to_recordset(p_rows->'subscriptions')
               AS r(wait_id integer, element_id text, path text, name text, key text)
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE SET name = excluded.name, key = excluded.key;
    END IF;
    IF p_rows ? 'signals' THEN
        INSERT INTO signal_subscription (region_id, instance_id, wait_id, element_id, path, name)
        SELECT p_region, p_instance, r.wait_id, r.element_id, r.path, r.name
          FROM jsonb_to_recordset(p_rows->'signals') AS r(wait_id integer, element_id text, path text, name text)
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE SET name = excluded.name;
    END IF;
    IF p_rows ? 'jobs' THEN
        INSERT INTO job (region_id, id, instance_id, wait_id, element_id, path, type, headers, variables, retries_left,
               due_at)
        SELECT p_region, r.id, p_instance, r.wait_id, r.element_id, r.path, r.type, r.headers, r.variables, r.retries,
               p_at
          FROM jsonb_to_recordset(p_rows->'jobs')
               AS r(id uuid, wait_id integer, element_id text, path text, type text, headers jsonb, variables jsonb,
                    retries smallint)
            ON CONFLICT (region_id, id) DO UPDATE     -- tried again after an incident
           SET headers = excluded.headers, variables = excluded.variables, retries_left = excluded.retries_left,
               state = 'waiting', due_at = excluded.due_at, attempts = 0, locked_by = NULL, locked_until = NULL,
               lease = NULL, message = NULL;
    END IF;
    IF p_rows ? 'incidents' THEN
        INSERT INTO incident (region_id, id, instance_id, wait_id, element_id, path, kind, message_zh, message_en,
               detail, opened_at)
        SELECT p_region, r.id, p_instance, r.wait_id, r.element_id, r.path, r.kind, r.message_zh, r.message_en,
               r.detail, p_at
          FROM jsonb_to_recordset(p_rows->'incidents')
               AS r(id uuid, wait_id integer, element_id text, path text, kind text, message_zh text, message_en text,
                    detail jsonb)
            ON CONFLICT (region_id, id) DO UPDATE
           SET kind = excluded.kind, message_zh = excluded.message_zh, message_en = excluded.message_en,
               detail = excluded.detail, opened_at = excluded.opened_at, resolved_at = NULL, resolved_by = NULL;
    END IF;
    IF p_rows ? 'messages' THEN
        INSERT INTO message (region_id, id, kind, name, key, payload, source, state, published_at, expires_at)
        SELECT p_region, r.id, r.kind, r.name, r.key, r.payload, p_instance, 'published', p_at,
               p_at + interval '7 days'
          FROM jsonb_to_recordset(p_rows->'messages') AS r(id uuid, kind text, name text, key text, payload jsonb);
    END IF;
    IF p_rows ? 'events' THEN
        INSERT INTO outbox (region_id, instance_id, revision, at, events)
        VALUES (p_region, p_instance, p_revision, p_at, p_rows->'events');
    END IF;
END $$;

ALTER FUNCTION save_step(text, uuid, integer, instance_status, smallint, bytea, jsonb, timestamptz, text, jsonb)
    SET enable_seqscan = off;
ALTER FUNCTION start_instance(text, uuid, text, integer, text, instance_status, smallint, bytea, jsonb, jsonb,
                              timestamptz, text, jsonb)
    SET enable_seqscan = off;
