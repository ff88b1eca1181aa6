-- What is known of institutions beside their tasks: the directory and the staff register, and what is brought in from
-- other registers to be compared with the cases.

-- Who else takes part: the emergency service, the blood centre, disease control, health supervision.
ALTER TABLE organisation DROP CONSTRAINT organisation_kind_check;
ALTER TABLE organisation ADD CONSTRAINT organisation_kind_check CHECK (
    kind IN ('county_health', 'county_mch', 'hospital', 'township', 'village', 'ems', 'blood', 'cdc', 'supervision'));

-- One line of the directory: a licence, an official line, an expert, somebody of the staff, a roster, an assessment.
-- Lines are added and withdrawn, never changed: together they are the change log.
CREATE TABLE institution_record (
    region_id    text NOT NULL,
    id           uuid NOT NULL,
    organisation text NOT NULL,
    kind         text NOT NULL CHECK (kind ~ '^[a-z][a-z_]{1,30}$'),
    body         jsonb NOT NULL,               -- the fields of its kind, as workflows/institutions/directory.yaml says
    since        date NOT NULL,
    until        date,                         -- the last day it holds; null: until it is withdrawn
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, organisation) REFERENCES organisation (region_id, id),
    CONSTRAINT institution_record_is_withdrawn_by_somebody CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CONSTRAINT institution_record_ends_after_it_began CHECK (until >= since)
);
CREATE INDEX institution_record_place_idx ON institution_record (region_id, organisation, kind, since);   -- serves records

-- One file of another register: births, marriages, pre-pregnancy checks.
CREATE TABLE import_batch (
    region_id   text NOT NULL,
    id          uuid NOT NULL,
    source      text NOT NULL CHECK (source IN ('births', 'marriages', 'prepregnancy')),
    sha256      text NOT NULL,
    row_count   integer NOT NULL CHECK (row_count > 0),
    imported_at timestamptz NOT NULL,
    imported_by text NOT NULL,
    PRIMARY KEY (region_id, id),
    CONSTRAINT import_batch_once UNIQUE (region_id, source, sha256)            -- the same file twice is one import
);
CREATE TYPE import_state AS ENUM (
    'matched',     -- the woman of a case
    'unknown',     -- no case of hers: somebody looks into it
    'settled'      -- looked into; `settled_as` says what it was
);
CREATE TABLE import_row (
    region_id    text NOT NULL,
    batch_id     uuid NOT NULL,
    number       integer NOT NULL CHECK (number > 0),
    happened_on  date NOT NULL,
    body         jsonb NOT NULL,               -- as it was in the file; names and numbers: shown to the county alone
    state        import_state NOT NULL,
    pregnancy_id text,
    settled_as   text,
    settled_at   timestamptz,
    settled_by   text,
    PRIMARY KEY (region_id, batch_id, number),
    FOREIGN KEY (region_id, batch_id) REFERENCES import_batch (region_id, id) ON DELETE CASCADE,
    CONSTRAINT import_row_is_matched_to_a_case CHECK ((state = 'matched') <= (pregnancy_id IS NOT NULL)),
    CONSTRAINT import_row_is_settled_by_somebody CHECK ((state = 'settled') = (settled_by IS NOT NULL))
);
CREATE INDEX import_row_open_idx ON import_row (region_id, happened_on) WHERE state = 'unknown';          -- serves import_rows

-- What institutions owe by the table of duties, as rows of indicators: I-29.
CREATE FUNCTION institution_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer,
               denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT 'I-29', t.instance_id, NULL, t.organisation, (t.due_at AT TIME ZONE 'Asia/Shanghai')::date,
       (t.state = 'completed')::integer, (t.state = 'completed' OR t.due_at <= p_now)::integer,
       CASE WHEN t.state <> 'completed' AND t.due_at <= p_now THEN 'not_held'
            WHEN t.state <> 'completed' THEN 'not_due_yet' END, false, NULL::numeric
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.region_id = p_region AND t.element_id = 'task_duty' AND t.state <> 'cancelled'
   AND i.variables #>> '{duty,code}' IN ('drill', 'epidemic_drill', 'joint_meeting', 'leading_group', 'warning_education',
                                         'self_assessment')
   AND (t.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_from AND p_to
$$;

-- Everything that is counted: of women, births, reports and referrals, and of institutions.
CREATE FUNCTION counted_indicator_rows(p_region text, p_from date, p_to date, p_now timestamptz, p_ddi integer)
RETURNS TABLE (indicator text, instance_id uuid, pregnancy_id text, organisation text, happened_on date, numerator integer,
               denominator integer, reason text, protected boolean, value numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT a.indicator, a.instance_id, a.pregnancy_id, a.organisation, a.happened_on, a.numerator, a.denominator, a.reason,
       a.protected, a.value FROM all_indicator_rows(p_region, p_from, p_to, p_now, p_ddi) a
UNION ALL
SELECT d.indicator, d.instance_id, d.pregnancy_id, d.organisation, d.happened_on, d.numerator, d.denominator, d.reason,
       d.protected, d.value FROM institution_indicator_rows(p_region, p_from, p_to, p_now) d
$$;
