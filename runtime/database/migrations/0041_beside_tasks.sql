-- What people say to each other about a user task, what they put to it, and who handed it to whom. It belongs to the
-- instance's past: archived, swept and restored with it. The rows are added and never changed, but for `seen_at`.
CREATE TABLE user_task_comment (
    region_id    text NOT NULL,
    user_task_id uuid NOT NULL,
    number       integer NOT NULL CHECK (number > 0),    -- in sequence within the task
    instance_id  uuid NOT NULL,
    body         text NOT NULL CHECK (body <> ''),
    at           timestamptz NOT NULL,
    by           text NOT NULL,                          -- the account, as it stands in history
    PRIMARY KEY (region_id, user_task_id, number)
);
CREATE INDEX user_task_comment_instance_idx ON user_task_comment (region_id, instance_id);           -- serves archives

CREATE TABLE user_task_attachment (
    region_id    text NOT NULL,
    id           uuid NOT NULL,
    user_task_id uuid NOT NULL,
    number       integer NOT NULL CHECK (number > 0),
    instance_id  uuid NOT NULL,
    title        text NOT NULL CHECK (title <> ''),      -- may name a person: shown to who may see the task, and nowhere else
    content_type text NOT NULL,
    sha256       text NOT NULL,
    content      bytea NOT NULL,
    at           timestamptz NOT NULL,
    by           text NOT NULL,
    PRIMARY KEY (region_id, id),
    CONSTRAINT user_task_attachment_number_key UNIQUE (region_id, user_task_id, number)
);
ALTER TABLE user_task_attachment ALTER COLUMN content SET STORAGE EXTERNAL;   -- pictures and PDF are compressed already
CREATE INDEX user_task_attachment_instance_idx ON user_task_attachment (region_id, instance_id);     -- serves archives

CREATE TABLE user_task_handover (
    region_id    text NOT NULL,
    user_task_id uuid NOT NULL,
    number       integer NOT NULL CHECK (number > 0),
    instance_id  uuid NOT NULL,
    held_by      text,                                   -- whose it was; null: nobody's
    given_to     text NOT NULL,
    reason       text,
    at           timestamptz NOT NULL,
    by           text NOT NULL,
    seen_at      timestamptz,                            -- when who got it opened it first
    PRIMARY KEY (region_id, user_task_id, number)
);
CREATE INDEX user_task_handover_instance_idx ON user_task_handover (region_id, instance_id);         -- serves archives
CREATE INDEX user_task_handover_unseen_idx ON user_task_handover (region_id, given_to) WHERE seen_at IS NULL; -- serves the list
