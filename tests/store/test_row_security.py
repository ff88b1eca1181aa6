"""F14, S09: under the application's own checks the database itself shows a region's rows to nobody else.

Nothing here is a list of tables: the catalogue is asked, so that a new table without a policy is found.
"""

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.errors import Forbidden
from engine.store.connections import ACT_FOR, RegionPool, open_pool
from runtime.database import embedded, migrate, partition
from runtime.database.roles import APPLICATION, as_application, faults_of_role
from runtime.database.security import IN_EVERY_STEP, tables_without_policy
from runtime.trials.databases import looking
from tests.store.store_kit import TWO_TASKS

# Without a region and without anybody's data: times and names of tasks, the number of the schema, the rehearsed clock.
OPEN = {"schema_migration", "manual_clock"}
TABLES = """
SELECT n.nspname, c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


@pytest.fixture
def application(database):
    with psycopg.connect(as_application(database), autocommit=True) as conn:
        yield conn


def tables(database):
    with psycopg.connect(database) as conn:
        return conn.execute(TABLES).fetchall()


def count(conn, table):
    return conn.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[0]


def act_for(conn, region_id, **settings):
    conn.execute(ACT_FOR, {"region_id": region_id})
    for name, value in settings.items():
        conn.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", value])


@pytest.fixture
def two_regions(make_world):
    for region_id in ("north", "south"):
        world = make_world(region_id=region_id)
        world.deploy(TWO_TASKS)
        world.start("two_tasks", business_key="one and the same")


def test_f14_without_a_setting_there_is_no_row_before_a_transaction_in_it_and_after_it(two_regions, application):
    """After a transaction the setting reads as '', not as null: both mean nobody."""
    assert count(application, "instance") == 0
    with application.transaction():
        act_for(application, "north")
        assert application.execute("SELECT region_id FROM instance").fetchall() == [("north",)]
    assert application.execute("SELECT current_setting('app.region', true)").fetchone() == ("",)
    assert count(application, "instance") == 0


def test_s09_every_table_has_a_policy_that_its_owner_cannot_forget(database):
    assert [f"{schema}.{name}" for schema, name, forced, policy in tables(database) if not (forced and policy)] == []


def test_s09_the_application_sees_no_row_of_any_table_before_it_says_for_whom(two_regions, database, application):
    names = {name for schema, name, *_ in tables(database) if schema == "public"} - OPEN
    assert {"instance", "history", "audit", "resource", "account", "definition"} <= names
    assert {name: rows for name in names if (rows := count(application, name))} == {}


def test_s09_the_role_owns_nothing_and_passes_no_policy_by(application):
    assert faults_of_role(application) == []
    assert tables_without_policy(application) == []


def test_the_owner_is_told_apart(database):
    with psycopg.connect(database) as conn:
        assert "owns tables" in faults_of_role(conn)


def test_s09_no_function_has_its_owners_rights_without_a_fixed_path_and_no_view_its_owners_sight(database):
    with psycopg.connect(database) as conn:
        functions = conn.execute(
            "SELECT proname, prosecdef FROM pg_proc p"
            " WHERE pronamespace IN ('public'::regnamespace, 'procrastinate'::regnamespace)"
            " AND NOT EXISTS (SELECT FROM unnest(proconfig) AS s (setting)"
            " WHERE setting LIKE 'search_path=%')"
        ).fetchall()
        views = conn.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
            " AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"
        ).fetchall()
    assert {name for name, _ in functions} <= set(IN_EVERY_STEP)
    assert not any(has_owners_rights for _, has_owners_rights in functions)
    assert views == []


def test_nothing_is_written_into_another_region(two_regions, application):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), application.transaction():
        act_for(application, "north")
        application.execute(
            "INSERT INTO outbox (region_id, instance_id, revision, at, events)"
            " VALUES ('south', gen_random_uuid(), 1, now(), '[]')"
        )
    with application.transaction():
        act_for(application, "north")
        assert application.execute("UPDATE instance SET business_key = 'other'").rowcount == 1
        assert application.execute("DELETE FROM user_task WHERE region_id = 'south'").rowcount == 0


FORBIDDEN = (
    "UPDATE audit SET actor_id = 'me'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "UPDATE history SET by = 'me'",
    "DELETE FROM schema_migration",
    "ALTER TABLE instance DISABLE ROW LEVEL SECURITY",
    "DROP POLICY region ON instance",
    "SET SESSION AUTHORIZATION yuntu",
    "SET ROLE yuntu",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_the_application_may_not_do_whoever_has_its_connection(application, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


def test_a_unique_index_does_not_tell_one_region_of_a_woman_in_another(database, application):
    """Every unique key begins with the region: a number that another region holds is free here."""
    with psycopg.connect(database) as conn:
        wrong = conn.execute(
            "SELECT x.indexrelid::regclass::text FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'region_id'"
            " WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace AND x.indkey[0] <> a.attnum"
        ).fetchall()
    assert wrong == []
    for region_id in ("north", "south"):
        with application.transaction():
            act_for(application, region_id)
            application.execute(
                "INSERT INTO resource_identity (region_id, type, system, value, id)"
                " VALUES (%s, 'Patient', 'id', '1', '1')",
                [region_id],
            )


def test_statistics_show_nothing_of_tables_with_policies(two_regions, database, application):
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ANALYZE instance")
    assert application.execute("SELECT count(*) FROM pg_stats WHERE tablename = 'instance'").fetchone() == (0,)


def test_a_connection_goes_back_to_the_pool_acting_for_nobody(two_regions, database):
    with open_pool(as_application(database), max_size=1) as pool:
        with pytest.raises(ZeroDivisionError), RegionPool(pool, "north").connection() as conn:
            assert count(conn, "instance") == 1
            raise ZeroDivisionError
        with RegionPool(pool, "south").connection() as conn:
            assert conn.execute("SELECT region_id FROM instance").fetchall() == [("south",)]
        with pool.connection() as conn:
            assert count(conn, "instance") == 0


def test_whoever_reads_for_organisations_sees_their_women_and_what_is_nobodys(pool, application):
    with looking(pool) as conn:
        for id, patient, labels in (
            ("mine", "p1", "{}"),
            ("hers", "p2", "{}"),
            ("purple", "p1", "{R}"),
            ("none", None, "{}"),
        ):
            conn.execute(
                "INSERT INTO resource (region_id, type, id, version, updated_at, engine_owned, source, owner,"
                " content_hash, patient_id, labels)"
                " VALUES ('north', 'Observation', %s, 1, now(), true, 'e', 'his', 'h', %s, %s)",
                [id, patient, labels],
            )
        conn.execute("INSERT INTO patient_area VALUES ('north', 'p1', 'org-1'), ('north', 'p2', 'org-2')")
        conn.execute(
            "INSERT INTO resource_version SELECT region_id, type, id, 1, now(), false, 'e', '{}', '{}' FROM resource"
        )

    def seen(**settings):
        with application.transaction():
            act_for(application, "north", **settings)
            found = [
                {row[0] for row in application.execute(f"SELECT id FROM {table}").fetchall()}
                for table in ("resource", "resource_version")
            ]
        assert found[0] == found[1]
        return found[0]

    assert seen() == {"mine", "hers", "purple", "none"}
    assert seen(organisations="{org-1}") == {"mine", "none"}
    assert seen(organisations="{org-1}", restricted="on") == {"mine", "purple", "none"}
    assert seen(organisations="{}") == {"none"}
    assert seen(organisations="") == set()
    assert seen(organisations="{}", viewer="his") == {"mine", "hers", "purple", "none"}


def test_a_region_that_is_attached_as_a_partition_is_behind_the_same_policies(two_regions, database, application):
    partition.partition(database, ["west"])
    assert [f"{schema}.{name}" for schema, name, forced, policy in tables(database) if not (forced and policy)] == []
    with application.transaction():
        act_for(application, "north")
        assert application.execute("SELECT region_id FROM instance").fetchall() == [("north",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("SELECT FROM region_north.instance")


def test_migrating_says_what_the_administrator_has_to_do_and_changes_nothing(server, database):
    """An owner to whom its own policies apply would miss rows in a later migration."""
    dbname = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE ROLE weak_owner LOGIN")
        try:
            admin.execute(sql.SQL("CREATE DATABASE weak OWNER weak_owner"))
            with pytest.raises(Exception, match="ALTER ROLE weak_owner BYPASSRLS"):
                migrate.migrate(make_conninfo(server, dbname="weak", user="weak_owner"))
            assert migrate.status(make_conninfo(server, dbname="weak", user="weak_owner"))["schema_version"] is None
        finally:
            admin.execute("DROP DATABASE IF EXISTS weak WITH (FORCE)")
            admin.execute("DROP ROLE weak_owner")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)")
    with pytest.raises(Exception, match="YUNTU_DATABASE_OWNER_URL"):
        migrate.migrate(make_conninfo(server, dbname=dbname, user=APPLICATION))


def test_an_owner_that_is_no_superuser_migrates_and_sees_everything_once_the_administrator_made_the_roles():
    with embedded.throw_away() as server, psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE ROLE hospital_owner LOGIN BYPASSRLS")
        admin.execute("CREATE DATABASE hospital OWNER hospital_owner")
        owner = make_conninfo(server, dbname="hospital", user="hospital_owner")
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(APPLICATION)))

        with pytest.raises(Exception, match=f"CREATE ROLE {APPLICATION} LOGIN"):
            migrate.migrate(owner)
        assert migrate.status(owner)["schema_version"] is None, "nothing half-done"

        admin.execute("CREATE ROLE hospital_app LOGIN")
        admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(APPLICATION)))
        admin.execute(sql.SQL("GRANT {} TO hospital_app").format(sql.Identifier(APPLICATION)))
        migrate.migrate(owner)
        assert migrate.migrate(owner) == []
        with psycopg.connect(make_conninfo(owner, user="hospital_app")) as conn:
            assert faults_of_role(conn) == tables_without_policy(conn) == []
        with migrate.owner_connection(owner) as conn:
            assert count(conn, "instance") == 0  # the whole table, or an error
        with pytest.raises(Forbidden, match="YUNTU_DATABASE_OWNER_URL"):
            migrate.owner_connection(make_conninfo(owner, user="hospital_app"))


def test_a_table_that_lost_its_policy_gets_it_back_with_the_next_migration(database):
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP POLICY region ON audit")
        assert tables_without_policy(conn) == ["public.audit lacks a policy"]
    migrate.migrate(database)
    with psycopg.connect(database) as conn:
        assert tables_without_policy(conn) == []
