-- Who may do what: organisations, accounts, sessions, tokens, hospital systems; what they did; and the hand-moved clock.
-- Tokens and passwords are stored as hashes only.

CREATE TABLE organisation (
    region_id text NOT NULL,
    id        text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('county_health', 'county_mch', 'hospital', 'township', 'village')),
    name      text NOT NULL,
    parent_id text,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, parent_id) REFERENCES organisation (region_id, id)
);

CREATE TABLE account (
    region_id       text NOT NULL,
    id              uuid NOT NULL,
    login           text NOT NULL CHECK (login = lower(login) AND login <> ''),
    name            text NOT NULL,
    organisation_id text NOT NULL,
    password_hash   text NOT NULL,              -- argon2id, with its parameters
    active          boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    UNIQUE (region_id, login),
    FOREIGN KEY (region_id, organisation_id) REFERENCES organisation (region_id, id)
);

CREATE TABLE account_role (
    region_id  text NOT NULL,
    account_id uuid NOT NULL,
    role       text NOT NULL,
    granted_at timestamptz NOT NULL,
    granted_by text NOT NULL,
    PRIMARY KEY (region_id, account_id, role),
    FOREIGN KEY (region_id, account_id) REFERENCES account (region_id, id) ON DELETE CASCADE
);

CREATE TABLE sign_in_failure (
    region_id text NOT NULL,
    login     text NOT NULL,                    -- as typed, lower case: it need not exist
    address   text NOT NULL,
    failed_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_idx ON sign_in_failure (region_id, login, address, failed_at);   -- serves count_failures

CREATE TABLE session (
    region_id  text NOT NULL,
    token_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    ended_at   timestamptz,                     -- signed out or revoked
    PRIMARY KEY (region_id, token_hash),
    FOREIGN KEY (region_id, account_id) REFERENCES account (region_id, id) ON DELETE CASCADE
);
CREATE INDEX session_account_idx ON session (region_id, account_id) WHERE ended_at IS NULL;   -- serves end_sessions_of

CREATE TABLE client (
    region_id       text NOT NULL,
    id              uuid NOT NULL,
    name            text NOT NULL,
    organisation_id text NOT NULL,
    scopes          text[] NOT NULL,
    jwks            jsonb NOT NULL,             -- public keys only
    active          boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    UNIQUE (region_id, name),
    FOREIGN KEY (region_id, organisation_id) REFERENCES organisation (region_id, id)
);

CREATE TABLE client_assertion (
    region_id  text NOT NULL,
    client_id  uuid NOT NULL,
    jti        text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, client_id, jti),    -- an assertion is good once
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE
);

CREATE TABLE access_token (
    region_id  text NOT NULL,
    token_hash bytea NOT NULL,
    account_id uuid,
    client_id  uuid,
    scopes     text[] NOT NULL DEFAULT '{}',
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (region_id, token_hash),
    CONSTRAINT access_token_has_one_owner CHECK ((account_id IS NULL) <> (client_id IS NULL)),
    FOREIGN KEY (region_id, account_id) REFERENCES account (region_id, id) ON DELETE CASCADE,
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE
);

CREATE TABLE audit (
    region_id    text NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL,
    actor_id     text NOT NULL,
    actor_kind   text NOT NULL,
    organisation text,
    action       text NOT NULL,                 -- read | search | complete | deploy | sign-in ...
    subject_kind text NOT NULL,
    subject_id   text,
    detail       jsonb,
    PRIMARY KEY (region_id, id)
);
CREATE INDEX audit_subject_idx ON audit (region_id, subject_kind, subject_id, id);   -- serves who looked at a woman's record

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit rows are never changed';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TABLE http_answer (
    region_id    text NOT NULL,
    client       text NOT NULL,
    key          text NOT NULL,
    request_hash text NOT NULL,
    status       smallint,                      -- null while the first request is still running
    body         jsonb,
    at           timestamptz NOT NULL,
    PRIMARY KEY (region_id, client, key)
);

CREATE TABLE manual_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    now      timestamptz NOT NULL
);
