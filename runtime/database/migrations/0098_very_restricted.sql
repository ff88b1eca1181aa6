-- Who may know of which labels is said as a list of them: `{R}`, `{R,V}`. Of `on`, which a release says that knows of no
-- difference, all are known.
CREATE OR REPLACE FUNCTION may_know_resource(p_region text, p_patient text, p_owner text, p_labels text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_organisations text := nullif(current_setting('app.organisations', true), '');
    v_cleared       text := coalesce(current_setting('app.restricted', true), '');
BEGIN
    IF v_organisations IS NULL OR v_organisations = '*' THEN
        RETURN v_organisations IS NOT NULL;
    END IF;
    IF p_owner = nullif(current_setting('app.viewer', true), '') THEN
        RETURN true;
    END IF;
    IF p_labels <> '{}' AND NOT (CASE WHEN v_cleared LIKE '{%}' THEN p_labels <@ v_cleared::text[] ELSE v_cleared = 'on' END) THEN
        RETURN false;
    END IF;
    RETURN p_patient IS NULL OR EXISTS (
        SELECT FROM patient_area a
         WHERE a.region_id = p_region AND a.patient_id = p_patient
           AND a.organisation_id = ANY (v_organisations::text[]));
END $$;

-- As the one that takes a boolean, which serves the release before this one.
CREATE FUNCTION read_resource(
    p_region text, p_epoch uuid, p_at timestamptz, p_type text, p_id text,
    p_actor text, p_actor_kind text, p_organisation text, p_organisations text[], p_cleared text[]
) RETURNS TABLE (version integer, updated_at timestamptz, source text, body text, meta text)
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_viewer  text := p_actor_kind || ':' || p_actor;
    v_patient text;
BEGIN
    PERFORM set_config('app.region', p_region, true), set_config('app.organisations', p_organisations::text, true),
            set_config('app.viewer', v_viewer, true), set_config('app.restricted', p_cleared::text, true);
    PERFORM 1 FROM people_epoch WHERE epoch = p_epoch;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT r.version, r.patient_id INTO version, v_patient FROM resource r
     WHERE r.region_id = p_region AND r.type = p_type AND r.id = p_id AND NOT r.deleted
       AND (r.labels <@ p_cleared OR r.owner = v_viewer)
       AND (r.patient_id IS NULL OR r.owner = v_viewer OR EXISTS (
            SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
               AND a.organisation_id = ANY (p_organisations)));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT v.updated_at, v.source, v.body, v.meta INTO updated_at, source, body, meta FROM resource_version v
     WHERE v.region_id = p_region AND v.type = p_type AND v.id = p_id AND v.version = read_resource.version;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO audit (region_id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail)
    VALUES (p_region, p_at, p_actor, p_actor_kind, p_organisation, 'read', p_type, p_id,
            CASE WHEN v_patient IS NOT NULL THEN jsonb_build_object('patients', jsonb_build_array(v_patient)) END);
    RETURN NEXT;
END $$;

-- The sheets of deaths and reviews bear the label that what was made of them bears already.
UPDATE resource r SET labels = '{V}'
  FROM resource_version v
 WHERE v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
   AND r.type = 'QuestionnaireResponse' AND r.labels = '{}'
   AND v.body ~ '"questionnaire":"[^"]*/Questionnaire/(death-note|death-phone|death-report|death-review|near-miss|newborn-death|newborn-death-review|newborn-died)[|"]';

-- Tasks of institutions' own matters were open to every system of the region: from now on to those of the institutions
-- that the matter names, as its sheets are. `matter/<instance>` stands where a patient's id would.
UPDATE resource r SET patient_id = 'matter/' || t.instance_id
  FROM user_task t
 WHERE t.region_id = r.region_id AND t.id::text = r.id AND t.instance_id IS NOT NULL
   AND r.type = 'Task' AND r.patient_id IS NULL AND r.engine_owned;
INSERT INTO patient_area (region_id, patient_id, organisation_id)
SELECT DISTINCT r.region_id, r.patient_id, named.organisation
  FROM resource r
  JOIN user_task t ON t.region_id = r.region_id AND t.id::text = r.id
  JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 CROSS JOIN LATERAL (
       SELECT t.organisation AS organisation
       UNION SELECT v.value #>> '{}' FROM jsonb_each(i.variables) AS v
              WHERE jsonb_typeof(v.value) = 'string' AND (v.key = 'organisation' OR v.key LIKE '%\_organisation')) AS named
 WHERE r.type = 'Task' AND r.patient_id LIKE 'matter/%' AND named.organisation <> ''
ON CONFLICT DO NOTHING;
