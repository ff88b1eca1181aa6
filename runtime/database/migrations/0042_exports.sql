-- Bulk exports over FHIR: what a hospital system asked for, and the files made of it until it has fetched them.

CREATE TYPE export_state AS ENUM (
    'open',     -- to be written, or being written by whoever holds its lock
    'done',     -- its files can be fetched until expires_at
    'failed'    -- given up: `problem` says why
);
CREATE TABLE export_job (
    region_id       text NOT NULL,
    id              uuid NOT NULL,
    client_id       uuid NOT NULL,
    organisation_id text,
    scopes          text[] NOT NULL,          -- of the token that asked: no file holds more
    request         text NOT NULL,            -- the address that was asked
    base            text NOT NULL,            -- of this server, as the caller reached it
    types           text[] NOT NULL,
    of_patients     boolean NOT NULL,         -- about women only: Patient/$export and Group/…/$export
    group_id        text,
    since           timestamptz,
    state           export_state NOT NULL DEFAULT 'open',
    attempts        smallint NOT NULL DEFAULT 0,
    written         bigint NOT NULL DEFAULT 0,
    problem         text,
    requested_at    timestamptz NOT NULL,
    moment          timestamptz,              -- transactionTime: everything stored up to here is in the files
    expires_at      timestamptz NOT NULL,     -- then the job goes, with its files
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE,
    CONSTRAINT export_job_is_of_a_moment_when_done CHECK (state <> 'done' OR moment IS NOT NULL)
);
CREATE INDEX export_job_open_idx ON export_job (region_id, requested_at) WHERE state = 'open';   -- serves open_exports
CREATE INDEX export_job_client_idx ON export_job (region_id, client_id);                         -- serves open_exports_of_client

CREATE TABLE export_file (
    region_id text NOT NULL,
    job_id    uuid NOT NULL,
    number    integer NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('output', 'deleted')),
    type      text NOT NULL,
    lines     bigint NOT NULL,
    parts     integer NOT NULL,
    PRIMARY KEY (region_id, job_id, number),
    FOREIGN KEY (region_id, job_id) REFERENCES export_job (region_id, id) ON DELETE CASCADE
);

-- The parts of a file one after the other are one gzip stream.
CREATE TABLE export_part (
    region_id text NOT NULL,
    job_id    uuid NOT NULL,
    file      integer NOT NULL,
    number    integer NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (region_id, job_id, file, number),
    FOREIGN KEY (region_id, job_id) REFERENCES export_job (region_id, id) ON DELETE CASCADE
);
ALTER TABLE export_part ALTER COLUMN content SET STORAGE EXTERNAL;   -- it is compressed already
