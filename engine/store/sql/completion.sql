-- read_task_in_case --
-- A user task and the process variables around it: one question decides who may finish it, and with which form; and by
-- the number of the catalogue (read_catalogue_number) whether the decisions in memory are those of now.
SELECT t.id, t.revision, t.element_id, t.path, t.name, t.instance_id, t.wait_id, t.definition_key,
       t.definition_version, t.business_key, t.state::text, t.assignee, t.candidate_roles, t.candidate_users,
       t.organisation, t.created_at, t.window_from, t.due_at, t.until_at, t.priority, t.form, t.form_version, t.clock,
       t.draft, t.completed_at, t.completed_by, i.variables, i.given::text,
       (SELECT coalesce(max(p.id), 0) FROM deployment p)
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = %(region_id)s AND t.id = %(id)s

-- read_open_tasks_of --
-- What is to be done next in one instance, soonest due first. Created and claimed are the first two states; written as
-- IN the planner would, before there are statistics, look through the index of all open tasks.
SELECT t.id, t.revision, t.element_id, t.path, t.name, t.instance_id, t.wait_id, t.definition_key,
       t.definition_version, t.business_key, t.state::text, t.assignee, t.candidate_roles, t.candidate_users,
       t.organisation, t.created_at, t.window_from, t.due_at, t.until_at, t.priority, t.form, t.form_version, t.clock,
       t.draft, t.completed_at, t.completed_by
  FROM user_task t
 WHERE t.region_id = %(region_id)s AND t.instance_id = %(instance_id)s AND t.state <= 'claimed'
 ORDER BY coalesce(t.due_at, 'infinity'), t.created_at, t.id LIMIT 200
