-- Our pages opened inside a hospital's own system (SMART App Launch with Yuntu as the app): which systems may, as whom
-- their people come in here, and sign-ins under way.

CREATE TABLE launching_hospital (
    region_id       text NOT NULL,
    issuer          text NOT NULL,              -- the address of its FHIR interface, as it says `iss`
    title           text NOT NULL CHECK (title <> ''),
    organisation_id text NOT NULL,              -- its people's accounts are of this organisation or below it
    client_id       text NOT NULL,              -- as we are registered there
    authentication  text NOT NULL CHECK (authentication IN ('none', 'private_key_jwt')),
    scopes          text NOT NULL,
    origins         text[] NOT NULL,            -- whose pages may show ours inside of them
    identifiers     text[] NOT NULL,            -- systems of numbers that name one woman; empty: those that we know as such
    network         text NOT NULL CHECK (network IN ('public', 'intranet', 'loopback')),
    active          boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (region_id, issuer),
    FOREIGN KEY (region_id, organisation_id) REFERENCES organisation (region_id, id)
);

CREATE TABLE hospital_person (
    region_id  text NOT NULL,
    issuer     text NOT NULL,
    external   text NOT NULL,                   -- as the hospital says who it is: Practitioner/1, a subject, system|number
    account_id uuid NOT NULL,
    mapped_at  timestamptz NOT NULL,
    mapped_by  text NOT NULL,
    PRIMARY KEY (region_id, issuer, external),
    FOREIGN KEY (region_id, issuer) REFERENCES launching_hospital (region_id, issuer) ON DELETE CASCADE,
    FOREIGN KEY (region_id, account_id) REFERENCES account (region_id, id) ON DELETE CASCADE
);

CREATE TABLE hospital_sign_in (
    region_id    text NOT NULL,
    state_hash   bytea NOT NULL,
    browser_hash bytea NOT NULL,                -- what only the browser that began it can show
    issuer       text NOT NULL,
    verifier     text NOT NULL,                 -- PKCE; good for one code, which only this row's browser can bring
    nonce        text NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (region_id, state_hash),
    FOREIGN KEY (region_id, issuer) REFERENCES launching_hospital (region_id, issuer) ON DELETE CASCADE
);

-- Null: by a password, on a page of ours. A session that a hospital opened ends with that hospital's registration.
ALTER TABLE session ADD COLUMN issuer text;
