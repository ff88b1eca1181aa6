"""Coming in, staying in, going out; and no change without the token of our own page."""

from __future__ import annotations

import pytest

from tests.web.conftest import csrf_of
from tests.web.markup import assert_sound


def fresh_form(site, **data):
    client = site.app.test_client()
    return client, {"csrf": csrf_of(client.get("/sign-in")), **data}


def test_the_right_password_opens_a_session_in_a_cookie_that_scripts_cannot_read(site):
    client, form = fresh_form(site, login="nurse", password=site.passwords["nurse"])

    answer = client.post("/sign-in", data=form)

    assert answer.status_code == 303 and answer.location == "/"
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("yuntu_session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert client.get("/tasks").status_code == 200


@pytest.mark.parametrize("login, password", [("nurse", "wrong"), ("nobody", "wrong"), ("", "")])
def test_whatever_is_wrong_gets_the_same_sentence(site, login, password):
    client, form = fresh_form(site, login=login, password=password)

    answer = client.post("/sign-in", data=form)

    assert answer.status_code == 401
    assert_sound(answer)
    assert "账号或密码不正确" in answer.get_data(as_text=True)
    assert client.get("/tasks").status_code == 302


def test_a_field_with_a_character_that_cannot_be_stored_is_refused(shown):
    client, form = fresh_form(shown, login="nurse\0", password="x")

    answer = client.post("/sign-in", data=form)

    assert answer.status_code == 400
    assert_sound(answer)


@pytest.mark.parametrize(
    "target, goes",
    [
        ("/register", "/register"),
        ("https://elsewhere.example", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_leads_back_to_a_page_of_ours_and_nowhere_else(site, target, goes):
    client, form = fresh_form(site, login="nurse", password=site.passwords["nurse"], next=target)

    assert client.post("/sign-in", data=form).location == goes


def test_five_wrong_passwords_lock_the_right_one_out_too(site):
    client, form = fresh_form(site, login="nurse", password="wrong")
    for _ in range(5):
        assert client.post("/sign-in", data=form).status_code == 401

    assert client.post("/sign-in", data={**form, "password": site.passwords["nurse"]}).status_code == 401


def test_after_signing_out_the_old_cookie_opens_nothing(site):
    client, form = fresh_form(site, login="nurse", password=site.passwords["nurse"])
    client.post("/sign-in", data=form)
    cookie = client.get_cookie("yuntu_session")
    csrf = csrf_of(client.get("/tasks"))

    assert client.post("/sign-out", data={"csrf": csrf}).status_code == 303
    client.set_cookie("yuntu_session", cookie.value)

    assert client.get("/tasks").status_code == 302


CHANGES = [
    ("POST", "/sign-out"),
    ("POST", "/language"),
    ("POST", "/search"),
    ("POST", "/register"),
    ("POST", "/register/evaluate"),
    ("POST", "/tasks/{task}"),
    ("POST", "/tasks/{task}/evaluate"),
    ("PUT", "/tasks/{task}/draft"),
    ("POST", "/tasks/{task}/claim"),
    ("POST", "/tasks/{task}/release"),
]


@pytest.mark.parametrize("method, path", CHANGES)
@pytest.mark.parametrize("token", [None, "", "guessed", "其他"])
def test_a_change_without_the_token_of_this_session_is_refused(shown, method, path, token):
    task = shown.task("task_screen")
    data = {} if token is None else {"csrf": token}

    answer = shown.client("nurse").open(path.format(task=task.id), method=method, data=data)

    assert answer.status_code == 403
    assert shown.stored(task.id) == task
    assert shown.get("/tasks", "nurse").status_code == 200


@pytest.mark.parametrize("path", ["/design/check", "/design/deploy"])
def test_the_gate_needs_the_token_too(shown, path):
    answer = shown.client("designer").post(path, data=b"<x/>", headers={"X-CSRF-Token": "guessed"})

    assert answer.status_code == 403 and answer.is_json


def test_one_sessions_token_is_worth_nothing_in_another(shown):
    theirs = csrf_of(shown.get("/tasks", "doctor"))

    assert shown.client("nurse").post("/sign-out", data={"csrf": theirs}).status_code == 403


def test_the_language_is_remembered_and_the_page_stays_the_same(site):
    client = site.client("nurse")

    answer = site.post("/language", "nurse", lang="en", next="/tasks?view=all")

    assert answer.location == "/tasks?view=all"
    assert "<h1>Tasks</h1>" in client.get("/tasks").get_data(as_text=True)
    site.post("/language", "nurse", lang="zh")
