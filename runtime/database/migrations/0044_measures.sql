-- Measures against mother-to-child transmission, hearing, newborn deaths, severe defects, caesareans of every kind of
-- birth record, and popular science: what the forms hold is counted, by parts of the indicators of journey §10.2.

-- How a woman gave birth, whoever recorded it: the birth record, the two hours after it, the emergency caesarean, or a
-- hospital system's procedure (ICD-9-CM-3 72-74, SNOMED CT). `indicated`: false where the record says that no medical
-- reason was there, null where nobody said.
CREATE FUNCTION birth_mode(p_region text, p_pregnancy text) RETURNS TABLE (mode text, indicated boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
WITH told AS (
    SELECT 1 AS rank, f.updated_at,
           (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'delivery_mode') a LIMIT 1) AS mode,
           (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'cs_reason') a LIMIT 1) AS reason
      FROM stored_forms(p_region, p_pregnancy, 'delivery') f
    UNION ALL
    SELECT 2, f.updated_at, (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'birth_mode') a LIMIT 1), NULL
      FROM stored_forms(p_region, p_pregnancy, 'birth-observation') f
    UNION ALL
    SELECT 3, f.updated_at, 'cs', 'yes' FROM stored_forms(p_region, p_pregnancy, 'cs-times') f
    UNION ALL
    SELECT 4, r.updated_at,
           CASE WHEN c.code LIKE '74.%' OR c.code = '11466000' THEN 'cs'
                WHEN c.code LIKE '72.%' OR c.code LIKE '73.%' THEN 'other' END, NULL
      FROM resource r
      JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
     CROSS JOIN LATERAL (SELECT jsonb_path_query(x.body::jsonb, '$.code.coding[*].code') #>> '{}' AS code) c
     WHERE r.region_id = p_region AND r.type = 'Procedure' AND r.episode_id = p_pregnancy AND NOT r.deleted
       AND x.body LIKE '%"status":"completed"%'
)
SELECT t.mode, CASE t.reason WHEN 'yes' THEN true WHEN 'none' THEN false END
  FROM told t WHERE t.mode IS NOT NULL ORDER BY t.rank, t.updated_at DESC LIMIT 1
$$;

CREATE FUNCTION measure_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date,
               numerator integer, denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
WITH birth AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables ->> 'home_organisation' AS home,
           i.variables ->> 'hospital_organisation' AS hospital, civil_date(i.variables ->> 'delivered_on') AS delivered_on,
           CASE WHEN length(i.variables ->> 'delivered_at') >= 16 THEN (i.variables ->> 'delivered_at')::timestamptz END AS delivered_at,
           b.born, b.born_alive, b.died,
           coalesce((i.variables #>> '{policy,pmtct,child_hbig_within}')::interval, '12 hours') AS hbig_within,
           coalesce((i.variables #>> '{policy,newborn,vaccine_within}')::interval, '24 hours') AS vaccine_within,
           ARRAY(SELECT DISTINCT e FROM instance n
                  CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(n.variables -> 'infections') = 'array'
                                                                    THEN n.variables -> 'infections' ELSE '[]' END) e
                  WHERE n.region_id = p_region AND n.business_key = i.business_key
                    AND n.definition_key IN ('pregnancy_journey', 'newborns')) AS infections,
           ARRAY(SELECT DISTINCT e FROM instance n
                  CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(n.variables -> 'infections_tested') = 'array'
                                                                    THEN n.variables -> 'infections_tested' ELSE '[]' END) e
                  WHERE n.region_id = p_region AND n.business_key = i.business_key
                    AND n.definition_key IN ('pregnancy_journey', 'newborns')) AS tested
      FROM instance i
     CROSS JOIN LATERAL (
        SELECT count(*)::integer AS born,
               (count(*) FILTER (WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')))::integer AS born_alive,
               (count(*) FILTER (WHERE f ->> 'outcome' = 'neonatal_death'))::integer AS died
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array'
                                         THEN i.variables -> 'fetuses' ELSE '[]' END) f) b
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void' AND i.variables ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
       AND civil_date(i.variables ->> 'delivered_on') BETWEEN p_from AND p_to
), mother AS MATERIALIZED (              -- what was done for her against each infection, the best that is on record
    SELECT b.id, said.infection,
           bool_or(said.treatment IN ('started', 'ongoing', 'completed')) AS treated,
           bool_or(said.treatment = 'not_needed') AS not_needed, bool_or(said.treatment = 'declined') AS declined
      FROM birth b
     CROSS JOIN LATERAL (
        SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'infection') a LIMIT 1) AS infection,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'treatment') a LIMIT 1) AS treatment
          FROM stored_forms(p_region, b.pregnancy_id, 'pmtct-mother') f) said
     WHERE cardinality(b.infections) > 0
     GROUP BY b.id, said.infection
), child AS MATERIALIZED (               -- what was done for each child, and when
    SELECT b.id, said.infection, said.step, said.number, min(said.done_at) AS done_at
      FROM birth b
     CROSS JOIN LATERAL (
        SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'infection') a LIMIT 1) AS infection,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'step') a LIMIT 1) AS step,
               (SELECT a #>> '{valueInteger}' FROM form_answers(f.body, 'child_order') a LIMIT 1) AS number,
               (SELECT (a #>> '{valueDateTime}')::timestamptz FROM form_answers(f.body, 'done_at') a LIMIT 1) AS done_at
          FROM stored_forms(p_region, b.pregnancy_id, 'pmtct-child') f) said
     WHERE cardinality(b.infections) > 0 AND b.born_alive > 0
     GROUP BY b.id, said.infection, said.step, said.number
), done AS MATERIALIZED (                -- the same, counted per woman
    SELECT b.id, m.indicator, m.infection, least(coalesce(d.done, 0), b.born_alive) AS done,
           least(coalesce(d.late, 0), b.born_alive) AS late, least(coalesce(d.unneeded, 0), b.born_alive) AS unneeded
      FROM birth b
     CROSS JOIN (VALUES ('I-22b', 'hiv', 'arv'), ('I-22d', 'syphilis', 'penicillin'), ('I-22e', 'hbv', 'hbig_vaccine'))
           AS m (indicator, infection, step)
      LEFT JOIN LATERAL (
        SELECT (count(*) FILTER (WHERE c.step = m.step AND t.in_time))::integer AS done,
               (count(*) FILTER (WHERE c.step = m.step AND NOT t.in_time))::integer AS late,
               (count(*) FILTER (WHERE c.step = 'not_needed'))::integer AS unneeded
          FROM child c
         CROSS JOIN LATERAL (SELECT m.infection <> 'hbv' OR coalesce(c.done_at <= b.delivered_at + b.hbig_within, false) AS in_time) t
         WHERE c.id = b.id AND c.infection = m.infection) d ON true
     WHERE m.infection = ANY(b.infections) AND b.born_alive > 0
)
SELECT 'I-22', b.id, b.pregnancy_id, b.home, b.delivered_on, t.whole::integer, 1,
       CASE WHEN NOT t.whole THEN 'not_tested' END, false, NULL::numeric
  FROM birth b CROSS JOIN LATERAL (SELECT b.tested @> ARRAY['hiv', 'syphilis', 'hbv'] AS whole) t
UNION ALL
SELECT m.indicator, b.id, b.pregnancy_id, b.home, b.delivered_on, coalesce(s.treated, false)::integer,
       (coalesce(s.treated, false) OR NOT coalesce(s.not_needed, false))::integer,
       CASE WHEN s.treated THEN NULL WHEN s.not_needed THEN 'treatment_not_needed' WHEN s.declined THEN 'declined'
            ELSE 'not_treated' END, true, NULL
  FROM birth b
 CROSS JOIN (VALUES ('I-22a', 'hiv'), ('I-22c', 'syphilis')) AS m (indicator, infection)
  LEFT JOIN mother s ON s.id = b.id AND s.infection = m.infection
 WHERE m.infection = ANY(b.infections)
UNION ALL
SELECT d.indicator, b.id, b.pregnancy_id, b.home, b.delivered_on, d.done, greatest(b.born_alive - d.unneeded, d.done),
       CASE WHEN d.done >= b.born_alive THEN NULL WHEN d.late > 0 AND b.delivered_at IS NULL THEN 'birth_time_missing'
            WHEN d.late > 0 THEN 'given_late' WHEN d.unneeded > 0 THEN 'treatment_not_needed' ELSE 'not_given' END, true, NULL
  FROM done d JOIN birth b ON b.id = d.id
UNION ALL
SELECT 'I-22f', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(v.in_time, b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN v.in_time >= b.born_alive THEN NULL
            WHEN v.known > v.in_time AND b.delivered_at IS NULL THEN 'birth_time_missing'
            WHEN v.known > v.in_time THEN 'given_late' ELSE 'not_given' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT g.number)::integer AS known,
                            (count(DISTINCT g.number) FILTER (WHERE g.given_at <= b.delivered_at + b.vaccine_within))::integer AS in_time
                       FROM (SELECT (SELECT a #>> '{valueInteger}' FROM form_answers(f.body, 'child_order') a LIMIT 1) AS number,
                                    (a #>> '{valueDateTime}')::timestamptz AS given_at
                               FROM stored_forms(p_region, b.pregnancy_id, 'newborn-care') f
                              CROSS JOIN LATERAL form_answers(f.body, 'hepb_at') a
                             UNION ALL
                             SELECT c.number, c.done_at FROM child c WHERE c.id = b.id AND c.step = 'hbig_vaccine') g) v
UNION ALL
SELECT 'I-24a', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(s.children, b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN s.children < b.born_alive THEN 'hearing_not_screened' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT k #>> '{valueInteger}')::integer AS children
                       FROM stored_forms(p_region, b.pregnancy_id, 'newborn-screening') f
                      CROSS JOIN LATERAL form_answers(f.body, 'hearing_screen') a
                      CROSS JOIN LATERAL form_answers(f.body, 'child_order') k
                      WHERE b.born_alive > 0 AND a #>> '{valueCoding,code}' IN ('passed', 'failed')) s
UNION ALL
-- A newborn's death counts with its birth: the record of the birth says it, or the report of the death within 28 days.
SELECT 'I-02a', b.id, b.pregnancy_id, b.home, b.delivered_on, least(greatest(b.died, d.reported), b.born_alive), b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN greatest(b.died, d.reported) > 0 THEN 'newborn_died' END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT count(DISTINCT k #>> '{valueInteger}')::integer AS reported
                       FROM stored_forms(p_region, b.pregnancy_id, 'newborn-death') f
                      CROSS JOIN LATERAL form_answers(f.body, 'child_order') k
                      CROSS JOIN LATERAL form_answers(f.body, 'child_died_at') a
                      WHERE civil_date(a #>> '{valueDateTime}') < b.delivered_on + 28) d
UNION ALL
SELECT 'I-28', b.id, b.pregnancy_id, b.hospital, b.delivered_on, least(s.severe, b.born), CASE WHEN s.open > 0 THEN s.severe ELSE b.born END,
       CASE WHEN s.open > 0 THEN 'severity_not_recorded' WHEN b.born = 0 THEN 'births_not_recorded' WHEN s.severe > 0 THEN 'severe_defect' END,
       false, NULL
  FROM birth b
 CROSS JOIN LATERAL (
    SELECT coalesce(sum((c.severe = 'yes')::integer), 0)::integer AS severe,
           coalesce(sum((c.defect = 'yes' AND coalesce(c.severe, '') NOT IN ('yes', 'none'))::integer), 0)::integer AS open
      FROM (SELECT f.body FROM stored_forms(p_region, b.pregnancy_id, 'delivery') f ORDER BY f.updated_at DESC LIMIT 1) last
     CROSS JOIN LATERAL jsonb_path_query(last.body, 'strict $.** ? (@.linkId == "fetus")') fetus   -- lax finds each twice
     CROSS JOIN LATERAL (SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(fetus, 'defect') a LIMIT 1) AS defect,
                                (SELECT a #>> '{valueCoding,code}' FROM form_answers(fetus, 'defect_severe') a LIMIT 1) AS severe) c) s
UNION ALL
SELECT 'I-19', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (coalesce(m.mode = 'cs', false))::integer, (m.mode IS NOT NULL)::integer,
       CASE WHEN m.mode IS NULL THEN 'mode_not_recorded' WHEN m.mode <> 'cs' THEN 'other_mode' END, false, NULL
  FROM birth b LEFT JOIN LATERAL birth_mode(p_region, b.pregnancy_id) m ON true
UNION ALL
SELECT 'I-19a', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (m.mode = 'cs' AND NOT m.indicated)::integer,
       (m.mode <> 'cs' OR m.indicated IS NOT NULL)::integer,
       CASE WHEN m.mode <> 'cs' THEN 'other_mode' WHEN m.indicated IS NULL THEN 'indication_not_recorded'
            WHEN m.indicated THEN 'medical_indication' END, false, NULL
  FROM birth b JOIN LATERAL birth_mode(p_region, b.pregnancy_id) m ON true
UNION ALL
-- Works of a quarter as noted with the duty: each adds to the numerator; `value` is how often each was read on average.
SELECT 'I-30', t.instance_id, NULL, t.organisation, (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date, coalesce(w.works, 0), 0,
       CASE WHEN w.works IS NULL THEN 'works_not_recorded' END, false, w.reads
  FROM user_task t
  JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id AND i.variables #>> '{duty,code}' = 'popular_science'
  LEFT JOIN LATERAL (
    SELECT (SELECT (a #>> '{valueInteger}')::integer FROM form_answers(q.body::jsonb, 'works_count') a LIMIT 1) AS works,
           (SELECT (a #>> '{valueInteger}')::numeric FROM form_answers(q.body::jsonb, 'reads_average') a LIMIT 1) AS reads
      FROM resource r
      JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
     CROSS JOIN LATERAL (SELECT split_part(jsonb_path_query_first(x.body::jsonb, '$.output[*].valueReference.reference') #>> '{}', '/', 2) AS id) said
      JOIN resource a ON a.region_id = p_region AND a.type = 'QuestionnaireResponse' AND a.id = said.id AND NOT a.deleted
      JOIN resource_version q ON q.region_id = a.region_id AND q.type = a.type AND q.id = a.id AND q.version = a.version
     WHERE r.region_id = p_region AND r.type = 'Task' AND r.id = t.id::text) w ON true
 WHERE t.region_id = p_region AND t.element_id = 'task_duty' AND t.state = 'completed'
   AND (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$$;

-- Every row of every indicator; the caesarean rate is the one that knows every kind of birth record.
CREATE FUNCTION every_indicator_row(p_region text, p_from date, p_to date, p_now timestamptz, p_ddi integer)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer,
               denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT c.indicator, c.instance_id, c.pregnancy_id, c.organisation, c.happened_on, c.numerator, c.denominator, c.reason,
       c.protected, c.value FROM counted_indicator_rows(p_region, p_from, p_to, p_now, p_ddi) c WHERE c.indicator <> 'I-19'
UNION ALL
SELECT m.indicator, m.instance_id, m.pregnancy_id, m.organisation, m.happened_on, m.numerator, m.denominator, m.reason,
       m.protected, m.value FROM measure_indicator_rows(p_region, p_from, p_to, p_now) m
$$;
