"""After many rows came at once the planner knows of them, also before the server's own first look."""

import psycopg

from runtime import settings, start

HOW_MANY = "SELECT reltuples FROM pg_class WHERE relname = 'outbox'"


def test_after_the_first_load_no_report_is_planned_for_empty_tables(database, tmp_path):
    with psycopg.connect(database, autocommit=True) as conn:
        assert conn.execute(HOW_MANY).fetchone() == (-1,)  # never looked at

        start.gather_statistics(settings.read({"YUNTU_HOME": str(tmp_path), "YUNTU_DATABASE_URL": database}))

        assert conn.execute(HOW_MANY).fetchone() == (0,)
