-- Where a hospital's system publishes its public keys: read anew when it signs with one that is not known, so that it
-- changes them without asking anybody.

CREATE TABLE client_key_address (
    region_id text NOT NULL,
    client_id uuid NOT NULL,
    address   text NOT NULL,
    network   text NOT NULL CHECK (network IN ('public', 'intranet', 'loopback')),
    read_at   timestamptz,                     -- asked last, whatever was said: nobody is asked more than once a minute
    PRIMARY KEY (region_id, client_id),
    FOREIGN KEY (region_id, client_id) REFERENCES client (region_id, id) ON DELETE CASCADE
);
