-- lock_instance --
-- The row lock of the instance comes first in every transaction that moves it.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text, i.revision, i.state, i.variables,
       i.given::text, i.pins, i.started_at
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.id = %(instance_id)s
   FOR UPDATE

-- lock_for_user_task --
-- Instance and task in one round trip. Both are locked, so both are the newest after a wait; rows are locked in the
-- order of FROM: the instance first. Its id comes from a subquery: as a join, the planner of a young database would look
-- the task up by instance.
SELECT i.id, i.definition_key, i.definition_version, i.business_key, i.status::text, i.revision, i.state, i.variables,
       i.given::text, i.pins, i.started_at,
       t.id, t.wait_id, t.state::text, t.revision, t.assignee, t.created_at, t.completed_at, t.completed_by
  FROM instance i, user_task t
 WHERE i.region_id = %(region_id)s AND t.region_id = %(region_id)s AND t.id = %(task_id)s
   AND i.id = (SELECT u.instance_id FROM user_task u WHERE u.region_id = %(region_id)s AND u.id = %(task_id)s)
   FOR UPDATE OF i, t

-- read_task_heads --
-- What the state does not know of user tasks: who holds them, since when, with what typed already.
SELECT t.id, t.wait_id, t.state::text, t.revision, t.assignee, t.created_at, t.completed_at, t.completed_by, t.draft
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.id = ANY(%(ids)s)

-- save_step --
SELECT save_step(%(region_id)s, %(instance_id)s, %(revision)s, %(status)s::instance_status, %(codec)s::smallint,
                 %(state)s, %(written)s::jsonb, %(at)s, %(by)s, %(rows)s::jsonb)

-- start_instance --
SELECT start_instance(%(region_id)s, %(instance_id)s, %(key)s, %(version)s, %(business_key)s,
                      %(status)s::instance_status, %(codec)s::smallint, %(state)s, %(variables)s::jsonb,
                      %(given)s::jsonb, %(pins)s::jsonb, %(at)s, %(by)s, %(rows)s::jsonb)

-- change_user_task --
-- Taking or giving back.
UPDATE user_task SET state = %(state)s::user_task_state, assignee = %(assignee)s, revision = revision + 1
 WHERE region_id = %(region_id)s AND id = %(task_id)s

-- save_draft --
-- A draft is nobody else's business: the task's revision stays.
UPDATE user_task SET draft = %(draft)s WHERE region_id = %(region_id)s AND id = %(task_id)s

-- read_draft --
SELECT draft FROM user_task WHERE region_id = %(region_id)s AND id = %(task_id)s

-- find_answer --
SELECT request_hash, answer FROM idempotency
 WHERE region_id = %(region_id)s AND client = %(client)s AND key = %(key)s

-- keep_answer --
INSERT INTO idempotency (region_id, client, key, request_hash, answer)
VALUES (%(region_id)s, %(client)s, %(key)s, %(request_hash)s, %(answer)s::jsonb)
