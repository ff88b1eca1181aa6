-- create_replay_step --
-- The recorded parameters of every step, read by pgbench's client number and its own count.
CREATE TABLE replay_step (
    client integer, step integer, task_id uuid,
    region_id text, instance_id uuid, revision integer, status text, codec smallint, state bytea, written jsonb,
    at timestamptz, by text, rows jsonb,
    source text, engine_owned boolean, resources jsonb,
    PRIMARY KEY (client, step)
)

-- insert_replay_step --
INSERT INTO replay_step
VALUES (%(client)s, %(step)s, %(task_id)s,
    %(region_id)s, %(instance_id)s, %(revision)s, %(status)s, %(codec)s, %(state)s, %(written)s,
    %(at)s, %(by)s, %(rows)s,
    %(source)s, %(engine_owned)s, %(resources)s)
