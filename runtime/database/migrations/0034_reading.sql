-- A read by id in one statement, which is also its transaction: whether what the caller was believed by still counts, the
-- resource as far as they may know of it, and the trace of the look. No row: something has to be refused, and nothing was
-- traced; whoever asks then takes the long way, which finds out what. What row-level security asks is said first, so
-- that it stands underneath these conditions as it does everywhere.
CREATE FUNCTION read_resource(
    p_region text, p_epoch uuid, p_at timestamptz, p_type text, p_id text,
    p_actor text, p_actor_kind text, p_organisation text, p_organisations text[], p_restricted boolean
) RETURNS TABLE (version integer, updated_at timestamptz, source text, body text, meta text)
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_viewer  text := p_actor_kind || ':' || p_actor;
    v_patient text;
BEGIN
    PERFORM set_config('app.region', p_region, true), set_config('app.organisations', p_organisations::text, true),
            set_config('app.viewer', v_viewer, true),
            set_config('app.restricted', CASE WHEN p_restricted THEN 'on' ELSE 'off' END, true);
    PERFORM 1 FROM people_epoch WHERE epoch = p_epoch;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT r.version, r.patient_id INTO version, v_patient FROM resource r
     WHERE r.region_id = p_region AND r.type = p_type AND r.id = p_id AND NOT r.deleted
       AND (r.labels = '{}' OR p_restricted OR r.owner = v_viewer)
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
