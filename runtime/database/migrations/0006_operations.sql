-- What operators do to running instances: migration with its way back, suspension of definitions, batches.

-- How an instance stood before it was migrated; good as long as its revision is still the one of the migration.
CREATE TABLE instance_before (
    region_id          text NOT NULL,
    instance_id        uuid NOT NULL,
    revision           integer NOT NULL,       -- of the migration
    definition_version integer NOT NULL,
    pins               jsonb NOT NULL,
    codec              smallint NOT NULL,
    state              bytea NOT NULL,
    at                 timestamptz NOT NULL,
    PRIMARY KEY (region_id, instance_id)
) WITH (fillfactor = 90);
ALTER TABLE instance_before ALTER COLUMN state SET STORAGE EXTERNAL;
CREATE INDEX instance_before_age_idx ON instance_before (region_id, at);               -- serves forget_old_states

-- Versions of processes that start no instance for the time being. Of the installation, as definitions are.
CREATE TABLE definition_suspension (
    key     text NOT NULL,
    version integer NOT NULL,
    at      timestamptz NOT NULL,
    by      text NOT NULL,
    reason  text NOT NULL,
    PRIMARY KEY (key, version)
);

CREATE TYPE batch_state AS ENUM (
    'running',     -- workers take its items
    'paused',      -- waits to be resumed
    'cancelled',   -- final: what is done stays done
    'completed'    -- final until its failed items are tried again
);
CREATE TYPE batch_item_state AS ENUM (
    'waiting',     -- not done yet; held by a worker until locked_until
    'done',
    'failed'       -- code and message say why
);
CREATE TABLE batch (
    region_id  text NOT NULL,
    id         uuid NOT NULL,
    operation  text NOT NULL CHECK (operation IN
               ('migrate', 'revert', 'modify', 'suspend', 'activate', 'terminate', 'variables', 'retry')),
    parameters jsonb NOT NULL,                 -- of the single operation
    query      jsonb NOT NULL,                 -- how its instances were found
    state      batch_state NOT NULL,
    rate       real NOT NULL CHECK (rate > 0), -- instances a second, all workers together
    reason     text NOT NULL,
    total      integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by jsonb NOT NULL,                 -- the actor in whose name each instance is changed
    ended_at   timestamptz,
    paced_at   timestamptz NOT NULL,           -- wall clock: until then the rate is used up
    PRIMARY KEY (region_id, id),
    CONSTRAINT batch_has_ended_iff_final CHECK ((state IN ('cancelled', 'completed')) = (ended_at IS NOT NULL))
);
CREATE INDEX batch_running_idx ON batch (region_id, paced_at) WHERE state = 'running'; -- serves claim_batch_items
CREATE INDEX batch_order_idx ON batch (region_id, created_at DESC, id);                -- serves the list of batches

CREATE TABLE batch_item (
    region_id    text NOT NULL,
    batch_id     uuid NOT NULL,
    instance_id  uuid NOT NULL,
    state        batch_item_state NOT NULL DEFAULT 'waiting',
    attempts     smallint NOT NULL DEFAULT 0,  -- committed before the work, so that a crash counts
    locked_until timestamptz,                  -- wall clock
    at           timestamptz,
    code         text,
    message_zh   text,
    message_en   text,
    PRIMARY KEY (region_id, batch_id, instance_id)
) WITH (fillfactor = 70);
CREATE INDEX batch_item_waiting_idx ON batch_item (region_id, batch_id, instance_id) WHERE state = 'waiting';
CREATE INDEX batch_item_state_idx ON batch_item (region_id, batch_id, state, instance_id);   -- serves progress and results

-- Hand one worker at most p_limit items of the batch whose turn it is, no more than its rate allows. A batch that has
-- nothing left is completed here. Answers nothing while no batch is due.
CREATE FUNCTION claim_batch_items(p_region text, p_limit integer, p_now timestamptz, p_lock_for interval)
RETURNS TABLE (batch uuid, operation text, parameters jsonb, created_by jsonb, instance uuid, attempts smallint)
LANGUAGE plpgsql AS $$
DECLARE
    b       batch%ROWTYPE;
    v_clock timestamptz := clock_timestamp();
    v_from  timestamptz;
    v_count integer;
BEGIN
    SELECT * INTO b FROM batch t
     WHERE t.region_id = p_region AND t.state = 'running' AND t.paced_at <= v_clock
     ORDER BY t.paced_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_from := greatest(b.paced_at, v_clock - interval '250 milliseconds');   -- unused time is not saved up
    v_count := least(p_limit, 1 + floor(extract(epoch FROM v_clock - v_from) * b.rate)::integer);
    RETURN QUERY
        UPDATE batch_item i SET attempts = i.attempts + 1, locked_until = v_clock + p_lock_for
         WHERE i.region_id = p_region AND i.batch_id = b.id AND i.state = 'waiting'
           AND i.instance_id = ANY (ARRAY(
               SELECT w.instance_id FROM batch_item w
                WHERE w.region_id = p_region AND w.batch_id = b.id AND w.state = 'waiting'
                  AND (w.locked_until IS NULL OR w.locked_until < v_clock)
                ORDER BY w.instance_id LIMIT v_count FOR UPDATE SKIP LOCKED))
        RETURNING b.id, b.operation, b.parameters, b.created_by, i.instance_id, i.attempts;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count = 0 AND NOT EXISTS (SELECT FROM batch_item w WHERE w.region_id = p_region AND w.batch_id = b.id
                                                              AND w.state = 'waiting') THEN
        UPDATE batch t SET state = 'completed', ended_at = p_now WHERE t.region_id = p_region AND t.id = b.id;
    ELSE
        UPDATE batch t SET paced_at = v_from + make_interval(secs => greatest(v_count, 1) / b.rate)
         WHERE t.region_id = p_region AND t.id = b.id;
    END IF;
END $$;

-- An instance and its rows take the names of another version; what they wait for is `save_step`'s business.
-- p_moved: [{"wait_id", "element_id", "path"}] of what has another name now.
CREATE FUNCTION rename_instance(p_region text, p_instance uuid, p_version integer, p_pins jsonb, p_moved jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m       jsonb;
    v_wait  integer;
    v_id    text;
    v_path  text;
BEGIN
    UPDATE instance SET definition_version = p_version, pins = p_pins WHERE region_id = p_region AND id = p_instance;
    UPDATE user_task SET definition_version = p_version
     WHERE region_id = p_region AND instance_id = p_instance AND state IN ('created', 'claimed');
    FOR m IN SELECT value FROM jsonb_array_elements(p_moved) LOOP
        v_wait := (m->>'wait_id')::integer;
        v_id := m->>'element_id';
        v_path := m->>'path';
        UPDATE user_task SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait AND state IN ('created', 'claimed');
        UPDATE timer SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE message_subscription SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE signal_subscription SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE job SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait;
        UPDATE incident SET element_id = v_id, path = v_path
         WHERE region_id = p_region AND instance_id = p_instance AND wait_id = v_wait AND resolved_at IS NULL;
    END LOOP;
END $$;
