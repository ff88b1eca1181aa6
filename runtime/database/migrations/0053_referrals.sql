-- Referrals between institutions: every step of both sides with its times, which is also what the other side is told;
-- and the keys by which this installation signs in elsewhere.

CREATE TABLE signing_key (
    region_id   text NOT NULL,
    kid         text NOT NULL,
    private_key text NOT NULL,                 -- PEM, P-384
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz,                   -- signs nothing any more; published until those who trust it have read anew
    PRIMARY KEY (region_id, kid)
);

CREATE TABLE referral_number (
    region_id text NOT NULL,
    on_day    date NOT NULL,
    last      integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (region_id, on_day)
);

CREATE TABLE referral_step (
    region_id    text NOT NULL,
    referral_no  text NOT NULL,
    centre_no    integer NOT NULL CHECK (centre_no > 0),   -- the first institution asked, the second …
    step         text NOT NULL CHECK (step IN ('requested', 'received', 'accepted', 'refused', 'departed', 'arrived',
                                               'returned', 'no-show', 'withdrawn')),
    instance_id  uuid NOT NULL,
    patient_id   text,
    organisation text,                         -- whose step it was
    by           text NOT NULL,
    counterpart  text,                         -- the other side
    happened_at  timestamptz NOT NULL,         -- as whoever did it says
    recorded_at  timestamptz NOT NULL,         -- here
    body         jsonb NOT NULL,               -- the resources as they stood with this step
    state        text NOT NULL CHECK (state IN ('kept', 'waiting', 'sent', 'refused')),
    attempts     integer NOT NULL DEFAULT 0,
    due_at       timestamptz,
    told_at      timestamptz,                  -- the other side has it
    problem      text,
    PRIMARY KEY (region_id, referral_no, centre_no, step),
    CONSTRAINT referral_step_waits_until_due CHECK ((state = 'waiting') = (due_at IS NOT NULL))
);
CREATE INDEX referral_step_due_idx ON referral_step (region_id, due_at) WHERE state = 'waiting';      -- serves next_to_tell
CREATE INDEX referral_step_instance_idx ON referral_step (region_id, instance_id);                    -- serves steps_of_instance
CREATE INDEX referral_step_recent_idx ON referral_step (region_id, recorded_at) WHERE step = 'requested'; -- serves recent
