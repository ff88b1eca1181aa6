-- put_submitted_report --
-- Nothing where the period has been handed in already, or what is replaced has been replaced.
INSERT INTO submitted_report (region_id, id, first, last, organisation, due_on, submitted_at, submitted_by, submitter, replaces, reason)
VALUES (%(region_id)s, %(id)s, %(first)s, %(last)s, %(organisation)s, %(due_on)s, %(submitted_at)s, %(submitted_by)s,
        %(submitter)s, %(replaces)s, %(reason)s)
ON CONFLICT DO NOTHING;

-- put_submitted_measure --
INSERT INTO submitted_measure (region_id, id, report_id, indicator, body)
VALUES (%(region_id)s, %(id)s, %(report_id)s, %(indicator)s, %(body)s);

-- submitted_reports --
-- One, or all, the newest first; `replaced_by`: what stands instead.
SELECT r.id, r.first, r.last, r.organisation, r.due_on, r.submitted_at, r.submitted_by, r.submitter, r.replaces, r.reason,
       (SELECT n.id FROM submitted_report n WHERE n.region_id = r.region_id AND n.replaces = r.id) AS replaced_by
  FROM submitted_report r
 WHERE r.region_id = %(region_id)s AND (%(id)s::uuid IS NULL OR r.id = %(id)s)
 ORDER BY r.submitted_at DESC, r.id LIMIT 300;

-- submitted_measures --
-- As they were handed in: one, those of a report, of an indicator, of a span of days; newest first.
SELECT m.id, m.report_id, m.indicator, m.body, r.organisation
  FROM submitted_measure m JOIN submitted_report r ON r.region_id = m.region_id AND r.id = m.report_id
 WHERE m.region_id = %(region_id)s AND (%(id)s::uuid IS NULL OR m.id = %(id)s)
   AND (%(report_id)s::uuid IS NULL OR m.report_id = %(report_id)s)
   AND (%(indicator)s::text IS NULL OR m.indicator = %(indicator)s)
   AND (%(first)s::date IS NULL OR r.last >= %(first)s) AND (%(last)s::date IS NULL OR r.first <= %(last)s)
   AND (%(organisations)s::text[] IS NULL OR r.organisation = ANY (%(organisations)s))
 ORDER BY r.submitted_at DESC, m.indicator, m.id LIMIT %(count)s OFFSET %(offset)s;
