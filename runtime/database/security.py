"""Row-level security underneath the application's own checks: policies, rights and functions, put right after every
migration and partition, so that a table cannot be made without one. What is right already is not touched."""

from __future__ import annotations

from typing import Any, LiteralString, cast

from psycopg import Connection, errors, sql

from runtime.database.roles import APPLICATION

REGION = "nullif(current_setting('app.region', true), '')"
_EVERYBODY = "current_setting('app.organisations', true) = '*'"
_UNASKED = "coalesce(current_setting('app.cases', true), '') = ''"
_MINE = "nullif(current_setting('app.cases', true), '')::text[]"
OF_REGION = f"region_id = {REGION}"
OF_INSTALLATION = f"{REGION} IS NOT NULL"
OPEN = "true"

# Neither a woman's nor a person's: read before anybody acts for a region. The task library's rows hold times and names
# of tasks, and its own connections, which know of no region, work on them.
WITHOUT_REGION = frozenset({"schema_migration", "manual_clock"})
TASK_LIBRARY = "procrastinate"

# Beside the region: what somebody who reads for organisations may know of.
NARROWING = {
    "resource": f"{_EVERYBODY} OR may_know_resource(region_id, patient_id, owner, labels)",
    "fhir_document": f"{_EVERYBODY} OR may_know_resource(region_id, patient_id, owner, labels)",
    "document_that_came": f"{_EVERYBODY} OR may_know_resource(region_id, patient_id, owner, labels)",
    "resource_version": f"{_EVERYBODY} OR may_know_version(region_id, type, id)",
    "instance": f"{_UNASKED} OR may_know_case_of(region_id, variables)",
    "user_task": f"{_UNASKED} OR organisation IS NULL OR organisation = ANY ({_MINE})"
    " OR may_know_case(region_id, instance_id)",
    "history": f"{_UNASKED} OR may_know_case(region_id, instance_id)",
    "incident": f"{_UNASKED} OR may_know_case(region_id, instance_id)",
    "user_task_attachment": f"{_UNASKED} OR may_know_task(region_id, user_task_id)",
    "user_task_comment": f"{_UNASKED} OR may_know_task(region_id, user_task_id)",
    "user_task_handover": f"{_UNASKED} OR may_know_task(region_id, user_task_id)",
}
WITHHELD = {
    "schema_migration": "INSERT, UPDATE, DELETE",
    "audit": "UPDATE, DELETE",
    "arrival": "UPDATE",
    "history": "UPDATE",
}
# Their errors name no value. Only what tells nothing of hidden rows may use an index before the policy is asked.
TELL_NOTHING = (
    *("arrayoverlap(anyarray, anyarray)", "arraycontains(anyarray, anyarray)"),
    *("jsonb_exists(jsonb, text)", "jsonb_object_field(jsonb, text)"),
)

# None of our functions has its owner's rights, so a path set by a caller reaches no further than the caller. Fixing it
# for these would cost every step one part in fifty; and nothing of theirs is chosen by name at run time.
IN_EVERY_STEP = ("save_step", "start_instance", "save_rows", "save_resources", "message_lock")

_TABLES = """
SELECT n.nspname, c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid),
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'region_id' AND NOT a.attisdropped),
       has_table_privilege(%(role)s, c.oid, 'SELECT')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND (n.nspname IN ('public', %(library)s) OR n.nspname LIKE 'region\\_%%')
"""
_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
 WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
   AND (p.prosecdef OR p.proname <> ALL (%s::text[]))
   AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s (setting) WHERE s.setting LIKE 'search_path=%%')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
_VIEWS = """
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
   AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
"""


def secure(conn: Connection[Any]) -> None:
    """As the owner, where the application's role is there. A table that is right already is not locked, the others one
    after the other."""
    tables = conn.execute(_TABLES, {"role": APPLICATION, "library": TASK_LIBRARY}).fetchall()
    for schema, name, forced, policies, regional, granted in tables:
        wanted = policies_of(schema, name, regional)
        missing = sorted(wanted.keys() - set(policies))
        is_ours = schema in ("public", TASK_LIBRARY)  # a region's own table is reached through the one of all regions
        if forced and not missing and (granted or not is_ours):
            continue
        table = sql.Identifier(schema, name)
        with conn.transaction():
            for policy in missing:
                conn.execute(_policy(policy, wanted[policy], table))
            conn.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY").format(table))
            if is_ours:
                _grant(conn, name, table)
    for schema in ("public", TASK_LIBRARY):
        _grant_schema(conn, schema)
    for (function,) in conn.execute(_FUNCTIONS, [list(IN_EVERY_STEP)]).fetchall():
        conn.execute(_said(f"ALTER FUNCTION {function} SET search_path = public, pg_temp"))
    for (view,) in conn.execute(_VIEWS).fetchall():
        conn.execute(sql.SQL("ALTER VIEW {} SET (security_invoker = true)").format(sql.Identifier("public", view)))
    _let_indexes_be_used(conn)


def tables_without_policy(conn: Connection[Any]) -> list[str]:
    """Tables that a role without more rights than the application's could read whole."""
    rows = conn.execute(_TABLES, {"role": APPLICATION, "library": TASK_LIBRARY}).fetchall()
    return [
        f"{schema}.{name} lacks a policy"
        for schema, name, forced, policies, regional, _ in rows
        if not forced or policies_of(schema, name, regional).keys() - set(policies)
    ]


def policies_of(schema: str, table: str, regional: bool) -> dict[str, str]:
    """By name the condition of each policy that the table must have."""
    if schema == TASK_LIBRARY or table in WITHOUT_REGION:
        return {"open": OPEN}
    if not regional:
        return {"installation": OF_INSTALLATION}
    return {"region": OF_REGION, **({"organisations": NARROWING[table]} if table in NARROWING else {})}


def _policy(name: str, condition: str, table: sql.Identifier) -> sql.Composed:
    kind = "AS RESTRICTIVE FOR SELECT" if name == "organisations" else "FOR ALL"
    return sql.SQL("CREATE POLICY {} ON {} {} USING ({})").format(
        sql.Identifier(name), table, _said(kind), _said(condition)
    )


def _grant(conn: Connection[Any], name: str, table: sql.Identifier) -> None:
    role = sql.Identifier(APPLICATION)
    conn.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(table, role))
    if name in WITHHELD:
        conn.execute(sql.SQL("REVOKE {} ON {} FROM {}").format(_said(WITHHELD[name]), table, role))


def _grant_schema(conn: Connection[Any], schema: str) -> None:
    """The right to look into it, and to draw numbers."""
    row = conn.execute("SELECT has_schema_privilege(%s, %s, 'USAGE')", [APPLICATION, schema]).fetchone()
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(APPLICATION)}
    if not (row and row[0]):
        conn.execute(sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names))
    conn.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}").format(**names))


def _let_indexes_be_used(conn: Connection[Any]) -> None:
    """Only a superuser may say so; without it searches by token read more rows than they need."""
    for function in TELL_NOTHING:
        row = conn.execute("SELECT proleakproof FROM pg_proc WHERE oid = %s::regprocedure", [function]).fetchone()
        if row and not row[0]:
            try:
                with conn.transaction():
                    conn.execute(_said(f"ALTER FUNCTION pg_catalog.{function} LEAKPROOF"))
            except errors.InsufficientPrivilege:
                return


def _said(text: str) -> sql.SQL:
    """A text of this file, or a name that PostgreSQL quoted itself."""
    return sql.SQL(cast(LiteralString, text))
