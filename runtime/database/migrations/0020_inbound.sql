-- What arrives from hospital systems and is not settled at once: bursts of results, what a person is to decide, raw HL7
-- messages, and what each client is forgiven.

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
    source     text NOT NULL,                  -- the client or the line it came from
    type       text,                           -- of the resource that waits for its case
    resource_id text,
    version    integer,
    message_id uuid,                           -- or of the HL7 message
    patient_id text,
    reason     text NOT NULL,
    at         timestamptz NOT NULL,
    state      inbox_state NOT NULL DEFAULT 'open',
    episode_id text,                           -- as decided
    decided_at timestamptz,
    decided_by text,
    PRIMARY KEY (region_id, id),
    UNIQUE (region_id, type, resource_id, version),
    UNIQUE (region_id, message_id),
    CONSTRAINT inbox_item_is_decided_by_somebody CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX inbox_item_open_idx ON inbox_item (region_id, at, id) WHERE state = 'open'; -- serves inbox

-- HL7 version 2 messages as they came: stored before anything is read from them.
CREATE TYPE hl7_state AS ENUM (
    'received',
    'applied',     -- what it says is stored
    'refused',     -- the sender was told why
    'inbox'        -- kept for a person: it could not be understood, or not be matched
);
CREATE TABLE hl7_message (
    region_id   text NOT NULL,
    id          uuid NOT NULL,
    line        text NOT NULL,                 -- the client that speaks on it
    control_id  text,                          -- MSH-10
    kind        text,                          -- MSH-9, like ADT^A01
    raw         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    state       hl7_state NOT NULL DEFAULT 'received',
    problem     text,
    answer      bytea,                         -- the acknowledgement; the same again when the message comes again
    settled_at  timestamptz,
    PRIMARY KEY (region_id, id)
);
CREATE UNIQUE INDEX hl7_message_control_idx ON hl7_message (region_id, line, control_id) WHERE control_id IS NOT NULL;
CREATE INDEX hl7_message_unsettled_idx ON hl7_message (region_id, received_at) WHERE state = 'received';

-- Deviations that a client is forgiven, and how often that was needed, by day.
CREATE TABLE client_tolerance (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    name      text NOT NULL,
    PRIMARY KEY (region_id, client_id, name),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE
);
CREATE TABLE tolerance_use (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    name      text NOT NULL,
    used_on   date NOT NULL,
    uses      bigint NOT NULL,
    PRIMARY KEY (region_id, client_id, name, used_on),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE
);
