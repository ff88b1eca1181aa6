-- What is overlooked in one hospital system's resources, what its own codes mean, and what is agreed with it for what
-- arrives otherwise. Nothing is overlooked until somebody says so in its registration.

ALTER TABLE client ADD COLUMN tolerances text[] NOT NULL DEFAULT '{}';   -- names: fhir_adapters/tolerances/kinds.py

-- The client's ConceptMap: its code to an item of ours.
CREATE TABLE client_code (
    region_id text NOT NULL,
    client    text NOT NULL,
    system    text NOT NULL,                   -- as it sends it; '' where it sends none
    code      text NOT NULL,
    item      text NOT NULL,                   -- fhir_adapters/terminology.py
    unit      text,                            -- UCUM, for values that come without a unit
    by        text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (region_id, client, system, code)
);

-- Codes that nothing is known of: the task "map code". Its owner maps it or puts it aside.
CREATE TABLE unmapped_code (
    region_id  text NOT NULL,
    client     text NOT NULL,
    system     text NOT NULL,
    code       text NOT NULL,
    display    text NOT NULL DEFAULT '',
    seen       bigint NOT NULL,                -- versions of resources that were stored with it
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    owner      text NOT NULL,                  -- a role, or an account
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'mapped', 'set-aside')),
    by         text,
    decided_at timestamptz,
    PRIMARY KEY (region_id, client, system, code),
    CONSTRAINT unmapped_code_decided_by_somebody CHECK ((state = 'open') = (by IS NULL) AND (by IS NULL) = (decided_at IS NULL))
);

-- What a stored version said before it was put right: [{"tolerance", "at", "was"}].
CREATE TABLE tolerated (
    region_id text NOT NULL,
    type      text NOT NULL,
    id        text NOT NULL,
    version   integer NOT NULL,
    client    text NOT NULL,
    at        timestamptz NOT NULL,
    uses      jsonb NOT NULL,
    PRIMARY KEY (region_id, type, id, version)
);

-- What was agreed with a client for HL7 v2, CDA, files and views, where it was entered on its page: the YAML as written.
CREATE TABLE client_inbound (
    region_id text NOT NULL,
    client    text NOT NULL,
    text      text NOT NULL,
    by        text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (region_id, client)
);

-- FHIR writes that were refused, and documents, are kept as other arrivals are: looked at and tried again by a person.
ALTER TABLE arrival DROP CONSTRAINT arrival_channel_check;
ALTER TABLE arrival ADD CONSTRAINT arrival_channel_check CHECK (channel IN ('hl7v2', 'cda', 'csv', 'view', 'fhir', 'document'));
