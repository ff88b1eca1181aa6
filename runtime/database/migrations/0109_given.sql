-- What a case is given at its start as a whole and reads ever after, the rules of its region above all, stands beside its
-- other values: a step that writes a value writes those anew, and leaves this where it is. Cases that are older keep
-- everything in one place.
--
-- The release before this one reads `variables` alone. While its processes may still run, which is where cases are there
-- already, everything is written to one place as before; `yuntu db finish-upgrade` says that they are gone.
ALTER TABLE instance ADD COLUMN given jsonb NOT NULL DEFAULT '{}';

CREATE FUNCTION given_is_apart() RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS 'SELECT true';

DO $$
BEGIN
    IF EXISTS (SELECT FROM instance) THEN
        CREATE OR REPLACE FUNCTION given_is_apart() RETURNS boolean
        LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS 'SELECT false';
    END IF;
END $$;

CREATE FUNCTION start_instance(
    p_region text, p_instance uuid, p_key text, p_version integer, p_case text, p_status instance_status,
    p_codec smallint, p_state bytea, p_variables jsonb, p_given jsonb, p_pins jsonb, p_at timestamptz, p_by text,
    p_rows jsonb
) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off AS $$
BEGIN
    IF NOT given_is_apart() THEN
        p_variables := p_given || p_variables;
        p_given := '{}';
    END IF;
    INSERT INTO instance (region_id, id, definition_key, definition_version, business_key, status, revision, codec,
           state, variables, given, pins, started_at, ended_at)
    VALUES (p_region, p_instance, p_key, p_version, p_case, p_status, 1, p_codec, p_state, p_variables, p_given, p_pins,
            p_at, CASE WHEN p_status IN ('completed', 'terminated') THEN p_at END);
    PERFORM save_rows(p_region, p_instance, 1, p_key, p_version, p_case, p_at, p_by, p_rows);
END $$;
