-- Deaths of children and counts that others keep, brought in as files; who came back for an antenatal visit by
-- appointment; the 42-day check of a woman who has not recovered; and reports that were handed in, as they were.

ALTER TABLE import_batch DROP CONSTRAINT import_batch_source_check;
ALTER TABLE import_batch ADD CONSTRAINT import_batch_source_check
    CHECK (source IN ('births', 'marriages', 'prepregnancy', 'child_deaths', 'counts')) NOT VALID;

-- What other registers say of an indicator in a period: of each file's line the newest.
CREATE FUNCTION imported_counts(p_region text, p_from date, p_to date)
RETURNS TABLE (indicator text, organisation text, first date, last date, numerator integer, denominator integer, said_by text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT DISTINCT ON (r.body ->> 'indicator', r.body ->> 'organisation', r.body ->> 'first', r.happened_on)
       r.body ->> 'indicator', r.body ->> 'organisation', (r.body ->> 'first')::date, r.happened_on,
       (r.body ->> 'numerator')::integer, (r.body ->> 'denominator')::integer, r.body ->> 'said_by'
  FROM import_row r JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id AND b.source = 'counts'
 WHERE r.region_id = p_region AND (r.body ->> 'first')::date >= p_from AND r.happened_on <= p_to
 ORDER BY r.body ->> 'indicator', r.body ->> 'organisation', r.body ->> 'first', r.happened_on, b.imported_at DESC, r.number DESC
$$;

CREATE FUNCTION report_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date,
               numerator integer, denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
WITH woman AS MATERIALIZED (
    SELECT i.id, i.business_key AS pregnancy_id, i.variables AS v, i.variables ->> 'home_organisation' AS home,
           civil_date(i.variables ->> 'delivered_on') AS delivered_on, civil_date(i.variables ->> 'checked_on') AS checked_on,
           coalesce((i.variables #>> '{policy,appointments,enabled}')::boolean, false) AS books
      FROM instance i
     WHERE i.region_id = p_region AND i.definition_key = 'pregnancy_journey'
       AND i.variables ->> 'end_code' IS DISTINCT FROM 'void'
), birth AS MATERIALIZED (
    SELECT w.*, f.born_alive, f.died
      FROM woman w
     CROSS JOIN LATERAL (
        SELECT (count(*) FILTER (WHERE f ->> 'outcome' IN ('live_birth', 'neonatal_death')))::integer AS born_alive,
               (count(*) FILTER (WHERE f ->> 'outcome' = 'neonatal_death'))::integer AS died
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(w.v -> 'fetuses') = 'array' THEN w.v -> 'fetuses' ELSE '[]' END) f) f
     WHERE w.delivered_on BETWEEN p_from AND p_to AND w.v ->> 'end_code' IS DISTINCT FROM 'ended.abortion'
), told AS MATERIALIZED (                -- a child who died, as the register of children's deaths has it
    SELECT r.pregnancy_id, r.happened_on AS died_on, (r.body ->> 'born_on')::date AS born_on, w.id, w.home
      FROM import_row r
      JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id AND b.source = 'child_deaths'
      LEFT JOIN woman w ON w.pregnancy_id = r.pregnancy_id
     WHERE r.region_id = p_region AND r.happened_on BETWEEN p_from AND p_to
), known AS MATERIALIZED (               -- a newborn whose death the births and the newborn's own report tell of
    SELECT w.id, w.pregnancy_id, w.home, d.died_on
      FROM woman w
     CROSS JOIN LATERAL (
        SELECT civil_date(a #>> '{valueDateTime}') AS died_on
          FROM stored_forms(p_region, w.pregnancy_id, 'newborn-death') f
         CROSS JOIN LATERAL form_answers(f.body, 'child_died_at') a
        UNION ALL
        SELECT w.delivered_on FROM generate_series(1, (
            SELECT count(*) FROM jsonb_array_elements(CASE WHEN jsonb_typeof(w.v -> 'fetuses') = 'array' THEN w.v -> 'fetuses'
                                                           ELSE '[]' END) x WHERE x ->> 'outcome' = 'neonatal_death'))
         WHERE NOT EXISTS (SELECT FROM stored_forms(p_region, w.pregnancy_id, 'newborn-death'))) d
     WHERE w.delivered_on BETWEEN p_from - 28 AND p_to AND d.died_on BETWEEN p_from AND p_to
       AND NOT EXISTS (SELECT FROM import_row r
                         JOIN import_batch b ON b.region_id = r.region_id AND b.id = r.batch_id AND b.source = 'child_deaths'
                        WHERE r.region_id = p_region AND r.pregnancy_id = w.pregnancy_id)
), counted AS MATERIALIZED (
    SELECT c.indicator, c.organisation, c.first, c.last, c.numerator, c.denominator, c.said_by
      FROM imported_counts(p_region, p_from, p_to) c
), seen AS MATERIALIZED (                -- antenatal checks: where each was made, and whether she came by appointment
    SELECT w.id, w.pregnancy_id, w.books, d.on_day, d.number, coalesce(t.organisation, w.home) AS organisation, o.kind,
           EXISTS (SELECT FROM instance a
                    WHERE a.region_id = p_region AND a.definition_key = 'appointment' AND a.business_key = w.pregnancy_id
                      AND a.variables ->> 'booked' = 'true'
                      AND civil_date(a.variables ->> 'booked_for') BETWEEN d.on_day - 3 AND d.on_day + 3) AS booked
      FROM woman w
     CROSS JOIN LATERAL (
        SELECT civil_date(v.said #>> '{}') AS on_day, v.number
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(w.v -> 'visits') = 'array' THEN w.v -> 'visits' ELSE '[]' END)
               WITH ORDINALITY AS v (said, number)) d
      LEFT JOIN LATERAL (
        SELECT t.organisation FROM user_task t
         WHERE t.region_id = p_region AND t.instance_id = w.id AND t.state = 'completed'
           AND t.element_id IN ('task_antenatal_visit', 'task_first_visit')
         ORDER BY abs((t.completed_at AT TIME ZONE 'Asia/Shanghai')::date - d.on_day) LIMIT 1) t ON true
      LEFT JOIN organisation o ON o.region_id = p_region AND o.id = coalesce(t.organisation, w.home)
     WHERE d.on_day BETWEEN p_from AND p_to
)
SELECT 'I-08', b.id, b.pregnancy_id, b.home, b.delivered_on, c.done::integer, 1,
       CASE WHEN c.done AND b.checked_on IS NULL THEN 'not_recovered' WHEN c.done THEN NULL
            WHEN b.delivered_on + 56 >= (p_now AT TIME ZONE 'Asia/Shanghai')::date AND NOT c.lost THEN 'not_due_yet'
            WHEN c.lost THEN 'lost' ELSE 'not_checked' END, false, NULL::numeric
  FROM birth b
 CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(f.contact IS NULL OR f.contact NOT IN ('lost', 'died')), false)
             OR (b.checked_on IS NOT NULL AND coalesce(bool_and(f.contact IS NULL), true)) AS done,
           coalesce(bool_or(f.contact = 'lost'), false) AS lost
      FROM (SELECT (SELECT a #>> '{valueCoding,code}' FROM form_answers(s.body, 'contact') a LIMIT 1) AS contact
              FROM stored_forms(p_region, b.pregnancy_id, 'postnatal-42d') s) f) c
UNION ALL
SELECT m.indicator, b.id, b.pregnancy_id, b.home, b.delivered_on, 0, b.born_alive,
       CASE WHEN b.born_alive = 0 THEN 'no_live_birth' END, false, NULL
  FROM birth b CROSS JOIN (VALUES ('I-02'), ('I-03')) AS m (indicator)
UNION ALL
SELECT m.indicator, k.id, k.pregnancy_id, k.home, k.died_on, 1, 0, 'newborn_died', false, NULL
  FROM known k CROSS JOIN (VALUES ('I-02'), ('I-03')) AS m (indicator)
UNION ALL
SELECT m.indicator, t.id, t.pregnancy_id, t.home, t.died_on, 1, 0, 'child_death_imported', false, NULL
  FROM told t
  JOIN (VALUES ('I-02', interval '1 year'), ('I-03', interval '5 years')) AS m (indicator, below)
    ON t.died_on < (t.born_on + m.below)::date
UNION ALL
SELECT m.indicator, s.id, s.pregnancy_id, s.organisation, s.on_day, (s.books AND s.booked)::integer, s.books::integer,
       CASE WHEN NOT s.books THEN 'no_booking_here' WHEN NOT s.booked THEN 'came_without_booking' END, false, NULL
  FROM seen s JOIN (VALUES ('I-17', 1), ('I-18', 2)) AS m (indicator, since) ON s.number >= m.since
 WHERE (m.indicator = 'I-18' OR s.kind = 'hospital')
   AND NOT EXISTS (SELECT FROM counted c                      -- the hospital has said it itself, of more than we see
                    WHERE c.indicator = m.indicator AND c.organisation = s.organisation AND s.on_day BETWEEN c.first AND c.last)
UNION ALL
SELECT c.indicator, NULL, NULL, c.organisation, c.last, c.numerator, c.denominator, c.said_by, false, NULL FROM counted c
$$;

CREATE OR REPLACE FUNCTION every_indicator_row(p_region text, p_from date, p_to date, p_now timestamptz, p_ddi integer)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer,
               denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT c.indicator, c.instance_id, c.pregnancy_id, c.organisation, c.happened_on, c.numerator, c.denominator, c.reason,
       c.protected, c.value
  FROM counted_indicator_rows(p_region, p_from, p_to, p_now, p_ddi) c WHERE c.indicator NOT IN ('I-19', 'I-08')
UNION ALL
SELECT m.indicator, m.instance_id, m.pregnancy_id, m.organisation, m.happened_on, m.numerator, m.denominator, m.reason,
       m.protected, m.value FROM measure_indicator_rows(p_region, p_from, p_to, p_now) m
UNION ALL
SELECT r.indicator, r.instance_id, r.pregnancy_id, r.organisation, r.happened_on, r.numerator, r.denominator, r.reason,
       r.protected, r.value FROM report_indicator_rows(p_region, p_from, p_to, p_now) r
$$;

-- A report that was handed in: never changed, a correction is another one that replaces it.
CREATE TABLE submitted_report (
    region_id    text NOT NULL,
    id           uuid NOT NULL,
    first        date NOT NULL,
    last         date NOT NULL,
    organisation text,                                        -- whose numbers; null: of the region
    due_on       date,                                        -- by when it was to be handed in
    submitted_at timestamptz NOT NULL,
    submitted_by text NOT NULL,                               -- the account, as it stands in history
    submitter    text NOT NULL,                               -- its organisation
    replaces     uuid,
    reason       text,                                        -- why another one takes its place
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, replaces) REFERENCES submitted_report (region_id, id),
    CONSTRAINT submitted_report_is_of_a_period CHECK (first <= last),
    CONSTRAINT submitted_report_says_why_it_replaces CHECK ((replaces IS NULL) = (reason IS NULL)),
    CONSTRAINT submitted_report_replaced_once UNIQUE (region_id, replaces)
);
CREATE UNIQUE INDEX submitted_report_once_idx ON submitted_report (region_id, first, last, coalesce(organisation, ''))
    WHERE replaces IS NULL;                                    -- one for a period; what comes later corrects it
CREATE TABLE submitted_measure (
    region_id text NOT NULL,
    id        uuid NOT NULL,                                  -- of the MeasureReport
    report_id uuid NOT NULL,
    indicator text NOT NULL,
    body      text NOT NULL,                                  -- the MeasureReport, as it was handed in
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, report_id) REFERENCES submitted_report (region_id, id),
    CONSTRAINT submitted_measure_once UNIQUE (region_id, report_id, indicator)
);
