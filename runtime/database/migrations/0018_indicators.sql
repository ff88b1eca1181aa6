-- Indicators, counted from what is recorded: one row for each woman, birth, report or referral that an indicator looks
-- at, so that a number and the list behind it cannot differ. Definitions: workflows/indicators/definitions.yaml.

-- A date in China from what variables hold: a date or an instant as text; null for anything else.
CREATE FUNCTION civil_date(p_text text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN p_text ~ '^\d{4}-\d{2}-\d{2}$' THEN p_text::date
            WHEN p_text ~ '^\d{4}-\d{2}-\d{2}T' THEN (p_text::timestamptz AT TIME ZONE 'Asia/Shanghai')::date END
$$;

-- Every answer to one item of a stored form, wherever it stands in its groups.
CREATE FUNCTION form_answers(p_body jsonb, p_link text) RETURNS SETOF jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_path_query(p_body, '$.** ? (@.linkId == $link).answer[*]', jsonb_build_object('link', p_link))
$$;

-- What the indicators look at in a period, both days included. `numerator` and `denominator` are what a row adds to
-- each; a row that adds to neither was left out for its `reason`, one that adds to the denominator alone is not met for
-- it. `protected`: she is here only because of the infectious-disease flag. `value`: minutes, where a time is measured.
-- `p_ddi`: within how many minutes an emergency caesarean should be done.
CREATE FUNCTION indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz, p_ddi integer)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date,
               numerator integer, denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE AS $$
WITH woman AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables AS v,
           i.variables ->> 'home_organisation' AS home, i.variables ->> 'hospital_organisation' AS hospital,
           civil_date(i.variables ->> 'registered_on') AS registered_on,
           civil_date(i.variables ->> 'screened_on') AS screened_on,
           civil_date(i.variables ->> 'delivered_on') AS delivered_on,
           civil_date(i.variables ->> 'discharged_at') AS discharged_on,
           civil_date(i.variables ->> 'visited_on') AS visited_on,
           civil_date(i.variables ->> 'checked_on') AS checked_on,
           civil_date(i.variables ->> 'ended_on') AS ended_on, i.variables ->> 'end_code' AS end_code,
           CASE WHEN jsonb_typeof(i.variables -> 'visits') = 'array' THEN jsonb_array_length(i.variables -> 'visits') ELSE 0 END AS visits,
           (SELECT count(*)::integer FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(i.variables -> 'fetuses') = 'array' THEN i.variables -> 'fetuses' ELSE '[]' END) f
             WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')) AS born_alive
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void'
), grading AS MATERIALIZED (
    SELECT w.id, g.number, civil_date(g.said ->> 'graded_at') AS graded_on,
           g.said ->> 'colour' = ANY(c.colours) AS by_colour,
           coalesce((g.said ->> 'purple')::boolean, false) AND 'purple' = ANY(c.colours) AS by_purple
      FROM woman w
     CROSS JOIN LATERAL (SELECT array(SELECT jsonb_array_elements_text(coalesce(
                w.v #> '{policy,case_file_colours}', '["orange", "red", "purple"]'))) AS colours) c
     CROSS JOIN LATERAL jsonb_array_elements(
                CASE WHEN jsonb_typeof(w.v -> 'gradings') = 'array' THEN w.v -> 'gradings' ELSE '[]' END)
                WITH ORDINALITY AS g(said, number)
), first_grading AS (
    SELECT g.id, min(g.graded_on) AS graded_on FROM grading g GROUP BY g.id
), high_risk AS (
    SELECT g.id, min(g.graded_on) AS found_on, NOT bool_or(g.by_colour) AS protected
      FROM grading g WHERE g.by_colour OR g.by_purple GROUP BY g.id
), task AS MATERIALIZED (
    SELECT t.instance_id, t.element_id, t.state::text AS state, t.organisation, t.due_at, t.created_at,
           CASE WHEN t.state = 'completed' THEN t.completed_at END AS done_at
      FROM user_task t
     WHERE t.region_id = p_region AND t.definition_key = 'pregnancy_journey'
       AND t.element_id IN ('task_report_risk', 'task_refer_positive', 'task_return_slip', 'task_request_transfer',
                            'task_transfer_result', 'task_refer_after_visit', 'task_refer_postnatal', 'task_meet_face_to_face')
), birth AS MATERIALIZED (
    SELECT w.*, d.mode, d.category, d.place, d.minutes,
           EXISTS (SELECT FROM history h JOIN client c ON c.region_id = h.region_id AND c.name = h.by
                    WHERE h.region_id = p_region AND h.instance_id = w.id
                      AND h.element_id = 'event_delivered' AND h.event = 'received') AS told_by_hospital
      FROM woman w
      LEFT JOIN LATERAL (
        SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'delivery_mode') a LIMIT 1) AS mode,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'cs_category') a LIMIT 1) AS category,
               (SELECT a #>> '{valueCoding,code}' FROM form_answers(f.body, 'delivery_place') a LIMIT 1) AS place,
               (SELECT (a #>> '{valueQuantity,value}')::numeric FROM form_answers(f.body, 'ddi_minutes') a LIMIT 1) AS minutes
          FROM (SELECT x.body::jsonb AS body
                  FROM resource r
                  JOIN resource_version x ON x.region_id = r.region_id AND x.type = r.type AND x.id = r.id AND x.version = r.version
                 WHERE r.region_id = p_region AND r.type = 'QuestionnaireResponse' AND r.episode_id = w.pregnancy_id
                   AND NOT r.deleted AND x.body LIKE '%/Questionnaire/delivery|%'
                   AND x.body NOT LIKE '%"status":"entered-in-error"%'
                 ORDER BY r.updated_at DESC LIMIT 1) f) d ON true
     WHERE w.delivered_on BETWEEN p_from AND p_to AND w.end_code IS DISTINCT FROM 'ended.abortion'
), positive AS (
    SELECT w.*, coalesce((w.v #>> '{policy,referral_within}')::interval, '14 days') AS within, g.graded_on
      FROM woman w LEFT JOIN first_grading g ON g.id = w.id
     WHERE w.v ->> 'screening' = 'positive' AND w.screened_on BETWEEN p_from AND p_to
), risky AS (
    SELECT w.*, h.found_on, h.protected,
           w.end_code = 'ended.abortion' AND w.ended_on <= p_to AS left_early
      FROM woman w JOIN high_risk h ON h.id = w.id WHERE h.found_on BETWEEN p_from AND p_to
), referral AS (
    SELECT w.id, w.pregnancy_id, w.home,
           coalesce((w.v #>> '{policy,referral_result_within}')::interval, '14 days') AS within, (t.begun_at AT TIME ZONE 'Asia/Shanghai')::date AS referred_on, t.begun_at, t.done_at
      FROM (SELECT r.instance_id, coalesce(r.done_at, r.created_at) AS begun_at,
                   (SELECT min(a.done_at) FROM task a
                     WHERE a.instance_id = r.instance_id AND a.done_at >= r.done_at
                       AND a.element_id = CASE r.element_id WHEN 'task_refer_positive' THEN 'task_return_slip'
                                                            ELSE 'task_transfer_result' END) AS done_at
              FROM task r
             WHERE r.element_id IN ('task_refer_positive', 'task_request_transfer') AND r.done_at IS NOT NULL
            UNION ALL
            SELECT r.instance_id, r.created_at, r.done_at FROM task r
             WHERE r.element_id IN ('task_refer_after_visit', 'task_refer_postnatal') AND r.state <> 'cancelled') t
      JOIN woman w ON w.id = t.instance_id
)
SELECT 'I-01', b.id, b.pregnancy_id, b.home, b.delivered_on, 0, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' END, false, NULL::numeric
  FROM birth b
UNION ALL
SELECT 'I-01', w.id, w.pregnancy_id, w.home, w.ended_on, 1, 0, 'maternal_death', false, NULL
  FROM woman w WHERE w.end_code = 'ended.maternal_death' AND w.ended_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-04', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.born_alive > 0 AND m.missing IS NULL)::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' ELSE m.missing END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT CASE
        WHEN b.v -> 'early_registration' IS DISTINCT FROM 'true' THEN 'first_check_late'
        WHEN b.visits < 5 THEN 'fewer_than_five_checks'
        WHEN NOT (b.told_by_hospital OR coalesce(b.place IN ('province_city_hospital', 'county_hospital', 'township'), false))
             THEN CASE WHEN b.place IS NULL THEN 'place_not_recorded' ELSE 'not_in_hospital' END
        WHEN b.visited_on IS NULL THEN 'not_visited'
        WHEN b.visited_on > b.delivered_on + 28 THEN 'visited_late' END AS missing) m
UNION ALL
SELECT 'I-05', b.id, b.pregnancy_id, b.home, b.delivered_on,
       (b.born_alive > 0 AND b.v -> 'early_registration' IS NOT DISTINCT FROM 'true')::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth'
            WHEN b.v -> 'early_registration' IS NULL OR b.v -> 'early_registration' = 'null' THEN 'first_check_missing'
            WHEN b.v -> 'early_registration' <> 'true' THEN 'first_check_late' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-06', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.born_alive > 0 AND b.visits >= 5)::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' WHEN b.visits < 5 THEN 'fewer_than_five_checks' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-07', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.born_alive > 0 AND m.missing IS NULL)::integer, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' ELSE m.missing END, false, NULL
  FROM birth b
 CROSS JOIN LATERAL (SELECT CASE WHEN b.visited_on IS NULL THEN 'not_visited'
        WHEN b.discharged_on IS NULL THEN 'discharge_not_recorded'
        WHEN b.visited_on > b.discharged_on + 28 THEN 'visited_late' END AS missing) m
UNION ALL
SELECT 'I-08', b.id, b.pregnancy_id, b.home, b.delivered_on, (b.checked_on IS NOT NULL)::integer, 1,
       CASE WHEN b.checked_on IS NULL AND b.delivered_on + 56 >= (p_now AT TIME ZONE 'Asia/Shanghai')::date THEN 'not_due_yet'
            WHEN b.checked_on IS NULL THEN 'not_checked' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-09', w.id, w.pregnancy_id, w.home, w.registered_on, issued.yes::integer, 1,
       CASE WHEN NOT issued.yes THEN 'no_handbook' END, false, NULL
  FROM woman w
 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM resource_identity n
        WHERE n.region_id = p_region AND n.type = 'Patient' AND n.id = w.v ->> 'patient_id'
          AND n.system LIKE '%/mch-handbook') AS yes) issued
 WHERE w.registered_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-10', w.id, w.pregnancy_id, w.home, w.registered_on, (w.screened_on IS NOT NULL)::integer, 1,
       CASE WHEN w.screened_on IS NULL THEN 'not_screened' END, false, NULL
  FROM woman w WHERE w.registered_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-11', p.id, p.pregnancy_id, p.home, p.screened_on, (coalesce(p.graded_on <= p.screened_on + p.within, false))::integer, 1,
       CASE WHEN p.graded_on IS NULL AND p.screened_on + p.within >= (p_now AT TIME ZONE 'Asia/Shanghai')::date THEN 'not_due_yet'
            WHEN p.graded_on IS NULL THEN 'not_graded'
            WHEN p.graded_on > p.screened_on + p.within THEN 'graded_late' END, false, NULL
  FROM positive p
UNION ALL
SELECT 'I-12', r.id, r.pregnancy_id, r.home, r.found_on,
       (NOT r.left_early IS TRUE AND coalesce(r.v ->> 'case_file' IN ('open', 'closed'), false))::integer,
       (NOT r.left_early IS TRUE)::integer,
       CASE WHEN r.left_early THEN 'ended_before_28_weeks'
            WHEN NOT coalesce(r.v ->> 'case_file' IN ('open', 'closed'), false) THEN 'no_case_file' END, r.protected, NULL
  FROM risky r
UNION ALL
SELECT 'I-13', w.id, w.pregnancy_id, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state <> 'cancelled' AND coalesce(t.done_at <= t.due_at, false))::integer,
       (t.state <> 'cancelled' AND (t.done_at IS NOT NULL OR t.due_at <= p_now))::integer,
       CASE WHEN t.state = 'cancelled' THEN 'replaced' WHEN t.done_at > t.due_at THEN 'reported_late'
            WHEN t.done_at IS NULL AND t.due_at <= p_now THEN 'not_reported'
            WHEN t.done_at IS NULL THEN 'not_due_yet' END, coalesce(h.protected, false), NULL
  FROM task t JOIN woman w ON w.id = t.instance_id LEFT JOIN high_risk h ON h.id = w.id
 WHERE t.element_id = 'task_report_risk' AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-14', r.id, r.pregnancy_id, r.home, r.referred_on, (coalesce(r.done_at <= r.begun_at + r.within, false))::integer, 1,
       CASE WHEN r.done_at > r.begun_at + r.within THEN 'followed_late'
            WHEN r.done_at IS NULL AND r.begun_at + r.within >= p_now THEN 'not_due_yet'
            WHEN r.done_at IS NULL THEN 'not_followed' END, false, NULL
  FROM referral r WHERE r.referred_on BETWEEN p_from AND p_to
UNION ALL
SELECT 'I-15', r.id, r.pregnancy_id, r.home, r.found_on,
       (NOT r.left_early IS TRUE AND r.v #> '{policy,face_to_face}' IS DISTINCT FROM 'false' AND met.yes)::integer,
       (NOT r.left_early IS TRUE AND r.v #> '{policy,face_to_face}' IS DISTINCT FROM 'false')::integer,
       CASE WHEN r.left_early THEN 'ended_before_28_weeks'
            WHEN r.v #> '{policy,face_to_face}' IS NOT DISTINCT FROM 'false' THEN 'not_asked_here'
            WHEN NOT met.yes THEN 'not_met' END, r.protected, NULL
  FROM risky r
 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM task t
        WHERE t.instance_id = r.id AND t.element_id = 'task_meet_face_to_face' AND t.done_at IS NOT NULL) AS yes) met
UNION ALL
SELECT 'I-16', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (coalesce(b.minutes <= p_ddi, false))::integer,
       (b.minutes IS NOT NULL)::integer,
       CASE WHEN b.minutes IS NULL THEN 'stamps_missing' WHEN b.minutes > p_ddi THEN 'longer_than_target' END, false, b.minutes
  FROM birth b WHERE b.mode = 'cs' AND b.category = 'emergency'
UNION ALL
SELECT 'I-19', b.id, b.pregnancy_id, b.hospital, b.delivered_on, (coalesce(b.mode = 'cs', false))::integer, (b.mode IS NOT NULL)::integer,
       CASE WHEN b.mode IS NULL THEN 'mode_not_recorded' WHEN b.mode <> 'cs' THEN 'other_mode' END, false, NULL
  FROM birth b
UNION ALL
SELECT 'I-27', w.id, w.pregnancy_id, w.home, coalesce(w.ended_on, w.registered_on),
       (coalesce(w.end_code = 'lost' AND w.ended_on BETWEEN p_from AND p_to, false))::integer, 1,
       CASE WHEN w.end_code = 'lost' AND w.ended_on BETWEEN p_from AND p_to THEN 'lost' END, false, NULL
  FROM woman w WHERE w.registered_on <= p_to AND (w.ended_on IS NULL OR w.ended_on >= p_from)
$$;
