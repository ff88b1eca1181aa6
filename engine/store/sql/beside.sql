-- add_handover --
-- Under the lock of the instance: numbers are without gaps.
INSERT INTO user_task_handover (region_id, user_task_id, number, instance_id, held_by, given_to, reason, goes_back, at,
                                by)
SELECT %(region_id)s, %(task_id)s, coalesce(max(h.number), 0) + 1, %(instance_id)s, %(held_by)s, %(given_to)s, %(reason)s,
       %(goes_back)s, %(at)s, %(by)s
  FROM user_task_handover h WHERE h.region_id = %(region_id)s AND h.user_task_id = %(task_id)s

-- read_lender --
-- Whose a task is again when this person gives it up: the last handover was to him, and said so.
SELECT l.held_by FROM (
    SELECT h.held_by, h.given_to, h.goes_back FROM user_task_handover h
     WHERE h.region_id = %(region_id)s AND h.user_task_id = %(task_id)s ORDER BY h.number DESC LIMIT 1) l
 WHERE l.goes_back AND l.given_to = %(assignee)s

-- add_comment --
INSERT INTO user_task_comment (region_id, user_task_id, number, instance_id, body, at, by)
SELECT %(region_id)s, %(task_id)s, coalesce(max(c.number), 0) + 1, %(instance_id)s, %(body)s, %(at)s, %(by)s
  FROM user_task_comment c WHERE c.region_id = %(region_id)s AND c.user_task_id = %(task_id)s
RETURNING number

-- add_attachment --
INSERT INTO user_task_attachment (region_id, id, user_task_id, number, instance_id, title, content_type, sha256, content, at, by)
VALUES (%(region_id)s, %(id)s, %(task_id)s, %(number)s, %(instance_id)s, %(title)s, %(content_type)s, %(sha256)s,
        %(content)s, %(at)s, %(by)s)

-- read_attachment_numbers --
SELECT a.id, a.number FROM user_task_attachment a
 WHERE a.region_id = %(region_id)s AND a.user_task_id = %(task_id)s ORDER BY a.number

-- read_comments --
SELECT c.number, c.body, c.at, c.by FROM user_task_comment c
 WHERE c.region_id = %(region_id)s AND c.user_task_id = %(task_id)s ORDER BY c.number

-- read_attachments --
SELECT a.id, a.number, a.title, a.content_type, a.sha256, length(a.content) AS size, a.at, a.by FROM user_task_attachment a
 WHERE a.region_id = %(region_id)s AND a.user_task_id = %(task_id)s ORDER BY a.number

-- read_attachment --
SELECT a.id, a.number, a.title, a.content_type, a.sha256, length(a.content) AS size, a.at, a.by, a.content
  FROM user_task_attachment a
 WHERE a.region_id = %(region_id)s AND a.user_task_id = %(task_id)s AND a.id = %(id)s

-- read_handovers --
SELECT h.number, h.held_by, h.given_to, h.reason, h.goes_back, h.at, h.by, h.seen_at FROM user_task_handover h
 WHERE h.region_id = %(region_id)s AND h.user_task_id = %(task_id)s ORDER BY h.number

-- read_unseen_handovers --
-- Of open tasks that are still this person's: the last time each was handed on.
SELECT DISTINCT ON (h.user_task_id) h.user_task_id, h.by, h.reason, h.at
  FROM user_task_handover h JOIN user_task t ON t.region_id = h.region_id AND t.id = h.user_task_id
 WHERE h.region_id = %(region_id)s AND h.given_to = %(login)s AND h.seen_at IS NULL
   AND t.assignee = %(login)s AND t.state IN ('created', 'claimed')
 ORDER BY h.user_task_id, h.number DESC

-- see_handovers --
UPDATE user_task_handover SET seen_at = %(now)s
 WHERE region_id = %(region_id)s AND user_task_id = %(task_id)s AND given_to = %(login)s AND seen_at IS NULL
