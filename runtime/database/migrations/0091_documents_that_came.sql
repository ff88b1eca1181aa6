-- A document that came as CDA, to the byte: read as DocumentReference and Binary as long as her record is kept, where the
-- raw arrival is let go of after some months.
CREATE TABLE document_that_came (
    region_id  text NOT NULL,
    id         uuid NOT NULL,               -- follows from the sender, the document's own number and its bytes
    patient_id text NOT NULL,
    owner      text NOT NULL,
    labels     text[] NOT NULL DEFAULT '{}',
    series     text NOT NULL,               -- which document this is a version of
    number     text NOT NULL,               -- the document's own
    code       text NOT NULL,               -- of its type (WS/T 483, WS/T 500)
    title      text NOT NULL,
    told_at    text,                        -- as the document says it
    created_at timestamptz NOT NULL,
    body       bytea NOT NULL,
    PRIMARY KEY (region_id, id)
);
CREATE INDEX document_that_came_patient_idx ON document_that_came (region_id, patient_id, created_at);  -- serves documents_that_came
