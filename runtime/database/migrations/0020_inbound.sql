-- What arrives from hospital systems and is not settled at once: bursts of results, and what a person is to decide.

-- Results of a case that are looked at together: thirty seconds after the last of them, five minutes after the first.
CREATE TABLE inbound_burst (
    region_id  text NOT NULL,
    episode_id text NOT NULL,
    facts      jsonb NOT NULL,                 -- name to value, the newest received of each
    results    integer NOT NULL,               -- how many resources brought them
    first_at   timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    PRIMARY KEY (region_id, episode_id)
);
CREATE INDEX inbound_burst_due_idx ON inbound_burst (region_id, due_at);                 -- serves due_bursts

CREATE TYPE inbox_state AS ENUM (
    'open',
    'assigned',    -- a person said which case it belongs to
    'dismissed'    -- a person said that it belongs to none
);
-- What could not be matched, or not be understood: a person decides.
CREATE TABLE inbox_item (
    region_id  text NOT NULL,
    id         uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('several-cases', 'withdrawn-evidence', 'merged-patient', 'deceased-child',
                                                  'unreadable', 'unknown-patient', 'unmapped-code')),
    source     text NOT NULL,                  -- the client it came from
    type       text,                           -- of the resource that waits for its case
    resource_id text,
    version    integer,
    patient_id text,
    reason     text NOT NULL,
    at         timestamptz NOT NULL,
    state      inbox_state NOT NULL DEFAULT 'open',
    episode_id text,                           -- as decided
    decided_at timestamptz,
    decided_by text,
    PRIMARY KEY (region_id, id),
    UNIQUE (region_id, type, resource_id, version),
    CONSTRAINT inbox_item_is_decided_by_somebody CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX inbox_item_open_idx ON inbox_item (region_id, at, id) WHERE state = 'open'; -- serves inbox
