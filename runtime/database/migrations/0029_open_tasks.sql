-- What comes next in a case is asked after every completion, and costs the same however many tasks are over.
CREATE INDEX user_task_instance_open_idx ON user_task (region_id, instance_id)
 WHERE instance_id IS NOT NULL AND state IN ('created', 'claimed');
