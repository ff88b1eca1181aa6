-- The engine's tables. `region_id` leads every key of case data, so that a region can be partitioned or moved.
-- The instance's state is the truth; user tasks, timers, subscriptions, jobs and incidents are derived from it.

CREATE TYPE instance_status AS ENUM (
    'active',      -- moves when its waits are served
    'suspended',   -- keeps its waits, serves none of them
    'completed',   -- final
    'terminated'   -- final, ended by a person
);
CREATE TYPE user_task_state AS ENUM (
    'created',     -- open, nobody has taken it
    'claimed',     -- open, held by assignee
    'completed',   -- final
    'cancelled'    -- final: the process went another way
);
CREATE TYPE job_state AS ENUM (
    'waiting',     -- due at due_at
    'running',     -- held by locked_by until locked_until
    'failed'       -- retries spent: an incident says why
);
CREATE TYPE message_state AS ENUM (
    'published',   -- given out by a step, not yet correlated
    'buffered',    -- nobody listened; kept until expires_at
    'delivered',   -- final; kept until expires_at so that a repetition is recognised
    'expired'      -- final
);

-- Definitions belong to the installation, not to a region.
CREATE TABLE deployment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    deployed_at timestamptz NOT NULL,
    deployed_by text NOT NULL
);

CREATE TABLE definition (
    kind          text NOT NULL CHECK (kind IN ('process', 'decision', 'form')),
    key           text NOT NULL,
    version       integer NOT NULL CHECK (version > 0),
    name          text,
    version_tag   text,
    resource      text NOT NULL,               -- the file it came in
    sha256        text NOT NULL,               -- of that file
    source        bytea NOT NULL,              -- the file as it was uploaded
    warnings      jsonb NOT NULL DEFAULT '[]',
    deployment_id bigint NOT NULL REFERENCES deployment (id),
    PRIMARY KEY (kind, key, version)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is immutable', TG_TABLE_NAME;
END $$;
CREATE TRIGGER definition_is_immutable BEFORE UPDATE OR DELETE ON definition
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Which message starts which process: the start events of the newest version only.
CREATE TABLE message_start (
    name           text NOT NULL,
    definition_key text NOT NULL,
    element_id     text NOT NULL,
    PRIMARY KEY (name, definition_key, element_id)
);

CREATE TABLE instance (
    region_id          text NOT NULL,
    id                 uuid NOT NULL,
    definition_key     text NOT NULL,
    definition_version integer NOT NULL,
    business_key       text,
    status             instance_status NOT NULL,
    revision           integer NOT NULL CHECK (revision > 0),
    codec              smallint NOT NULL,
    state              bytea NOT NULL,
    variables          jsonb NOT NULL,
    pins               jsonb NOT NULL,         -- {"process": {key: version}, "decision": {key: version}}
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz,
    PRIMARY KEY (region_id, id),
    CONSTRAINT instance_has_ended_iff_final CHECK ((status IN ('completed', 'terminated')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE instance ALTER COLUMN state SET STORAGE EXTERNAL;    -- it is compressed already
-- One open instance per business key and definition; serves instance_by_business_key.
CREATE UNIQUE INDEX instance_business_key_idx ON instance (region_id, definition_key, business_key)
    WHERE business_key IS NOT NULL AND status IN ('active', 'suspended');
CREATE INDEX instance_case_idx ON instance (region_id, business_key, started_at);       -- serves instances of one case

CREATE TABLE user_task (
    region_id          text NOT NULL,
    id                 uuid NOT NULL,
    instance_id        uuid NOT NULL,
    wait_id            integer NOT NULL,
    definition_key     text NOT NULL,
    definition_version integer NOT NULL,
    business_key       text,
    element_id         text NOT NULL,
    path               text NOT NULL,
    name               text,
    form               text,
    form_version       integer,
    candidate_roles    text[] NOT NULL DEFAULT '{}',
    candidate_users    text[] NOT NULL DEFAULT '{}',
    organisation       text,
    assignee           text,
    priority           smallint NOT NULL DEFAULT 50,
    window_from        timestamptz,
    due_at             timestamptz,
    until_at           timestamptz,
    clock              text,
    state              user_task_state NOT NULL,
    revision           integer NOT NULL DEFAULT 1,
    draft              jsonb,
    created_at         timestamptz NOT NULL,
    completed_at       timestamptz,
    completed_by       text,
    PRIMARY KEY (region_id, id),
    CONSTRAINT user_task_is_held_iff_claimed CHECK (state <> 'claimed' OR assignee IS NOT NULL),
    CONSTRAINT user_task_has_end_iff_final
        CHECK ((state IN ('completed', 'cancelled')) = (completed_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX user_task_instance_idx ON user_task (region_id, instance_id, wait_id);     -- serves the tasks of one instance
CREATE INDEX user_task_open_idx ON user_task (region_id, organisation, due_at, id)      -- serves the work list
    WHERE state IN ('created', 'claimed');

CREATE TABLE timer (
    region_id    text NOT NULL,
    instance_id  uuid NOT NULL,
    wait_id      integer NOT NULL,
    element_id   text NOT NULL,
    path         text NOT NULL,
    due_at       timestamptz NOT NULL,
    misfire      text NOT NULL DEFAULT 'fire_once',
    attempts     smallint NOT NULL DEFAULT 0,  -- committed before the timer is fired, so that a crash counts
    locked_until timestamptz,                  -- wall clock: who claimed it has until then
    PRIMARY KEY (region_id, instance_id, wait_id)
);
CREATE INDEX timer_due_idx ON timer (region_id, due_at);                                -- serves claim_due_timers

CREATE TABLE message_subscription (
    region_id   text NOT NULL,
    instance_id uuid NOT NULL,
    wait_id     integer NOT NULL,
    element_id  text NOT NULL,
    path        text NOT NULL,
    name        text NOT NULL,
    key         text NOT NULL,
    opened_at   timestamptz NOT NULL,
    PRIMARY KEY (region_id, instance_id, wait_id)
);
CREATE INDEX message_subscription_key_idx ON message_subscription (region_id, name, key, opened_at);  -- serves correlation

CREATE TABLE signal_subscription (
    region_id   text NOT NULL,
    instance_id uuid NOT NULL,
    wait_id     integer NOT NULL,
    element_id  text NOT NULL,
    path        text NOT NULL,
    name        text NOT NULL,
    PRIMARY KEY (region_id, instance_id, wait_id)
);
CREATE INDEX signal_subscription_name_idx ON signal_subscription (region_id, name);     -- serves broadcast

CREATE TABLE message (
    region_id    text NOT NULL,
    id           uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('message', 'signal')),
    name         text NOT NULL,
    key          text NOT NULL,
    message_id   text,                         -- the sender's own number
    payload      jsonb NOT NULL,
    source       uuid,                         -- the instance whose step gave it out
    state        message_state NOT NULL,
    instance_id  uuid,                         -- who received it
    published_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    CONSTRAINT message_has_receiver CHECK (state <> 'delivered' OR kind = 'signal' OR instance_id IS NOT NULL)
);
CREATE UNIQUE INDEX message_sender_idx ON message (region_id, name, key, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX message_buffered_idx ON message (region_id, name, key, published_at) WHERE state = 'buffered';
CREATE INDEX message_published_idx ON message (region_id, published_at) WHERE state = 'published';  -- left by a crash
CREATE INDEX message_expiry_idx ON message (region_id, expires_at);                     -- serves expire_messages

CREATE TABLE job (
    region_id    text NOT NULL,
    id           uuid NOT NULL,
    instance_id  uuid NOT NULL,
    wait_id      integer NOT NULL,
    element_id   text NOT NULL,
    path         text NOT NULL,
    type         text NOT NULL,
    headers      jsonb NOT NULL,
    variables    jsonb NOT NULL,
    state        job_state NOT NULL DEFAULT 'waiting',
    retries_left smallint NOT NULL CHECK (retries_left >= 0),
    attempts     smallint NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL,
    locked_by    text,
    locked_until timestamptz,                  -- wall clock
    lease        text,                         -- a new one with every claim; an answer with an older one is refused
    message      text,                         -- why the last attempt failed
    PRIMARY KEY (region_id, id),
    CONSTRAINT job_is_locked_iff_running CHECK ((state = 'running') = (lease IS NOT NULL AND locked_until IS NOT NULL))
);
CREATE INDEX job_due_idx ON job (region_id, due_at, id) WHERE state <> 'failed';        -- serves claim_due_jobs
CREATE INDEX job_instance_idx ON job (region_id, instance_id);                          -- serves settling an instance

CREATE TABLE incident (
    region_id    text NOT NULL,
    id           uuid NOT NULL,
    instance_id  uuid NOT NULL,
    wait_id      integer,                      -- the place in the state, where there is one
    element_id   text NOT NULL,
    path         text NOT NULL,
    kind         text NOT NULL,                -- projection, timer, job or the interpreter's code
    message_zh   text NOT NULL,
    message_en   text NOT NULL,
    detail       jsonb,                        -- what a retry needs
    retries_left smallint NOT NULL DEFAULT 0,
    opened_at    timestamptz NOT NULL,
    resolved_at  timestamptz,
    resolved_by  text,
    PRIMARY KEY (region_id, id)
);
CREATE INDEX incident_open_idx ON incident (region_id, opened_at, id) WHERE resolved_at IS NULL;
CREATE INDEX incident_instance_idx ON incident (region_id, instance_id);

-- Append only. The key makes a second step with one revision impossible, not merely unlikely.
CREATE TABLE history (
    region_id   text NOT NULL,
    instance_id uuid NOT NULL,
    revision    integer NOT NULL,
    ordinal     smallint NOT NULL,
    at          timestamptz NOT NULL,
    path        text NOT NULL,
    element_id  text NOT NULL,
    event       text NOT NULL,
    by          text NOT NULL,
    detail      jsonb,
    PRIMARY KEY (region_id, instance_id, revision, ordinal)
);
CREATE TRIGGER history_is_append_only BEFORE UPDATE ON history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What others are told after the commit: one row per step that has something to tell.
CREATE TABLE outbox (
    region_id   text NOT NULL,
    instance_id uuid NOT NULL,
    revision    integer NOT NULL,
    at          timestamptz NOT NULL,
    events      jsonb NOT NULL,                -- [{"event", "id"}]
    PRIMARY KEY (region_id, instance_id, revision)
);
CREATE INDEX outbox_order_idx ON outbox (region_id, at);

CREATE TABLE idempotency (
    region_id    text NOT NULL,
    client       text NOT NULL,
    key          text NOT NULL,
    request_hash text NOT NULL,
    answer       jsonb NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (region_id, client, key)
);
CREATE INDEX idempotency_age_idx ON idempotency (region_id, at);                        -- serves forget_old_answers

-- One step of one instance: everything that follows from it, in one call. The caller holds the instance's row lock.
-- Rows come as JSON arrays of objects with the columns' names; an absent array costs nothing.
CREATE FUNCTION save_step(
    p_region text, p_instance uuid, p_revision integer, p_status instance_status, p_codec smallint, p_state bytea,
    p_written jsonb, p_at timestamptz, p_by text, p_rows jsonb
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
    v_key     text;
    v_version integer;
    v_case    text;
BEGIN
    UPDATE instance
       SET revision = p_revision + 1, status = p_status,
           codec = coalesce(p_codec, codec), state = coalesce(p_state, state),   -- null: no token moved
           variables = CASE WHEN p_written IS NULL THEN variables ELSE variables || p_written END,
           ended_at = CASE WHEN p_status IN ('completed', 'terminated') THEN p_at END
     WHERE region_id = p_region AND id = p_instance AND revision = p_revision
    RETURNING definition_key, definition_version, business_key INTO v_key, v_version, v_case;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % is not at revision %', p_instance, p_revision USING ERRCODE = 'YT001';
    END IF;
    PERFORM save_rows(p_region, p_instance, p_revision + 1, v_key, v_version, v_case, p_at, p_by, p_rows);
END $$;

-- The rows of a step, also of an instance's first.
CREATE FUNCTION save_rows(
    p_region text, p_instance uuid, p_revision integer, p_key text, p_version integer, p_case text,
    p_at timestamptz, p_by text, p_rows jsonb
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' AS $$
BEGIN
    INSERT INTO history (region_id, instance_id, revision, ordinal, at, path, element_id, event, by, detail)
    SELECT p_region, p_instance, p_revision, r.ordinal, p_at, r.path, r.element_id, r.event, p_by, r.detail
      FROM jsonb_to_recordset(p_rows->'history')
           AS r(ordinal smallint, path text, element_id text, event text, detail jsonb);

    IF p_rows ? 'tasks_done' THEN
        UPDATE user_task t
           SET state = r.state, revision = t.revision + 1, draft = NULL, completed_at = p_at,
               completed_by = CASE WHEN r.state = 'completed' THEN p_by END
          FROM jsonb_to_recordset(p_rows->'tasks_done') AS r(id uuid, state user_task_state)
         WHERE t.region_id = p_region AND t.id = r.id;
    END IF;
    IF p_rows ? 'timers_closed' THEN
        DELETE FROM timer WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id IN (SELECT jsonb_array_elements(p_rows->'timers_closed')::integer);
    END IF;
    IF p_rows ? 'subscriptions_closed' THEN
        DELETE FROM message_subscription WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id IN (SELECT jsonb_array_elements(p_rows->'subscriptions_closed')::integer);
    END IF;
    IF p_rows ? 'signals_closed' THEN
        DELETE FROM signal_subscription WHERE region_id = p_region AND instance_id = p_instance
           AND wait_id IN (SELECT jsonb_array_elements(p_rows->'signals_closed')::integer);
    END IF;
    IF p_rows ? 'jobs_closed' THEN
        DELETE FROM job WHERE region_id = p_region
           AND id IN (SELECT jsonb_array_elements_text(p_rows->'jobs_closed')::uuid);
    END IF;
    IF p_rows ? 'incidents_closed' THEN
        UPDATE incident SET resolved_at = p_at, resolved_by = p_by
         WHERE region_id = p_region AND resolved_at IS NULL
           AND id IN (SELECT jsonb_array_elements_text(p_rows->'incidents_closed')::uuid);
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

-- The advisory lock that orders opening a subscription and buffering a message of one name and key.
CREATE FUNCTION message_lock(p_region text, p_name text, p_key text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(p_region || chr(31) || p_name || chr(31) || p_key, 0)
$$;

-- An instance's first step.
CREATE FUNCTION start_instance(
    p_region text, p_instance uuid, p_key text, p_version integer, p_case text, p_status instance_status,
    p_codec smallint, p_state bytea, p_variables jsonb, p_pins jsonb, p_at timestamptz, p_by text, p_rows jsonb
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' AS $$
BEGIN
    INSERT INTO instance (region_id, id, definition_key, definition_version, business_key, status, revision, codec,
           state, variables, pins, started_at, ended_at)
    VALUES (p_region, p_instance, p_key, p_version, p_case, p_status, 1, p_codec, p_state, p_variables, p_pins, p_at,
            CASE WHEN p_status IN ('completed', 'terminated') THEN p_at END);
    PERFORM save_rows(p_region, p_instance, 1, p_key, p_version, p_case, p_at, p_by, p_rows);
END $$;
