"""In a grown database, as the application's own role beneath its policies: what is looked for is found by an index."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import psycopg
import pytest

from engine.store.connections import configure
from fhir_adapters.search.query import read_query
from fhir_adapters.store import search
from fhir_adapters.store.audit import SQL as AUDIT
from fhir_adapters.store.audit import events
from runtime.database.roles import as_application
from runtime.database.security import TELL_NOTHING

ICD = "http://hl7.org/fhir/sid/icd-10"
MANY = 20_000  # rows, of which a few are looked for
GROW = f"""
INSERT INTO audit (region_id, at, actor_id, actor_kind, action, subject_kind, subject_id, detail)
SELECT 'here', '2026-01-05T08:00Z', 'n', 'person', 'search', 'Observation', NULL,
       jsonb_build_object('patients', jsonb_build_array('p' || n, 'q' || n)) FROM generate_series(1, {MANY}) AS n;
INSERT INTO audit (region_id, at, actor_id, actor_kind, action, subject_kind, subject_id)
SELECT 'here', '2026-01-05T08:00Z', 'n', 'person', 'read', 'Patient', 'p' || n FROM generate_series(1, {MANY}) AS n;
INSERT INTO resource_string (region_id, type, id, param, value)
SELECT 'here', 'Condition', 'c' || n, '~code', '{ICD}|' || (ARRAY['O', 'Z', 'I', 'E'])[1 + n % 4]
       || lpad((n / 4 % 99)::text, 2, '0') || '.' || n % 10 FROM generate_series(1, {MANY}) AS n;
INSERT INTO resource (region_id, type, id, version, updated_at, engine_owned, source, owner, content_hash)
SELECT region_id, type, id, 1, '2026-01-05T08:00Z', false, 's', 's', 'h' FROM resource_string;
ANALYZE audit, resource, resource_string;
"""


@pytest.fixture
def grown(database):
    """A connection of the application, for the region, after the owner has filled it."""
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(GROW)
    with psycopg.connect(as_application(database)) as conn:
        configure(conn)
        conn.execute("SELECT set_config('app.region', 'here', false), set_config('app.organisations', '*', false)")
        yield conn


def plan_of(conn, statement, values):
    return "\n".join(row[0] for row in conn.execute(b"EXPLAIN " + statement, values).fetchall())


def test_what_may_use_an_index_before_the_policy_says_so(grown):
    for function in TELL_NOTHING:
        asked = "SELECT proleakproof FROM pg_proc WHERE oid = %s::regprocedure"
        assert grown.execute(asked, [function]).fetchone() == (True,), function


def test_the_trail_of_one_woman_is_found_by_her(grown):
    given = dict.fromkeys(("id", "actor", "low", "high", "before"))
    given |= {"region_id": "here", "patient": "p7", "limit": 50}

    plan = plan_of(grown, AUDIT["audit_events_of_patient"].encode(), given)

    assert "audit_patients_idx" in plan and "audit_subject_idx" in plan, plan
    assert "Seq Scan on audit" not in plan, plan
    found = events(grown, "here", limit=50, patient="p7")
    assert [(row["action"], row["subject_id"]) for row in found] == [("read", "p7"), ("search", None)]
    assert [row["action"] for row in events(grown, "here", limit=50, patient="q7")] == ["search"]
    assert events(grown, "here", limit=50, patient="nobody") == []
    late = datetime(2026, 1, 6, tzinfo=UTC)
    assert events(grown, "here", limit=50, patient="p7", low=late) == []
    assert [row["action"] for row in events(grown, "here", limit=1, patient="p7")] == ["read"]


def test_diagnoses_under_a_heading_are_found_by_how_their_codes_begin(grown):
    query = read_query("Condition", [("code:below", f"{ICD}|O14")])
    [condition] = query.conditions
    name, values = search._string("here", "Condition", condition.name, condition.how, condition.values[0])

    asked = f"SELECT r.id FROM resource r WHERE r.region_id = 'here' AND r.type = 'Condition' AND {search.SQL[name]}"
    plan = plan_of(grown, asked.encode(), values)

    assert re.search(r"Index (?:Only )?Scan.*resource_string_idx|Bitmap Index Scan on resource_string_idx", plan), plan
    assert re.search(r"Index Cond: .*value ~>=~ .*value ~<~ ", plan), plan
    begins = "SELECT count(*) FROM resource_string WHERE starts_with(value, %s)"
    [expected] = grown.execute(begins, [f"{ICD}|O14"]).fetchone()
    assert len(grown.execute(asked.encode(), values).fetchall()) == expected > 0
