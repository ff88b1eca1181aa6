-- A step among a million live cases touches pages that nobody touched since the last checkpoint, and each goes whole into
-- the log. Two of eight are not needed: the outbox is read in the order of time alone, and one index serves both what a
-- case waits for and what is open of it.
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey, ADD CONSTRAINT outbox_pkey PRIMARY KEY (region_id, at, instance_id, revision);
DROP INDEX outbox_order_idx;

DROP INDEX user_task_instance_idx, user_task_instance_open_idx;
CREATE INDEX user_task_instance_idx ON user_task (region_id, instance_id, wait_id, state) WHERE instance_id IS NOT NULL;
