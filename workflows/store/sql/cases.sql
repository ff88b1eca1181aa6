-- narrow_cases --
-- For the rest of the transaction row-level security shows of cases and tasks what these organisations may know of.
SELECT set_config('app.cases', (%(organisations)s::text[])::text, true);
