-- Reminders by text message (M-20): whether a woman has agreed to them, said and taken back as often as she likes, and
-- which were sent. Numbers and texts stand in neither: the number is read from her record in the moment of sending.

CREATE TABLE text_consent (
    region_id   text NOT NULL,
    patient_id  text NOT NULL,
    number      integer NOT NULL CHECK (number > 0),   -- the first thing she said, the second …: the last one counts
    agreed      boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (region_id, patient_id, number)
);

CREATE TABLE text_sent (
    region_id    text NOT NULL,
    id           uuid NOT NULL,               -- the reminder's: what was sent is not sent again
    pregnancy_id text NOT NULL,
    due_on       date NOT NULL,               -- the visit's
    on_day       date NOT NULL,               -- of the reminder
    state        text NOT NULL CHECK (state IN ('trying', 'sent', 'refused', 'given up')),
    attempts     integer NOT NULL CHECK (attempts > 0),
    tried_at     timestamptz NOT NULL,
    problem      text,                        -- the kind of failure, never what the gateway said
    PRIMARY KEY (region_id, id)
);
CREATE INDEX text_sent_of_case_idx ON text_sent (region_id, pregnancy_id, on_day);  -- serves texts_of_case
