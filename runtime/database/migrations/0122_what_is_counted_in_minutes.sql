-- What has to be done within the hour stands above every list, however long the list is.
CREATE INDEX user_task_hurried_idx ON user_task (region_id, due_at)  -- serves where_hurried
 WHERE state IN ('created', 'claimed') AND due_at - created_at <= interval '1 hour';
