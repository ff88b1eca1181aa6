"""What a statement forgets to ask, the database asks: row-level security beneath the conditions of each query."""

import pytest

from fhir_adapters.access import Viewer
from fhir_adapters.search.query import read_query
from fhir_adapters.store import resources, search


def viewer(*organisations, restricted=False, source="client:stranger"):
    return Viewer(source=source, organisations=organisations, restricted=restricted)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (viewer("org-hospital"), True),
        (viewer("org-hospital", "org-elsewhere"), True),
        (viewer("org-elsewhere"), False),
        (viewer(), False),
        (viewer(source="client:his-demo"), True),  # its own
    ],
)
def test_a_read_that_asks_nothing_shows_nothing_of_somebody_elses_woman(hospital, who, sees):
    woman = hospital.brings_in()
    id_ = woman.subject.removeprefix("Patient/")

    with hospital.pool.connection() as conn:
        assert resources.current(conn, hospital.region_id, "Patient", id_) is not None  # the region's own work
        resources.narrow(conn, who)
        found = resources.current(conn, hospital.region_id, "Patient", id_)
        texts = conn.execute("SELECT count(*) FROM resource_version WHERE id = %s", [id_]).fetchone()
        nobodys = conn.execute("SELECT count(*) FROM resource WHERE type = 'Organization'").fetchone()

    assert (found is not None, texts[0] > 0) == (sees, sees)
    assert nobodys[0] > 0
    with hospital.pool.connection() as conn:  # the setting died with its transaction
        assert resources.current(conn, hospital.region_id, "Patient", id_) is not None


@pytest.mark.parametrize(("who", "sees"), [(viewer("org-hospital"), True), (viewer("org-elsewhere"), False)])
@pytest.mark.parametrize("sort", ["_lastUpdated", "-birthdate", "birthdate,_id"])
def test_a_search_that_forgets_to_ask_shows_nothing_of_somebody_elses_woman(hospital, monkeypatch, who, sees, sort):
    hospital.brings_in()
    monkeypatch.setattr(search, "_visible", lambda *_: None)
    asked = [("_sort", sort), ("_include", "Patient:organization"), ("_revinclude", "Task:patient")]

    with hospital.pool.connection() as conn:
        hits = search.search(conn, hospital.region_id, read_query("Patient", asked), who)

    assert bool(hits.matches) is sees
    assert sees or not hits.included
