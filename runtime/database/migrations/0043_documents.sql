-- Documents that were given out: once made never changed; a correction is another one that replaces it.

CREATE TABLE fhir_document (
    region_id  text NOT NULL,
    id         uuid NOT NULL,
    kind       text NOT NULL,                 -- referral | grading | transfer | discharge | reply
    patient_id text NOT NULL,
    episode_id text NOT NULL,
    owner      text NOT NULL,                 -- who had it made
    labels     text[] NOT NULL DEFAULT '{}',  -- of everything in it
    created_at timestamptz NOT NULL,
    replaces   uuid,
    body       text NOT NULL,                 -- the Bundle, as it was given out
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, replaces) REFERENCES fhir_document (region_id, id)
);
CREATE INDEX fhir_document_patient_idx ON fhir_document (region_id, patient_id, created_at);   -- serves documents_of_patient
