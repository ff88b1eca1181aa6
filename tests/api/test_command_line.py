"""`yuntu`: exit codes, and the JSON that scripts rely on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from engine.timers import known_until, learn
from runtime.cli import COMMANDS, main
from runtime.database import embedded, migrate
from runtime.database.roles import as_application
from runtime.demo.county import key_pair
from tests.api.conftest import ERRAND
from tests.unit.test_holidays import notice

CONTRACT_ACCOUNTS = {
    "village": "R-VDOC",
    "nurse": "R-MCHW",
    "midwife": "R-MIDW",
    "doctor": "R-OB",
    "senior": "R-OB-AC",
    "officer": "R-PM-F",
    "county": "R-HCADM",
    "designer": "R-DESIGN",
    "publisher": "R-DESIGN",
    "it": "R-ITADM",
    "auditor": "auditor",
}


class Shell:
    def __init__(self, county):
        self.environment = {
            "YUNTU_HOME": str(county.settings.home),
            "YUNTU_DATABASE_URL": as_application(county.url),
            "YUNTU_CLOCK": "system",
        }

    def __call__(self, *arguments, code=0, given=None, **environment):
        done = CliRunner().invoke(main, arguments, env={**self.environment, **environment}, input=given)
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    def json(self, *arguments, **more):
        return json.loads(self(*arguments, "--json", **more).splitlines()[-1])  # what went before is progress


@pytest.fixture
def yuntu(county):
    return Shell(county)


def test_accounts_lists_the_demonstration_log_ins_with_generated_passwords(yuntu, county, password):
    listed = yuntu.json("accounts")

    assert all(entry.keys() == {"account", "password", "roles", "organisation"} for entry in listed)
    assert {e["account"]: e["roles"][0] for e in listed}.items() >= CONTRACT_ACCOUNTS.items()
    assert {e["account"]: e["password"] for e in listed} == password
    assert len(set(password.values())) == len(password) and min(map(len, password.values())) >= 12


def test_a_token_is_good_for_the_interface(yuntu, county):
    issued = yuntu.json("token", "--account", "nurse")

    assert issued.keys() == {"access_token", "token_type", "expires_at"} and issued["token_type"] == "Bearer"
    assert datetime.fromisoformat(issued["expires_at"]).tzinfo is not None
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    assert county.get("/api/user-tasks", headers=headers).status_code == 200


def test_a_hospital_system_gets_a_token_too(yuntu, county):
    token = yuntu.json("token", "--client", "his-demo")["access_token"]

    assert county.services.people.actor_for_token(token).scopes == {"system/*.cruds"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["token"], 2),
        (["token", "--account", "nurse", "--client", "his-demo"], 2),
        (["token", "--account", "nobody"], 1),
        (["token", "--client", "nobody"], 1),
        (["tokens"], 2),
        (["deploy"], 2),
        (["deploy", "/nowhere"], 2),
        (["instances", "show", "17"], 2),
        (["instances", "show", "00000000-0000-0000-0000-000000000000"], 1),
        (["simulate", "--region", "nowhere"], 2),
        (["user", "add", "x", "--name", "y", "--organisation", "org-nowhere", "--role", "R-MCHW"], 1),
    ],
)
def test_what_cannot_be_ends_with_its_exit_code_and_no_trace(yuntu, arguments, code):
    assert "Traceback" not in yuntu(*arguments, code=code)


@pytest.mark.parametrize(
    ("name", "value"),
    [("YUNTU_PORT", "none"), ("YUNTU_CLOCK", "manual:soon"), ("YUNTU_WORKERS", "many"), ("YUNTU_DEMO", "yes")],
)
def test_a_setting_that_cannot_be_understood_is_named(yuntu, name, value):
    assert name in yuntu("accounts", code=2, **{name: value})


def test_every_command_of_the_table_is_there_and_helps(yuntu):
    for name in COMMANDS:
        assert "Usage:" in yuntu(name, "--help"), name


def test_a_new_account_can_sign_in_with_the_password_that_is_shown_once(yuntu, county):
    made = yuntu.json("user", "add", "Wang", "--name", "测试", "--organisation", "org-twn-1", "--role", "R-MCHW")

    assert made["account"] == "wang"
    assert county.services.people.sign_in("wang", made["password"], remote=None).principal.roles == {"R-MCHW"}
    assert "wang" in {entry["account"] for entry in yuntu.json("user", "list")}


def test_a_password_from_standard_input_is_not_shown(yuntu, county):
    shown = yuntu("user", "password", "nurse", "--password-stdin", given="a-long-word-7\n")

    assert "a-long-word-7" not in shown
    assert county.services.people.sign_in("nurse", "a-long-word-7", remote=None)


def test_a_disabled_account_is_not_listed_and_gets_no_token(yuntu):
    yuntu("user", "disable", "nurse2")

    assert "nurse2" not in {entry["account"] for entry in yuntu.json("accounts")}
    yuntu("token", "--account", "nurse2", code=1)


def test_a_hospital_system_is_registered_by_its_public_keys(yuntu, tmp_path):
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [key_pair()[1]]}))
    arguments = ["client", "add", "--name", "his", "--organisation", "org-hospital", "--scopes", "system/*.rs"]

    made = yuntu.json(*arguments, "--jwks", str(keys))

    assert made["client_id"] and made["scopes"] == ["system/*.rs"]
    assert "his" in {entry["name"] for entry in yuntu.json("client", "list")}
    yuntu(*arguments, "--jwks", str(keys), code=1)


def test_an_app_is_registered_gets_a_new_secret_and_is_switched_off(yuntu):
    back = ["--redirect-uri", "https://app.example.org/back"]
    arguments = ["app", "add", "--name", "edu", "--title", "宣教", "--organisation", "org-hospital", *back]
    secret = ["--authentication", "client_secret_basic"]

    made = yuntu.json(*arguments, *secret, "--scopes", "openid patient/Observation.rs?category=laboratory")
    named = ["--client-id", made["client_id"]]

    assert yuntu.json("app", "secret", *named)["client_secret"] not in (None, made["client_secret"])
    assert made["client_secret"] not in json.dumps(yuntu.json("app", "list"))
    yuntu("app", "switch", *named, "--off")
    assert [one["active"] for one in yuntu.json("app", "list") if one["name"] == "edu"] == [False]
    yuntu(*arguments, "--scopes", "patient/*.sr", code=2)
    assert yuntu.json("app", "rotate-keys")["kid"] in yuntu.json("app", "rotate-keys")["published"]


def test_a_hospital_that_opens_our_pages_is_registered_with_its_people(yuntu):
    his = ["--issuer", "https://his.example.org/fhir"]
    about = ["--title", "县医院", "--organisation", "org-hospital", "--client-id", "yuntu"]

    yuntu("hospital", "add", *his, *about, "--origin", "https://his.example.org")
    yuntu("hospital", "person", *his, "--external", "Practitioner/1", "--account", "doctor")

    found = yuntu.json("hospital", "list")[0]
    assert (found["origins"], found["people"]) == (["https://his.example.org"], [["Practitioner/1", "doctor"]])
    yuntu("hospital", "person", *his, "--external", "Practitioner/2", "--account", "nurse", code=1)
    yuntu("hospital", "switch", *his, "--off")
    yuntu("hospital", "person", *his, "--external", "Practitioner/1")
    assert (yuntu.json("hospital", "list")[0]["active"], yuntu.json("hospital", "list")[0]["people"]) == (False, [])


def test_a_diagram_is_deployed_checked_and_listed(yuntu, tmp_path):
    changed = tmp_path / "errand.bpmn"
    changed.write_bytes(ERRAND.read_bytes().replace("询问".encode(), "问".encode()))

    dry = yuntu.json("deploy", str(changed), "--dry-run")
    before = [d["version"] for d in yuntu.json("definitions")["items"]]
    deployed = yuntu.json("deploy", str(tmp_path))

    assert dry["deployed"][0]["key"] == "errand" and before == [1]
    assert [(d["key"], d["version"], d["created"]) for d in deployed["deployed"]] == [("errand", 2, True)]


def test_a_diagram_by_the_name_that_other_engines_give_it_is_found_in_a_folder(yuntu, tmp_path):
    (tmp_path / "errand.bpmn20.xml").write_bytes(ERRAND.read_bytes())

    assert yuntu.json("bpmn", "check", str(tmp_path))["summary"] == {"files": 1, "open": 1, "executable": 1}
    assert yuntu.json("deploy", str(tmp_path), "--dry-run")["deployed"][0]["key"] == "errand"


def test_a_diagram_that_is_refused_ends_with_one_and_says_where(yuntu, tmp_path):
    broken = tmp_path / "errand.bpmn"
    broken.write_bytes(ERRAND.read_bytes().replace(b'targetRef="catch_answer"', b'targetRef="nowhere"'))

    refused = yuntu.json("deploy", str(broken), code=1)["refused"]

    assert refused and all(r.keys() == {"element_id", "element_type", "code", "message"} for r in refused)


def test_instances_are_listed_and_shown(yuntu, county):
    instance = county.errand()

    [listed] = yuntu.json("instances", "list", "--definition", "errand", "--state", "active")["items"]
    shown = yuntu.json("instances", "show", instance)

    assert listed["id"] == shown["id"] == instance
    assert {wait["element_id"] for wait in shown["waiting"]} == {"task_ask", "timer_late"}


def test_doctor_finds_a_healthy_installation_well(yuntu):
    with embedded.throw_away() as url:  # on disk: the server of a run promises nothing for the day after
        migrate.migrate(url)
        checks = yuntu.json("doctor", YUNTU_DATABASE_URL=as_application(url), YUNTU_OWNER_URL=url)["checks"]

    assert all(check.keys() == {"name", "ok", "detail", "next_step"} for check in checks)
    assert {check["name"] for check in checks} >= {
        "python",
        "disk",
        "database",
        "durability",
        "schema",
        "roles",
        "clock",
    }


def test_doctor_says_when_working_days_are_no_longer_known(yuntu, tmp_path):
    def told(day, code=0):
        with embedded.throw_away() as url:
            migrate.migrate(url)
            asked = {"YUNTU_DATABASE_URL": as_application(url), "YUNTU_HOLIDAYS": str(tmp_path)}
            checks = yuntu.json("doctor", code=code, YUNTU_CLOCK=f"manual:{day}T08:00:00+08:00", **asked)["checks"]
        return next(check for check in checks if check["name"] == "holidays")

    end = known_until()

    assert told(end - timedelta(days=90))["next_step"] is None
    assert "docs/operations/holidays.md" in told(end)["next_step"]
    assert told(end + timedelta(days=1), code=1)["ok"] is False


def test_a_year_of_holidays_is_added_with_a_row_in_the_audit_and_a_doubtful_one_only_on_purpose(
    yuntu, county, tmp_path
):
    year, folder = known_until().year + 1, tmp_path / "kept"
    file = tmp_path / "notice.yaml"
    file.write_text(notice(year, worked=[]), "utf-8")
    asked = {"YUNTU_HOLIDAYS": str(folder)}

    assert "make-up days" in yuntu("holidays", "check", str(file), code=1, **asked)
    assert "nothing was changed" in yuntu("holidays", "add", str(file), code=1, **asked)
    assert yuntu.json("holidays", "add", str(file), "--accept-doubts", "--dry-run", **asked)["dry_run"] is True
    assert not folder.exists()

    yuntu("holidays", "add", str(file), "--accept-doubts", **asked)

    listed = yuntu.json("holidays", "list", **asked)["known_until"]
    learn([])  # what this process has read
    assert listed == f"{year}-12-31"
    assert [row["action"] for row in county.services.people.audit_rows(subject_id=str(year))] == ["add"]


def test_doctor_says_so_where_a_commit_may_be_lost(county):
    with embedded.throw_away(is_fleeting=True) as url:
        migrate.migrate(url)
        told = Shell(county).json("doctor", code=1, YUNTU_DATABASE_URL=as_application(url), YUNTU_OWNER_URL=url)

    (durability,) = [check for check in told["checks"] if check["name"] == "durability"]
    assert not durability["ok"] and "fsync" in durability["next_step"]


def test_doctor_says_the_next_step_where_the_database_is_away(yuntu):
    environment = {"YUNTU_DATABASE_URL": "postgresql://yuntu@127.0.0.1:1/yuntu"}

    checks = {c["name"]: c for c in yuntu.json("doctor", code=1, **environment)["checks"]}

    assert not checks["database"]["ok"] and "YUNTU_DATABASE_URL" in checks["database"]["next_step"]


def test_the_past_is_archived_by_the_owner_of_the_tables_and_not_by_the_application(yuntu, county, tmp_path):
    errand = county.errand()
    ended = county.ask("POST", f"/api/instances/{errand}/termination", "it", json={"reason": "of no use"})
    assert ended.status_code == 200, ended.json
    later = {"YUNTU_DATABASE_OWNER_URL": county.url}
    keep = ("history", "keep", "errand", "0", "--reason", "a test's")
    assert "no process nothing" in yuntu("history", "keep", "nothing", "0", "--reason", "x", code=1, **later)
    assert yuntu.json(*keep, "--dry-run", **later)["due"] == 1
    assert "nothing is due" in yuntu("history", "archive", str(tmp_path), "--dry-run", **later)
    assert yuntu.json(*keep, **later)["due"] == 1

    refused = yuntu("history", "archive", str(tmp_path), code=1)
    written = yuntu.json("history", "archive", str(tmp_path), **later)

    assert "YUNTU_DATABASE_OWNER_URL" in refused
    assert written["due"] == {"errand": 1}
    assert [file.name for file in tmp_path.glob("*.gz")] == written["files"]
    yuntu("history", "sweep", str(tmp_path / "nowhere"), code=2, **later)
    assert "dry run" in yuntu("history", "sweep", str(tmp_path), "--dry-run", **later)
    assert yuntu.json("history", "sweep", str(tmp_path), **later)["swept"] == {written["files"][0]: 1}
    assert "nothing to delete" in yuntu("history", "sweep", str(tmp_path), **later)
