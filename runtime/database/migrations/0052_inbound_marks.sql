-- How far the rows of a hospital's database view have been taken.

CREATE TABLE inbound_mark (
    region_id text NOT NULL,
    client    text NOT NULL,
    name      text NOT NULL,                  -- of the view in the client's file
    mark      timestamptz NOT NULL,           -- the newest value of its high-water column that was stored
    at        timestamptz NOT NULL,           -- when that was
    PRIMARY KEY (region_id, client, name)
);
