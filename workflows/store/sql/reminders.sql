-- visits_to_remind_of --
-- Open visits that are due on one of the days, of women whose pregnancy goes on or who have borne living children, none
-- of whom has died. Whatever ends a case or tells of a loss leaves nobody here in the same transaction.
SELECT t.id, t.element_id, t.business_key AS pregnancy_id, i.variables ->> 'patient_id' AS patient_id, t.organisation,
       (t.due_at AT TIME ZONE 'Asia/Shanghai')::date AS due_on
  FROM user_task t
  JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = %(region_id)s AND t.state IN ('created', 'claimed') AND t.element_id = ANY(%(elements)s)
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date = ANY(%(days)s)
   AND t.organisation = ANY(%(organisations)s)
   AND i.status = 'active' AND i.definition_key = 'pregnancy_journey'
   AND i.variables ->> 'end_code' IS NULL AND i.variables ->> 'ended_on' IS NULL
   AND coalesce(i.variables ->> 'outcome', 'live_birth') = 'live_birth'
   AND NOT EXISTS (SELECT FROM jsonb_array_elements(CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array'
                                                         THEN i.variables -> 'fetuses' ELSE '[]' END) f
                    WHERE f ->> 'outcome' <> 'live_birth')
   AND NOT EXISTS (SELECT FROM instance n WHERE n.region_id = t.region_id AND n.business_key = t.business_key
                      AND n.definition_key IN ('death_review', 'newborn_death_review'))
   AND NOT EXISTS (SELECT FROM user_task d WHERE d.region_id = t.region_id AND d.business_key = t.business_key
                      AND d.element_id = 'task_report_newborn_death')
   AND NOT EXISTS (SELECT FROM stored_forms(t.region_id, t.business_key, 'newborn-death'))
   AND NOT EXISTS (SELECT FROM stored_forms(t.region_id, t.business_key, 'newborn-died'))
 ORDER BY due_on, t.id LIMIT 5000;

-- text_consents --
-- Of these women, what each said last, under whichever of the records that have become one. Of two words of one moment
-- a refusal counts.
SELECT DISTINCT ON (w.id) w.id AS patient_id, c.agreed, c.recorded_at, c.recorded_by
  FROM (SELECT id, goes_now_by(%(region_id)s, 'patient', id) AS now FROM unnest(%(patients)s::text[]) AS id) w
  JOIN text_consent c ON c.region_id = %(region_id)s
   AND c.patient_id = ANY (w.now || ARRAY(
       SELECT o.old_id FROM merged_record o
        WHERE o.region_id = %(region_id)s AND o.kind = 'patient' AND o.survivor_id = w.now))
 ORDER BY w.id, c.recorded_at DESC, c.number DESC, c.agreed;

-- add_text_consent --
INSERT INTO text_consent (region_id, patient_id, number, agreed, recorded_at, recorded_by)
SELECT %(region_id)s, %(patient_id)s, coalesce(max(number), 0) + 1, %(agreed)s, %(now)s, %(by)s
  FROM text_consent WHERE region_id = %(region_id)s AND patient_id = %(patient_id)s;

-- hold_text --
-- Nobody else tries this reminder while the connection lives, however long its process stands still; a process that dies
-- lets it go.
SELECT pg_try_advisory_lock(hashtextextended('text' || chr(31) || %(region_id)s || chr(31) || %(id)s, 0)) AS is_held

-- let_text_go --
SELECT pg_advisory_unlock(hashtextextended('text' || chr(31) || %(region_id)s || chr(31) || %(id)s, 0))

-- take_text --
-- Try a reminder now, unless it was sent or is settled, or was tried within two minutes: the gateway is given that rest.
INSERT INTO text_sent AS t (region_id, id, pregnancy_id, due_on, on_day, state, attempts, tried_at)
VALUES (%(region_id)s, %(id)s, %(pregnancy_id)s, %(due_on)s, %(on_day)s, 'trying', 1, %(now)s)
ON CONFLICT (region_id, id) DO UPDATE SET attempts = t.attempts + 1, tried_at = %(now)s
 WHERE t.state = 'trying' AND t.tried_at < %(now)s - interval '2 minutes'
RETURNING attempts;

-- settle_text --
-- What became of this attempt; a later one's word stands.
UPDATE text_sent SET state = %(state)s, problem = %(problem)s
 WHERE region_id = %(region_id)s AND id = %(id)s AND attempts = %(attempts)s AND state = 'trying';

-- texts_of_case --
SELECT on_day, due_on, state FROM text_sent
 WHERE region_id = %(region_id)s AND pregnancy_id = %(pregnancy_id)s ORDER BY on_day DESC, id LIMIT 20;
