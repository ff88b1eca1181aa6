-- A case learns of the antenatal visits when the process of the visits ends. Where a message ends her whole course first
-- (she died after a birth nobody had told of), the case holds the first visit alone: what was done counts, from the tasks.

-- The visits that she came to: completed ones, without those at which she was only urged, not found or dead.
CREATE FUNCTION visits_done(p_region text, p_instance uuid, p_pregnancy text) RETURNS integer
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT done.first + greatest(done.later - (
           SELECT count(*)::integer FROM stored_forms(p_region, p_pregnancy, 'anc-visit') s
            WHERE EXISTS (SELECT FROM form_answers(s.body, 'urged_only') a WHERE a -> 'valueBoolean' = 'true')
               OR EXISTS (SELECT FROM form_answers(s.body, 'contact') a WHERE a #>> '{valueCoding,code}' IN ('lost', 'died'))), 0)
  FROM (SELECT (count(*) FILTER (WHERE t.element_id = 'task_first_visit') > 0)::integer AS first,
               (count(*) FILTER (WHERE t.element_id = 'task_antenatal_visit'))::integer AS later
          FROM user_task t
         WHERE t.region_id = p_region AND t.instance_id = p_instance AND t.state = 'completed'
           AND t.element_id IN ('task_first_visit', 'task_antenatal_visit')) done
$$;

DO $do$
DECLARE
    definition text := pg_get_functiondef('indicator_rows(text, date, date, timestamptz, integer)'::regprocedure);
    changed text := replace(replace(definition,
        '), birth AS MATERIALIZED (
    SELECT w.*, d.mode',
        '), birth AS MATERIALIZED (
    SELECT w.*, CASE WHEN w.visits_told >= 5 THEN w.visits_told
                     ELSE greatest(w.visits_told, visits_done(p_region, w.id, w.pregnancy_id)) END AS visits, d.mode'),
        'ELSE 0 END AS visits,', 'ELSE 0 END AS visits_told,');
BEGIN
    IF changed NOT LIKE '%AS visits_told,%' OR changed NOT LIKE '%visits_done(%' THEN
        RAISE EXCEPTION 'indicator_rows is not as this migration expects it';
    END IF;
    EXECUTE changed;
END
$do$;
