-- What arrives otherwise than over FHIR (HL7 v2, CDA, files, views of a hospital's database): the bytes first, exactly
-- as they came; what became of them beside it.

CREATE TABLE arrival (
    region_id   text NOT NULL,
    id          uuid NOT NULL,
    client      text NOT NULL,               -- the registered system that it is taken for; '' where none could be named
    channel     text NOT NULL CHECK (channel IN ('hl7v2', 'cda', 'csv', 'view')),
    origin      text NOT NULL,               -- the sender's address, the file's name, the view: never a person's data
    control_id  text NOT NULL,               -- the sender's own number of it; '' where it has none
    received_at timestamptz NOT NULL,
    digest      text NOT NULL,               -- SHA-256 of the body, hexadecimal
    body        bytea NOT NULL,
    corrects    uuid,                        -- a person's corrected copy of another
    corrected_by text,
    PRIMARY KEY (region_id, id),
    UNIQUE (region_id, client, channel, control_id, digest),     -- the same once more is the same
    CONSTRAINT arrival_is_corrected_by_somebody CHECK ((corrects IS NULL) = (corrected_by IS NULL))
);
ALTER TABLE arrival ALTER COLUMN body SET STORAGE EXTENDED;
CREATE INDEX arrival_received_idx ON arrival (region_id, received_at);                    -- serves forget_arrivals

CREATE TYPE arrival_state AS ENUM (
    'waiting',         -- stored and not looked at yet: whoever received it died, or the database went away
    'understood',      -- what it said is stored as resources
    'not-understood',  -- a person is to look at it: `problems` says where
    'corrected',       -- a corrected copy took its place
    'discarded'        -- a person put it aside, with a reason
);
CREATE TABLE arrival_outcome (
    region_id  text NOT NULL,
    arrival_id uuid NOT NULL,
    client     text NOT NULL,
    channel    text NOT NULL,
    kind       text NOT NULL DEFAULT '',      -- of message or document, as far as it could be told
    state      arrival_state NOT NULL DEFAULT 'waiting',
    attempts   integer NOT NULL DEFAULT 0,
    problems   jsonb NOT NULL DEFAULT '[]',   -- [{"code", "zh", "en", "at"}]: places, never values
    became     jsonb NOT NULL DEFAULT '[]',   -- references to what is stored of it
    repeats    integer NOT NULL DEFAULT 0,    -- how often the sender sent the same again
    received_at timestamptz NOT NULL,
    at         timestamptz NOT NULL,
    by         text,                          -- who decided, where a person did
    reason     text,
    PRIMARY KEY (region_id, arrival_id),
    FOREIGN KEY (region_id, arrival_id) REFERENCES arrival (region_id, id) ON DELETE CASCADE,
    CONSTRAINT arrival_outcome_discarded_by_somebody CHECK (state <> 'discarded' OR (by IS NOT NULL AND reason IS NOT NULL))
);
CREATE INDEX arrival_outcome_open_idx ON arrival_outcome (region_id, received_at, arrival_id)
 WHERE state IN ('waiting', 'not-understood');                                            -- serves arrivals
CREATE INDEX arrival_outcome_count_idx ON arrival_outcome (region_id, client, channel, state);  -- serves arrival_counts

-- A proposal of a hospital (who she is, that two are one) names the arrival that made it: each is one item.
ALTER TABLE inbox_item ADD COLUMN arrival_id text NOT NULL DEFAULT '';
ALTER TABLE inbox_item DROP CONSTRAINT inbox_item_region_id_type_resource_id_version_key;
ALTER TABLE inbox_item ADD CONSTRAINT inbox_item_once_key UNIQUE (region_id, type, resource_id, version, arrival_id);
ALTER TABLE inbox_item DROP CONSTRAINT inbox_item_kind_check;
ALTER TABLE inbox_item ADD CONSTRAINT inbox_item_kind_check
 CHECK (kind IN ('several-cases', 'withdrawn-evidence', 'merged-patient', 'deceased-child',
                 'unreadable', 'unknown-patient', 'unmapped-code', 'identity-differs'));
