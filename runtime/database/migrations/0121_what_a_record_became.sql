-- What a record that was merged goes by now; itself where it was never merged. What keeps the id of a woman or of a
-- pregnancy beside the resources asks for it when it reads: so a merge that is taken back leaves nothing behind.
CREATE FUNCTION goes_now_by(p_region text, p_kind text, p_id text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT survivor_id FROM merged_record WHERE region_id = p_region AND kind = p_kind AND old_id = p_id), p_id);
$$;
