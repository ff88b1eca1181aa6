-- SMART App Launch with Yuntu as the authorization server: registered apps, launches from a woman's page, what a person
-- has granted, and the tokens of it. Codes, launches, secrets and tokens are stored as hashes only. A release that does
-- not know these tables does not know their tokens either, and refuses them.

CREATE TABLE app (
    region_id      text NOT NULL,
    client_id      uuid NOT NULL,
    title          text NOT NULL CHECK (title <> ''),          -- as people read it before they agree
    redirect_uris  text[] NOT NULL CHECK (cardinality(redirect_uris) > 0),
    launch_uri     text,                                       -- where it is opened from a woman's page
    authentication text NOT NULL CHECK (authentication IN ('none', 'client_secret_basic', 'private_key_jwt')),
    secret_hash    bytea,
    PRIMARY KEY (region_id, client_id),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE,
    CONSTRAINT app_has_a_secret_iff_it_uses_one CHECK ((authentication = 'client_secret_basic') = (secret_hash IS NOT NULL))
);

CREATE TABLE app_launch (
    region_id    text NOT NULL,
    token_hash   bytea NOT NULL,
    client_id    uuid NOT NULL,
    account_id   uuid NOT NULL,                 -- who opened it: nobody else may use it
    pregnancy_id text NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (region_id, token_hash),
    FOREIGN KEY (region_id, client_id) REFERENCES app (region_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (region_id, account_id) REFERENCES account (region_id, id) ON DELETE CASCADE
);

CREATE TABLE app_grant (
    region_id       text NOT NULL,
    id              uuid NOT NULL,
    client_id       uuid NOT NULL,
    account_id      uuid NOT NULL,
    scopes          text[] NOT NULL,
    patient_id      text,
    pregnancy_id    text,
    redirect_uri    text NOT NULL,
    code_hash       bytea NOT NULL,
    code_challenge  text NOT NULL,              -- PKCE, S256
    nonce           text,
    granted_at      timestamptz NOT NULL,
    code_expires_at timestamptz NOT NULL,
    redeemed_at     timestamptz,                -- a code is good once; the second time ends the grant
    session_hash    bytea NOT NULL,             -- online_access ends with this session
    ends_at         timestamptz NOT NULL,       -- no token of it outlives this
    revoked_at      timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, client_id) REFERENCES app (region_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (region_id, account_id) REFERENCES account (region_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX app_grant_code_idx ON app_grant (region_id, code_hash);                              -- serves redeem_code
CREATE INDEX app_grant_owner_idx ON app_grant (region_id, client_id, account_id) WHERE revoked_at IS NULL; -- serves revoke_grants_of

CREATE TABLE app_token (
    region_id  text NOT NULL,
    token_hash bytea NOT NULL,
    grant_id   uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes     text[] NOT NULL,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,                     -- of a refresh token: it is good once; the second time ends the grant
    revoked_at timestamptz,
    PRIMARY KEY (region_id, token_hash),
    FOREIGN KEY (region_id, grant_id) REFERENCES app_grant (region_id, id) ON DELETE CASCADE,
    CONSTRAINT app_token_used_is_a_refresh_token CHECK (used_at IS NULL OR kind = 'refresh')
);
CREATE INDEX app_token_grant_idx ON app_token (region_id, grant_id);                                     -- serves the cascade

-- What a process remembers of a token ends with every change that takes something away.
CREATE TRIGGER app_begins_people_epoch AFTER UPDATE OR DELETE OR TRUNCATE ON app
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER app_grant_begins_people_epoch AFTER UPDATE OF revoked_at ON app_grant
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER app_grant_gone_begins_people_epoch AFTER DELETE OR TRUNCATE ON app_grant
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER app_token_begins_people_epoch AFTER UPDATE OF revoked_at ON app_token
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
CREATE TRIGGER app_token_gone_begins_people_epoch AFTER DELETE OR TRUNCATE ON app_token
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();

-- The keys that sign who somebody is (id_token). Apart from those by which this installation signs in elsewhere.
CREATE TABLE identity_key (
    region_id   text NOT NULL,
    kid         text NOT NULL,
    private_key text NOT NULL,                  -- PEM, RSA
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz,                    -- signs nothing any more; published until no token of it is good
    PRIMARY KEY (region_id, kid)
);
