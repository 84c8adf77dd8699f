"""The role by which the desk works: it reads and writes rows, and owns nothing.

Code that came to run in the web or a worker, or SQL that came through them, then cannot drop,
alter or put to sleep what guards the record. Nor may it make temporary tables: PostgreSQL looks
among these first, also for the tables that a trigger names. Whoever owns the tables grants this,
after each `migrate`.
"""

from __future__ import annotations

from django.db import connection, transaction
from psycopg import sql

# What new tables are to have, too, which a migration makes while the desk runs.
ROWS = "SELECT, INSERT, UPDATE, DELETE"
NUMBERS = "USAGE, SELECT"
RIGHTS = f"""
REVOKE CREATE, TEMPORARY ON DATABASE {{database}} FROM PUBLIC, {{role}};
GRANT CONNECT ON DATABASE {{database}} TO {{role}};
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {{role}};
GRANT USAGE ON SCHEMA public TO {{role}};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {{role}};
GRANT {ROWS} ON ALL TABLES IN SCHEMA public TO {{role}};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {{role}};
GRANT {NUMBERS} ON ALL SEQUENCES IN SCHEMA public TO {{role}};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {{role}};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {ROWS} ON TABLES TO {{role}};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {NUMBERS} ON SEQUENCES TO {{role}};
"""
TOO_MUCH = """
SELECT unnest(array_remove(ARRAY[
    CASE WHEN rolsuper THEN 'it is superuser' END,
    CASE WHEN rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
        THEN 'it may create roles or databases, replicate, or pass row security by' END,
    (SELECT 'it belongs to the role ' || min(above.rolname)
        FROM pg_auth_members JOIN pg_roles above ON above.oid = roleid WHERE member = role.oid),
    CASE WHEN EXISTS (SELECT FROM pg_shdepend
            WHERE refclassid = 'pg_authid'::regclass AND refobjid = role.oid AND deptype = 'o')
        THEN 'it owns something' END,
    CASE WHEN has_database_privilege(rolname, current_database(), 'TEMPORARY')
        THEN 'it may make temporary tables' END,
    CASE WHEN has_database_privilege(rolname, current_database(), 'CREATE')
            OR has_schema_privilege(rolname, 'public', 'CREATE')
        THEN 'it may create schemas or tables' END
], NULL)) FROM pg_roles role WHERE rolname = %s
"""


class CannotGrant(Exception):
    """Nothing was granted; the sentence says why."""


@transaction.atomic
def grant(role: str, password: str) -> None:
    """Let `role` do what the desk does, and nothing else; make it if there is none.

    Safe to repeat: what it was given besides is taken away again. Without a `password` that of the
    role stays as it is.

    :raises CannotGrant: if it can do more in the end, because somebody else gave it that.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [role])
        if cursor.fetchone()[0]:
            raise CannotGrant(f"{role} migrates; the desk needs a role of its own.")
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role])
        if not cursor.fetchone()[0]:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        if password:
            cursor.execute(_password(role, password))
        names = {
            "database": sql.Identifier(connection.settings_dict["NAME"]),
            "role": sql.Identifier(role),
        }
        cursor.execute(sql.SQL(RIGHTS).format(**names))
        cursor.execute(TOO_MUCH, [role])
        if found := [why for (why,) in cursor.fetchall()]:
            raise CannotGrant(f"The role {role} can do too much: {', '.join(found)}.")


def _password(role: str, password: str) -> sql.Composed:
    """Set a password, which leaves this process as a hash alone: the server may log statements."""
    server = connection.connection.pgconn
    kept = server.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    return sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(kept))
