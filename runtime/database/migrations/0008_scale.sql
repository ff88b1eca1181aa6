-- Many instances, for years: timers of one moment, dead rows, the past of ended instances, and regions that move.

-- Thousands of deadlines fall on one moment: claiming a hundred of them must not sort them all.
CREATE INDEX timer_claim_idx ON timer (region_id, due_at, instance_id, wait_id);        -- serves claim_due_timers
DROP INDEX timer_due_idx;

-- Rows of these tables die with every step; a fifth of a million dead rows is too late to begin.
ALTER TABLE timer SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE user_task SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE message_subscription SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE idempotency SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX instance_ended_idx ON instance (region_id, ended_at, id) WHERE ended_at IS NOT NULL;   -- serves find_past_instances

-- How long ended instances of a process stay in the database before they may go to an archive.
CREATE TABLE history_policy (
    region_id      text NOT NULL,
    definition_key text NOT NULL,
    keep_days      integer NOT NULL CHECK (keep_days >= 0),
    reason         text NOT NULL,              -- the sentence that says so
    set_at         timestamptz NOT NULL,
    set_by         text NOT NULL,
    PRIMARY KEY (region_id, definition_key)
);

-- Files that hold the past of ended instances.
CREATE TABLE archive (
    region_id  text NOT NULL,
    id         uuid NOT NULL,
    file       text NOT NULL,                  -- its name, without the folder
    sha256     text NOT NULL,
    instances  integer NOT NULL,
    row_count  bigint NOT NULL,
    keep_until date NOT NULL,                  -- the file may not be destroyed before
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    PRIMARY KEY (region_id, id)
);

-- What is left of an instance whose rows may go or have gone.
CREATE TABLE archived_instance (
    region_id          text NOT NULL,
    instance_id        uuid NOT NULL,
    archive_id         uuid NOT NULL,
    definition_key     text NOT NULL,
    definition_version integer NOT NULL,
    business_key       text,
    status             instance_status NOT NULL,
    revision           integer NOT NULL,       -- as archived; one that moved since is not swept
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz NOT NULL,
    swept_at           timestamptz,
    PRIMARY KEY (region_id, instance_id),
    FOREIGN KEY (region_id, archive_id) REFERENCES archive (region_id, id)
);
CREATE INDEX archived_instance_file_idx ON archived_instance (region_id, archive_id);                     -- serves restore
CREATE INDEX archived_instance_case_idx ON archived_instance (region_id, business_key) WHERE business_key IS NOT NULL;
CREATE INDEX archived_instance_unswept_idx ON archived_instance (region_id, instance_id) WHERE swept_at IS NULL;

-- A region on its way to another installation. `frozen` and `moved` are held by triggers that are made for the region
-- when it is frozen; while none is, no row pays for them.
CREATE TABLE region_move (
    region_id text PRIMARY KEY,
    state     text NOT NULL CHECK (state IN ('frozen', 'moved')),
    digest    text,                            -- of what was exported
    moved_to  text,
    at        timestamptz NOT NULL,
    by        text NOT NULL
);

-- The code is that of a lock that is not to be had: for callers the database is away, nothing is lost, they come again.
CREATE FUNCTION refuse_frozen_region() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the region is moving to another installation: nothing may be written here' USING ERRCODE = '55P03';
END $$;
