-- A task that is lent to a colleague goes back to whoever lent it.

ALTER TABLE user_task_handover ADD COLUMN goes_back boolean NOT NULL DEFAULT false;  -- given up again, it is `held_by`'s
