-- A grading may be amended more than once, and so may one that is not in force any more: every result that was in error
-- stays with its time, and she was graded in time if any of them was (I-11).

DO $do$
DECLARE
    definition text := pg_get_functiondef('indicator_rows(text, date, date, timestamptz, integer)'::regprocedure);
    changed text := replace(definition,
        'civil_date(coalesce(g.said ->> ''amends'', g.said ->> ''graded_at'')) AS first_on,',
        'least(civil_date(coalesce(g.said ->> ''amends'', g.said ->> ''graded_at'')),
                 (SELECT min(civil_date(e ->> ''graded_at'')) FROM jsonb_array_elements(
                      CASE WHEN jsonb_typeof(w.v -> ''gradings_in_error'') = ''array''
                           THEN w.v -> ''gradings_in_error'' ELSE ''[]'' END) e)) AS first_on,');
BEGIN
    IF changed NOT LIKE '%gradings_in_error%' THEN
        RAISE EXCEPTION 'indicator_rows is not as this migration expects it';
    END IF;
    EXECUTE changed;
END
$do$;
