-- return_births --
-- Individual return of births: one row for each child, of the institutions that may be known of.
SELECT i.variables ->> 'hospital_organisation' AS organisation, i.variables ->> 'pregnancy_id' AS pregnancy_id,
       civil_date(i.variables ->> 'delivered_on') AS happened_on, (f.child ->> 'order')::integer AS child,
       f.child ->> 'outcome' AS outcome, f.child ->> 'sex' AS sex, (f.child ->> 'weight_g')::integer AS weight_g,
       i.variables ->> 'edd' AS edd, i.variables ->> 'colour' AS colour,
       (SELECT a #>> '{valueCoding,code}' FROM stored_forms(%(region_id)s, i.variables ->> 'pregnancy_id', 'delivery') d
         CROSS JOIN LATERAL form_answers(d.body, 'delivery_mode') a ORDER BY d.updated_at DESC LIMIT 1) AS mode,
       (SELECT string_agg(a ->> 'valueString', '；') FROM (
          SELECT a FROM stored_forms(%(region_id)s, i.variables ->> 'pregnancy_id', 'delivery') d
           CROSS JOIN LATERAL form_answers(d.body, 'defect_text') a ORDER BY d.updated_at DESC) s) AS defect
  FROM instance i CROSS JOIN LATERAL jsonb_array_elements(i.variables -> 'fetuses') f (child)
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
   AND jsonb_typeof(i.variables -> 'fetuses') = 'array'
   AND civil_date(i.variables ->> 'delivered_on') BETWEEN %(first)s AND %(last)s
   AND i.variables ->> 'hospital_organisation' = ANY(%(organisations)s)
 ORDER BY happened_on, pregnancy_id, child;

-- return_deaths --
-- Individual return of mothers who died, with what the last review says.
SELECT i.variables ->> 'hospital_organisation' AS organisation, i.variables ->> 'pregnancy_id' AS pregnancy_id,
       civil_date(i.variables ->> 'ended_on') AS happened_on,
       (SELECT a #>> '{valueCoding,code}' FROM stored_forms(%(region_id)s, i.variables ->> 'pregnancy_id', 'death-report') d
         CROSS JOIN LATERAL form_answers(d.body, 'cause_class') a ORDER BY d.updated_at DESC LIMIT 1) AS cause,
       (SELECT a #>> '{valueCoding,code}' FROM stored_forms(%(region_id)s, i.variables ->> 'pregnancy_id', 'death-review') d
         CROSS JOIN LATERAL form_answers(d.body, 'avoidable') a ORDER BY d.updated_at DESC LIMIT 1) AS avoidable
  FROM instance i
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
   AND i.variables ->> 'end_code' = 'ended.maternal_death'
   AND civil_date(i.variables ->> 'ended_on') BETWEEN %(first)s AND %(last)s
   AND i.variables ->> 'hospital_organisation' = ANY(%(organisations)s)
 ORDER BY happened_on, pregnancy_id;

-- return_newborn_deaths --
-- Individual return of children who died in the first 28 days, as the form of a newborn's death says.
SELECT i.variables ->> 'hospital_organisation' AS organisation, i.variables ->> 'pregnancy_id' AS pregnancy_id,
       civil_date(coalesce(a ->> 'valueDateTime', a ->> 'valueDate')) AS happened_on,
       (SELECT k ->> 'valueInteger' FROM form_answers(d.body, 'child_order') k LIMIT 1)::integer AS child,
       (SELECT r ->> 'valueString' FROM form_answers(d.body, 'icd10') r LIMIT 1) AS cause
  FROM instance i
 CROSS JOIN LATERAL stored_forms(%(region_id)s, i.variables ->> 'pregnancy_id', 'newborn-death') d
 CROSS JOIN LATERAL form_answers(d.body, 'child_died_at') a
 WHERE i.region_id = %(region_id)s AND i.definition_key = 'pregnancy_journey'
   AND civil_date(coalesce(a ->> 'valueDateTime', a ->> 'valueDate')) BETWEEN %(first)s AND %(last)s
   AND i.variables ->> 'hospital_organisation' = ANY(%(organisations)s)
 ORDER BY happened_on, pregnancy_id, child;
