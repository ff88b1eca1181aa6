-- What the policies of row-level security ask; the policies themselves are put on every table after each migration.
-- `app.organisations` is '*' for the region's own work, else an array of the organisations that somebody may know of.
-- Each is one call: a policy is made ready anew for every statement, and long conditions cost more than short ones.

CREATE FUNCTION may_know_resource(p_region text, p_patient text, p_owner text, p_labels text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_organisations text := nullif(current_setting('app.organisations', true), '');
BEGIN
    IF v_organisations IS NULL OR v_organisations = '*' THEN
        RETURN v_organisations IS NOT NULL;
    END IF;
    IF p_owner = nullif(current_setting('app.viewer', true), '') THEN
        RETURN true;
    END IF;
    IF p_labels <> '{}' AND coalesce(current_setting('app.restricted', true), '') <> 'on' THEN
        RETURN false;
    END IF;
    RETURN p_patient IS NULL OR EXISTS (
        SELECT FROM patient_area a
         WHERE a.region_id = p_region AND a.patient_id = p_patient
           AND a.organisation_id = ANY (v_organisations::text[]));
END $$;

-- Under the policies of `resource`: whoever does not see the head sees no version of it.
CREATE FUNCTION may_know_version(p_region text, p_type text, p_id text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM resource r WHERE r.region_id = p_region AND r.type = p_type AND r.id = p_id);
END $$;
