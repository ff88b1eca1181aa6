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
