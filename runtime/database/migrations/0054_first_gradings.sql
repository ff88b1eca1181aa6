-- A grading that was amended carries the time of its amendment, and in `amends` the time at which she was graded: she was
-- graded in time if she was so then (I-11).

DO $do$
DECLARE
    definition text := pg_get_functiondef('indicator_rows(text, date, date, timestamptz, integer)'::regprocedure);
    changed text := replace(replace(definition,
        'SELECT w.id, g.number, civil_date(g.said ->> ''graded_at'') AS graded_on,',
        'SELECT w.id, g.number, civil_date(g.said ->> ''graded_at'') AS graded_on,
           civil_date(coalesce(g.said ->> ''amends'', g.said ->> ''graded_at'')) AS first_on,'),
        'SELECT g.id, min(g.graded_on) AS graded_on FROM grading g GROUP BY g.id',
        'SELECT g.id, min(g.first_on) AS graded_on FROM grading g GROUP BY g.id');
BEGIN
    IF changed NOT LIKE '%AS first_on,%' OR changed NOT LIKE '%min(g.first_on)%' THEN
        RAISE EXCEPTION 'indicator_rows is not as this migration expects it';
    END IF;
    EXECUTE changed;
END
$do$;
