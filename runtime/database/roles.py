"""Two roles: one owns the tables and changes them, the other works with them and sees what the policies let it see."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, errors, sql
from psycopg.conninfo import make_conninfo

from engine.errors import Forbidden

APPLICATION = "yuntu_app"

_OWNER = """
SELECT rolsuper OR rolbypassrls, has_schema_privilege('public', 'CREATE') FROM pg_roles WHERE rolname = current_user
"""

_FAULTS = f"""
SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname IN ('public', 'procrastinate')
                  AND pg_has_role(current_user, c.relowner, 'MEMBER')),
       NOT EXISTS (SELECT FROM pg_roles a WHERE a.rolname = '{APPLICATION}'
                      AND pg_has_role(current_user, a.oid, 'USAGE'))
  FROM pg_roles r WHERE r.rolname = current_user
"""


def as_application(url: str) -> str:
    """The same database as the application's role: where the server asks for no password."""
    return make_conninfo(url, user=APPLICATION)


def is_owner(conn: Connection[Any]) -> bool:
    """Whether this role made the tables, or may make them in an empty database."""
    row = conn.execute(
        "SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = to_regclass('public.schema_migration')"
    ).fetchone()
    if row is not None:
        return bool(row[0])
    found = conn.execute(_OWNER).fetchone()
    return bool(found and found[1])


def require_owner(conn: Connection[Any]) -> None:
    """Raises Forbidden unless this role can change the schema, and sees all rows while it does."""
    role, found = conn.info.user, conn.execute(_OWNER).fetchone()
    if not is_owner(conn):
        raise Forbidden(
            f"角色 {role} 不是数据库表的所有者：设置 YUNTU_DATABASE_OWNER_URL 后运行 yuntu db migrate",
            f"the role {role} does not own the tables: set YUNTU_DATABASE_OWNER_URL and run yuntu db migrate",
            code="not-the-owner",
        )
    if not (found and found[0]):
        raise Forbidden(
            f"所有者角色须有 BYPASSRLS，请数据库管理员执行：ALTER ROLE {role} BYPASSRLS",
            f"the owner needs BYPASSRLS; let the administrator run: ALTER ROLE {role} BYPASSRLS",
            code="owner-sees-too-little",
        )


def require_all_rows(conn: Connection[Any]) -> None:
    """Raises Forbidden for a role that policies apply to: it would see a part of the rows, or none."""
    role, found = conn.info.user, conn.execute(_OWNER).fetchone()
    if not (found and found[0]):
        raise Forbidden(
            f"角色 {role} 看不到全部行：设置 YUNTU_DATABASE_OWNER_URL（所有者，有 BYPASSRLS）后再执行",
            f"the role {role} does not see all rows: set YUNTU_DATABASE_OWNER_URL (the owner, with BYPASSRLS)",
            code="role-sees-a-part",
        )


def faults_of_role(conn: Connection[Any]) -> list[str]:
    """Why policies would not hold for this role: nothing, when it is the application's."""
    row = conn.execute(_FAULTS).fetchone()
    assert row is not None, "a role that is connected exists"
    says = ("is a superuser", "has BYPASSRLS", "may create roles", "owns tables", "is no member of " + APPLICATION)
    return [said for said, found in zip(says, row) if found]


def ensure_application(conn: Connection[Any]) -> None:
    """The application's role is there. Raises Forbidden when it is missing and this role may not make one."""
    if conn.execute("SELECT FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone() is not None:
        return
    make = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION")
    try:
        with conn.transaction():
            conn.execute(make.format(sql.Identifier(APPLICATION)))
    except (errors.DuplicateObject, errors.UniqueViolation):
        pass  # another process was faster
    except errors.InsufficientPrivilege as error:
        raise Forbidden(
            f"缺少应用角色，请数据库管理员执行：CREATE ROLE {APPLICATION} LOGIN PASSWORD '…'",
            f"the application's role is missing; the administrator runs: CREATE ROLE {APPLICATION} LOGIN PASSWORD '…'",
            code="no-application-role",
        ) from error
