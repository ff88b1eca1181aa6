-- The rows of a step once more: what is one element long in nearly every step is taken from its array by number, not by
-- a query over the array.

-- A CHECK is read anew from its text by every statement: one short one for each table. That a revision is positive
-- follows from save_step, which adds one to the revision that it found.
ALTER TABLE instance
    DROP CONSTRAINT instance_revision_check, DROP CONSTRAINT instance_has_ended_iff_final,
    ADD CONSTRAINT instance_has_ended_iff_final CHECK ((status >= 'completed') = (ended_at IS NOT NULL));
ALTER TABLE user_task
    DROP CONSTRAINT user_task_is_held_iff_claimed, DROP CONSTRAINT user_task_has_end_iff_final,
    ADD CONSTRAINT user_task_is_held_and_ended_as_its_state_says      -- created < claimed < completed < cancelled
        CHECK ((state >= 'completed') = (completed_at IS NOT NULL) AND (state <> 'claimed' OR assignee IS NOT NULL));

CREATE OR REPLACE FUNCTION save_rows(
    p_region text, p_instance uuid, p_revision integer, p_key text, p_version integer, p_case text,
    p_at timestamptz, p_by text, p_rows jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_all jsonb;
    v_row jsonb;
BEGIN
    INSERT INTO history (region_id, instance_id, revision, ordinal, at, path, element_id, event, by, detail)
    SELECT p_region, p_instance, p_revision, (h.value->>'ordinal')::smallint, p_at, h.value->>'path',
           h.value->>'element_id', h.value->>'event', p_by, nullif(h.value->'detail', 'null')
      FROM jsonb_array_elements(p_rows->'history') AS h(value);

    IF p_rows ? 'tasks_done' THEN
        v_all := p_rows->'tasks_done';
        FOR n IN 0 .. jsonb_array_length(v_all) - 1 LOOP
            v_row := v_all->n;
            UPDATE user_task t
               SET state = (v_row->>'state')::user_task_state, revision = t.revision + 1, draft = NULL, completed_at = p_at,
                   completed_by = CASE WHEN v_row->>'state' = 'completed' THEN p_by END
             WHERE t.region_id = p_region AND t.id = (v_row->>'id')::uuid;
        END LOOP;
    END IF;
    IF p_rows ? 'timers_closed' THEN
        v_all := p_rows->'timers_closed';
        FOR n IN 0 .. jsonb_array_length(v_all) - 1 LOOP
            DELETE FROM timer
             WHERE region_id = p_region AND instance_id = p_instance AND wait_id = (v_all->n)::integer;
        END LOOP;
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
        v_all := p_rows->'timers';
        FOR n IN 0 .. jsonb_array_length(v_all) - 1 LOOP
            v_row := v_all->n;
            INSERT INTO timer (region_id, instance_id, wait_id, element_id, path, due_at, misfire)
            VALUES (p_region, p_instance, (v_row->'wait_id')::integer, v_row->>'element_id', v_row->>'path',
                    (v_row->>'due_at')::timestamptz, v_row->>'misfire')
            ON CONFLICT (region_id, instance_id, wait_id) DO UPDATE       -- the next occurrence of a cycle
               SET due_at = excluded.due_at, misfire = excluded.misfire, attempts = 0, locked_until = NULL;
        END LOOP;
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
