-- note_step --
-- A step of a referral, once; it waits to be told where the other side has an installation of its own.
INSERT INTO referral_step (region_id, referral_no, centre_no, step, instance_id, patient_id, organisation, by, counterpart,
                           happened_at, recorded_at, body, state, due_at)
SELECT %(region_id)s, %(referral_no)s, %(centre_no)s, %(step)s, %(instance_id)s, %(patient_id)s, %(organisation)s, %(by)s,
       %(counterpart)s, %(happened_at)s, %(recorded_at)s, %(body)s, CASE WHEN p.told THEN 'waiting' ELSE 'kept' END,
       CASE WHEN p.told THEN %(recorded_at)s::timestamptz END
  FROM (SELECT %(ours)s AND EXISTS (
               SELECT FROM institution_record r
                WHERE r.region_id = %(region_id)s AND r.organisation = %(counterpart)s AND r.kind = 'fhir_partner'
                  AND r.withdrawn_at IS NULL) AS told) p
ON CONFLICT DO NOTHING

-- counterparts_due --
-- To whom something may be told now, the longest waiting first.
SELECT counterpart FROM referral_step
 WHERE region_id = %(region_id)s AND state = 'waiting' AND due_at <= %(now)s
 GROUP BY counterpart ORDER BY min(due_at), counterpart

-- hold_counterpart --
SELECT pg_try_advisory_lock(hashtextextended('counterpart' || chr(31) || %(region_id)s || chr(31) || %(counterpart)s, 0))

-- leave_counterpart --
SELECT pg_advisory_unlock(hashtextextended('counterpart' || chr(31) || %(region_id)s || chr(31) || %(counterpart)s, 0))

-- next_to_tell --
-- The next step that may be told to a counterpart now: of one referral in order.
SELECT s.referral_no, s.centre_no, s.step, s.instance_id, s.patient_id, s.organisation, s.by, s.counterpart, s.happened_at,
       s.recorded_at, s.body, s.state, s.attempts, s.due_at, s.told_at, s.problem
  FROM referral_step s
 WHERE s.region_id = %(region_id)s AND s.state = 'waiting' AND s.due_at <= %(now)s
   AND s.counterpart IS NOT DISTINCT FROM %(counterpart)s
   AND NOT EXISTS (
       SELECT FROM referral_step e
        WHERE e.region_id = s.region_id AND e.referral_no = s.referral_no AND e.state = 'waiting'
          AND (e.recorded_at, e.centre_no, array_position(%(order)s::text[], e.step))
            < (s.recorded_at, s.centre_no, array_position(%(order)s::text[], s.step)))
 ORDER BY s.due_at, s.referral_no
 LIMIT 1

-- settle_step --
-- What came of telling it.
UPDATE referral_step SET state = %(state)s, attempts = %(attempts)s, due_at = %(due_at)s, told_at = %(told_at)s,
                         problem = %(problem)s
 WHERE region_id = %(region_id)s AND referral_no = %(referral_no)s AND centre_no = %(centre_no)s AND step = %(step)s

-- rest_of_counterpart --
-- Nobody answered there: the other steps for it wait as well, so that none stands in the way of other partners.
UPDATE referral_step SET due_at = %(due_at)s
 WHERE region_id = %(region_id)s AND state = 'waiting' AND counterpart IS NOT DISTINCT FROM %(counterpart)s AND due_at < %(due_at)s

-- steps --
-- A referral, step by step.
SELECT referral_no, centre_no, step, instance_id, patient_id, organisation, by, counterpart, happened_at, recorded_at, body,
       state, attempts, due_at, told_at, problem
  FROM referral_step
 WHERE region_id = %(region_id)s AND referral_no = %(referral_no)s
 ORDER BY recorded_at, centre_no, array_position(%(order)s::text[], step)

-- instance_of --
-- The process of a referral here.
SELECT instance_id FROM referral_step WHERE region_id = %(region_id)s AND referral_no = %(referral_no)s LIMIT 1

-- recent --
-- Referrals that one of these institutions sends or receives, the newest first.
SELECT q.referral_no, q.centre_no, q.patient_id, q.organisation, q.counterpart, q.happened_at, l.step, l.happened_at AS at
  FROM referral_step q
  JOIN LATERAL (SELECT s.step, s.happened_at FROM referral_step s
                 WHERE s.region_id = q.region_id AND s.referral_no = q.referral_no
                 ORDER BY s.centre_no DESC, array_position(%(order)s::text[], s.step) DESC LIMIT 1) l ON true
 WHERE q.region_id = %(region_id)s AND q.step = 'requested'
   AND (q.organisation = ANY (%(organisations)s::text[]) OR q.counterpart = ANY (%(organisations)s::text[]))
 ORDER BY q.recorded_at DESC LIMIT %(limit)s
