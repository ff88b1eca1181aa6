-- What each hospital system asked for, what it was refused, what was overlooked: counted by day. A process counts in
-- memory and adds to these rows every few seconds, in one statement.

CREATE TABLE client_count (
    region_id   text NOT NULL,
    client      text NOT NULL,
    on_day      date NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('traffic', 'error', 'tolerance')),
    type        text NOT NULL,             -- of resource; '' where none is meant
    interaction text NOT NULL,
    detail      text NOT NULL,             -- the status; the issue's code; the tolerance
    place       text NOT NULL DEFAULT '',  -- expression without indices; never a value
    count       bigint NOT NULL,
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (region_id, client, on_day, kind, type, interaction, detail, place)
);
