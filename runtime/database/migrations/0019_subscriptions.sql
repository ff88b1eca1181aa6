-- Who is told over FHIR what changed: subscriptions of hospital systems, their numbered events, and the addresses that
-- each system may be told at.

CREATE TABLE notify_endpoint (
    region_id  text NOT NULL,
    client_id  uuid NOT NULL,
    address    text NOT NULL,                  -- scheme://host:port/path, without a slash at its end; what lies below it is meant too
    network    text NOT NULL CHECK (network IN ('public', 'intranet', 'loopback')),   -- which addresses the name may resolve to
    secrets    text[] NOT NULL CHECK (cardinality(secrets) BETWEEN 1 AND 2),          -- newest first; two while they are rotated
    created_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, client_id, address),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE
);

CREATE TYPE subscription_status AS ENUM (
    'requested',   -- a handshake is due
    'active',      -- is told
    'error',       -- given up after 72 hours: its events are kept, `problem` says why, `owner` is to look at it
    'off'          -- ended by its owner, by its end, or because the receiver is gone
);
CREATE TABLE subscription (
    region_id     text NOT NULL,
    id            text NOT NULL CHECK (id ~ '^[A-Za-z0-9.-]{1,64}$'),
    client_id     uuid NOT NULL,
    version       integer NOT NULL DEFAULT 1,
    updated_at    timestamptz NOT NULL,
    status        subscription_status NOT NULL DEFAULT 'requested',
    types         text[] NOT NULL,             -- of resources that it can be about
    body          text NOT NULL,               -- the resource as it was sent, without status, error, id and meta
    ends_at       timestamptz,
    event_count   bigint NOT NULL DEFAULT 0,   -- numbers given so far: without gaps from one
    sent_number   bigint NOT NULL DEFAULT 0,   -- everything up to here is done with
    due_at        timestamptz,                 -- null: nothing to do
    attempts      smallint NOT NULL DEFAULT 0, -- of what is sent next
    failing_since timestamptz,
    told_at       timestamptz,                 -- last taken by the receiver
    problem       text,
    owner         text,                        -- the role that is to look at it while something is wrong
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE,
    CONSTRAINT subscription_sends_what_has_a_number CHECK (sent_number <= event_count)
);
CREATE INDEX subscription_watch_idx ON subscription (region_id) WHERE status <> 'off';                    -- serves note_resource_change
CREATE INDEX subscription_due_idx ON subscription (region_id, due_at) WHERE due_at IS NOT NULL;           -- serves due_subscriptions

CREATE TABLE subscription_event (
    region_id       text NOT NULL,
    subscription_id text NOT NULL,
    number          bigint NOT NULL,
    type            text NOT NULL,
    id              text NOT NULL,
    version         integer NOT NULL,
    deleted         boolean NOT NULL,
    at              timestamptz NOT NULL,      -- when the resource changed
    sent_at         timestamptz,
    parked          boolean NOT NULL DEFAULT false,   -- refused twenty times by a receiver that takes others
    PRIMARY KEY (region_id, subscription_id, number),
    FOREIGN KEY (region_id, subscription_id) REFERENCES subscription (region_id, id) ON DELETE CASCADE
);
CREATE INDEX subscription_event_age_idx ON subscription_event (region_id, at);                            -- serves forget_events

-- New versions that a subscription may be about: written with the version, taken away when the events have their numbers.
CREATE TABLE resource_change (
    region_id text NOT NULL,
    seq       bigint GENERATED ALWAYS AS IDENTITY,   -- given under the lock of the resource: its versions stay in order
    type      text NOT NULL,
    id        text NOT NULL,
    version   integer NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (region_id, seq)
);
ALTER TABLE resource_change SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION note_resource_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM subscription s
                WHERE s.region_id = NEW.region_id AND s.status <> 'off' AND NEW.type = ANY (s.types)) THEN
        INSERT INTO resource_change (region_id, type, id, version, at)
        VALUES (NEW.region_id, NEW.type, NEW.id, NEW.version, NEW.updated_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER resource_change_noted AFTER INSERT OR UPDATE OF version ON resource
    FOR EACH ROW EXECUTE FUNCTION note_resource_change();
