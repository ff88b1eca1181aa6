-- What the policies of cases and tasks ask where somebody reads for organisations: `app.cases` is the array of those whose
-- women and tasks they may know of. Without it, as in every step, all cases of the region are there. The policies
-- themselves are put on the tables after each migration; the short questions stand there, so that a step pays for none.

-- A case about no woman is nobody's secret; one about a woman is for those who look after her, whom her case or her
-- area names, and one of an institution for that institution.
CREATE FUNCTION may_know_case_of(p_region text, p_variables jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_mine text[] := nullif(current_setting('app.cases', true), '')::text[];
    v_care text[] := array_remove(ARRAY[
        p_variables ->> 'home_organisation', p_variables ->> 'hospital_organisation',
        p_variables ->> 'county_organisation', p_variables ->> 'organisation'], NULL);
    v_patient text := p_variables ->> 'patient_id';
BEGIN
    RETURN v_care && v_mine OR (v_care = '{}' AND v_patient IS NULL) OR EXISTS (
        SELECT FROM patient_area a
         WHERE a.region_id = p_region AND a.patient_id = v_patient AND a.organisation_id = ANY (v_mine));
END $$;

-- Under the policy of `instance`: whoever does not see the case sees nothing that belongs to it.
CREATE FUNCTION may_know_case(p_region text, p_instance uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM instance i WHERE i.region_id = p_region AND i.id = p_instance);
END $$;

-- Under the policy of `user_task`: what stands beside a task is for those who see the task.
CREATE FUNCTION may_know_task(p_region text, p_task uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM user_task t WHERE t.region_id = p_region AND t.id = p_task);
END $$;
