-- Two records of one woman that became one: where to look for what still goes by the old id. Rows are added and stay.
CREATE TABLE merged_record (
    region_id   text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('patient', 'pregnancy')),
    old_id      text NOT NULL,
    survivor_id text NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,                            -- the account, as it stands in history
    PRIMARY KEY (region_id, kind, old_id),
    CONSTRAINT merged_record_is_another CHECK (old_id <> survivor_id)
);
CREATE INDEX merged_record_survivor_idx ON merged_record (region_id, kind, survivor_id);   -- serves survivors that are merged again
