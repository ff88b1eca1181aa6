-- What a merge of two records of one woman moved, so that it can be taken back. Rows stay; an undone merge says so.
CREATE TABLE record_merge (
    region_id   text NOT NULL,
    id          uuid NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,                            -- the account, as it stands in history
    survivor_id text NOT NULL,                            -- Patient
    replaced_id text NOT NULL,                            -- Patient
    closed      text,                                     -- the pregnancy that ended as a duplicate
    kept        text,                                     -- and the one that went on
    before      jsonb NOT NULL,                           -- versions, organisations and instances as they were: ids alone
    undone_at   timestamptz,
    undone_by   text,
    PRIMARY KEY (region_id, id),
    CONSTRAINT record_merge_is_of_two CHECK (survivor_id <> replaced_id),
    CONSTRAINT record_merge_is_undone_by_somebody CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE UNIQUE INDEX record_merge_open_idx ON record_merge (region_id, replaced_id) WHERE undone_at IS NULL;   -- serves open_merge
CREATE INDEX record_merge_survivor_idx ON record_merge (region_id, survivor_id) WHERE undone_at IS NULL;      -- serves open_merges_into

CREATE TABLE record_merge_part (
    region_id  text NOT NULL,
    merge_id   uuid NOT NULL,
    type       text NOT NULL,
    id         text NOT NULL,
    patient_id text NOT NULL,                             -- of whom it was before, or whom it named as it came later
    episode_id text,
    came_later boolean NOT NULL,                          -- it was sent for the old id after the merge
    PRIMARY KEY (region_id, merge_id, type, id),
    FOREIGN KEY (region_id, merge_id) REFERENCES record_merge (region_id, id)
);
