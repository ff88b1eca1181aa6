"""A form under the fingers of a fast typist, in a real browser with a strict content policy: nothing shown is lost."""

import threading
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, jsonify, request
from playwright.sync_api import expect
from werkzeug.serving import make_server

from engine.errors import Text
from engine.store import plain
from web import forms
from workflows.forms import Item, example_answers, forms_on_disk
from workflows.forms.enabling import holds
from workflows.forms.items import Condition
from workflows.forms.reading import Unreadable, read_date

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong
FORMS = forms_on_disk()
TODAY = date(2026, 1, 5)
CONTEXT = {"edd": "2026-08-10", "prepregnancy_weight": 54}
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>
<script type="module" src="/static/js/form.js"></script></head><body><main><h1>{title}</h1>
<form method="post" novalidate data-form data-evaluate-url="/evaluate" {draft} data-csrf="x" data-revision="1">
<input type="hidden" name="revision" value="1">{fields}
<div class="actions"><button>提交</button></div></form></main></body></html>"""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Ward:
    """A tiny server that draws one form and remembers what reaches it. It can go away and come back on its port."""

    def __init__(self, form_id, answers, port=0, with_draft=True):
        self.form, self.answers, self.with_draft = FORMS[form_id], answers, with_draft
        self.draft, self.posted = {}, []
        self.asked, self.may_answer_first = threading.Event(), threading.Event()
        self.may_answer_first.set()
        self.app = self._app()
        self.start(port)

    def start(self, port):
        self.server = make_server("127.0.0.1", port, self.app, threaded=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def go_away(self):
        self.server.shutdown()
        self.server.server_close()

    def _app(self):
        app = Flask("ward", static_folder=forms.__path__[0] + "/../static", static_url_path="/static")
        app.after_request(self._with_policy)
        app.add_url_rule("/", view_func=self._show, endpoint="show")
        app.add_url_rule("/", view_func=self._submit, endpoint="submit", methods=["POST"])
        app.add_url_rule("/evaluate", view_func=self._evaluate, methods=["POST"])
        app.add_url_rule("/draft", view_func=self._save, methods=["PUT"])
        return app

    def _with_policy(self, response):
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def _show(self):
        fields = forms.render(self.form, self.answers, on=TODAY, context=CONTEXT, last_values={"sbp": 118})
        draft = 'data-draft-url="/draft"' if self.with_draft else ""
        return PAGE.format(title=self.form.title.zh, fields=fields, draft=draft)

    def _evaluate(self):
        sent = plain.loads(request.get_data())
        if "height" in sent["answers"] and not self.asked.is_set():
            self.asked.set()
            self.may_answer_first.wait(240)
        state = self.form.evaluate(sent["answers"], TODAY, CONTEXT)
        return plain.dumps({"seq": sent["seq"], **state}), 200, {"Content-Type": "application/json"}

    def _save(self):
        sent = plain.loads(request.get_data())
        self.draft = sent["answers"]
        return jsonify(revision=sent["revision"] + 1, saved_at="14:02:11")

    def _submit(self):
        self.posted.append(request.form.copy())
        return "<!doctype html><html lang='zh-CN'><title>完成</title><h1>完成</h1></html>"


@pytest.fixture
def visit(chromium):
    """Opens a form in a fresh page; at the end nothing may have been said on the console."""
    opened, said = [], []

    def visit(form_id, answers=None, **options):
        ward = Ward(form_id, {} if answers is None else answers, **options)
        page = chromium.new_context(locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"http://127.0.0.1:{ward.port}/")
        opened.append((ward, page))
        return ward, page

    yield visit
    for ward, page in opened:
        page.context.close()
        ward.go_away()
    assert [text for text in said if "net::ERR_" not in text] == []  # the server that went away


SIX = {"sbp": "118", "dbp": "76", "weight": "56.5", "fundal_height": "22", "abdominal_circ": "88", "hb": "121"}


@pytest.mark.parametrize("gap_ms", [0, 0, 0, 40])
def test_six_fields_typed_back_to_back_are_all_on_the_screen_and_in_the_response(visit, gap_ms):
    ward, page = visit("anc-visit")

    for name, value in SIX.items():
        page.locator(f"[name={name}]").focus()
        page.keyboard.type(value, delay=gap_ms)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading")).to_have_text("完成")

    [posted] = ward.posted
    assert {name: posted[name] for name in SIX} == SIX
    assert {name: ward.draft[name] for name in SIX} == SIX


def test_a_visit_is_typed_without_a_mouse_and_enter_never_submits(visit):
    ward, page = visit("anc-visit")
    page.locator("[name=visit_date]").focus()

    pressed = "-0 Enter Enter Enter 1 Enter w Enter 150/90 Enter Enter 56 Enter"
    for keys in pressed.split():
        if keys == "Enter":
            page.keyboard.press("Enter")
        else:
            page.keyboard.type(keys)
    answers = {
        name: page.locator(f"[name={name}]").input_value()
        for name in ("visit_date", "complaint", "sbp", "dbp", "weight")
    }

    assert answers == {"visit_date": "2026-01-05", "complaint": "w", "sbp": "150", "dbp": "90", "weight": "56"}
    expect(page.locator("#f-danger_signs-0")).to_be_checked()
    assert page.evaluate("document.activeElement.name") == "fundal_height"
    assert ward.posted == []


def test_full_width_digits_become_plain_ones_and_the_field_says_so(visit):
    _, page = visit("anc-visit")

    page.locator("[name=weight]").focus()
    page.keyboard.insert_text("５６。５")

    expect(page.locator("[name=weight]")).to_have_value("56.5")
    expect(page.locator("[data-item=weight] .note")).to_have_text("已改为半角")


def test_an_identity_card_number_fills_the_birth_date_and_a_reader_submits_nothing(visit):
    ward, page = visit("registration")

    page.locator("[name=id_no]").focus()
    page.keyboard.type(example_answers("registration")["id_no"])
    page.keyboard.press("Enter")

    expect(page.locator("[name=birth_date]")).to_have_value("1997-06-15")
    expect(page.locator("#f-age")).to_have_text("28")
    assert ward.posted == []


def test_an_identity_card_number_pasted_in_groups_is_written_as_one_and_fills_the_birth_date(visit):
    _, page = visit("registration")
    number = example_answers("registration")["id_no"]

    page.locator("[name=id_no]").focus()
    page.keyboard.insert_text(f" {number[:6]} {number[6:14]}　{number[14:]} ")

    expect(page.locator("[name=id_no]")).to_have_value(number)
    expect(page.locator("[name=birth_date]")).to_have_value("1997-06-15")


def test_the_present_time_is_written_by_a_button_or_a_key(visit):
    ward, page = visit("transfer-request")
    field = page.locator("[name=requested_at]")

    page.clock.set_fixed_time("2026-01-04T23:05:00Z")
    page.get_by_role("button", name="现在").first.click()
    expect(field).to_have_value("2026-01-05 07:05")

    page.clock.set_fixed_time("2026-01-04T23:09:00Z")
    field.focus()
    page.keyboard.press("Control+;")
    expect(field).to_have_value("2026-01-05 07:09")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-draft-status]")).to_contain_text("草稿已保存")
    assert ward.draft["requested_at"] == "2026-01-05 07:09"


TYPED = [
    "20260110",
    "2026-1-10",
    "２０２６１０１０",
    "2025年12月31日",
    "260110",
    "970615",
    "0104",
    "-7",
    "+3",
    "2025/2/30",
    "12",
    "",
    "x",
]
CONDITIONS = [
    (["q", operator, wanted], {"q": given} if given is not None else {})
    for operator, wanted in [
        ("=", "yes"),
        ("!=", "yes"),
        ("exists", True),
        ("exists", False),
        ("=", True),
        ("!=", True),
        (">", 3),
        ("<=", 3),
    ]
    for given in (None, "yes", "no", "true", "4", "3", ["yes", "no"])
]


def test_the_page_reads_dates_and_conditions_as_the_server_does(visit):
    _, page = visit("tracing")
    ask = """async ([typed, conditions]) => {
        const { readDate } = await import("/static/js/form-text.js");
        const { holds } = await import("/static/js/form-conditions.js");
        return [typed.map((one) => readDate(one, "2026-01-05")), conditions.map(([c, a]) => holds(c, a))]; }"""

    days, shown = page.evaluate(ask, [TYPED, CONDITIONS])

    assert days == [_day(one) for one in TYPED]
    assert shown == [_holds(*one) for one in CONDITIONS]


def _day(typed):
    try:
        return read_date(typed, TODAY).isoformat()
    except Unreadable:
        return None


def _holds(condition, answers):
    kinds = {"true": True} if isinstance(condition[2], bool) else {"4": 4, "3": 3}
    given = {name: kinds.get(value, value) if isinstance(value, str) else value for name, value in answers.items()}
    item = Item(
        link_id="a",
        type="string",
        text=Text(zh="", en=""),
        conditions=(Condition(question=condition[0], operator=condition[1], answer=condition[2]),),
    )
    return holds(item, given)


def test_what_is_being_composed_is_left_alone_until_it_is_done(visit):
    _, page = visit("anc-visit")
    weight = page.locator("[name=weight]")

    weight.focus()
    weight.evaluate(
        "e => { e.value = '５'; e.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true})) }"
    )
    assert weight.input_value() == "５"
    weight.evaluate("e => e.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true}))")

    expect(weight).to_have_value("5")


def test_a_date_is_written_out_with_its_weekday_when_the_field_is_left(visit):
    _, page = visit("tracing")

    page.locator("[name=contacted_on]").fill("20260105")
    page.keyboard.press("Enter")

    expect(page.locator("[name=contacted_on]")).to_have_value("2026-01-05")
    expect(page.locator("[data-item=contacted_on] .echo")).to_have_text("周一")


def test_a_question_appears_as_soon_as_it_is_asked_and_its_answer_survives_hiding(visit):
    _, page = visit("anc-visit")
    reason = page.locator("[name=referral_reason]")
    expect(reason).to_be_hidden()

    page.locator("#f-referral-1").check()
    reason.fill("血压升高")
    page.locator("#f-referral-0").check()
    expect(reason).to_be_hidden()
    page.locator("#f-referral-1").check()

    expect(reason).to_have_value("血压升高")


def test_the_server_computes_and_an_overtaken_answer_is_ignored(visit):
    ward, page = visit("anc-first")
    ward.may_answer_first.clear()

    page.locator("[name=weight]").fill("50")
    page.locator("[name=height]").fill("160")
    assert ward.asked.wait(240)
    page.locator("[name=weight]").fill("55")
    expect(page.locator("#f-bmi")).to_have_text("21.5")
    with page.expect_response("**/evaluate"):
        ward.may_answer_first.set()

    expect(page.locator("#f-bmi")).to_have_text("21.5")
    assert page.locator("[name=weight]").input_value() == "55"


def test_a_mistake_is_shown_when_the_field_is_left_and_required_fields_are_not_nagged_about(visit):
    _, page = visit("anc-visit")

    page.locator("[name=sbp]").fill("300")
    page.locator("[name=dbp]").focus()
    page.locator("[name=weight]").focus()

    expect(page.locator("#f-sbp-error")).to_contain_text("280")
    expect(page.locator("#f-dbp-error")).to_be_hidden()


def test_f2_repeats_the_last_value_and_a_button_says_not_done(visit):
    _, page = visit("anc-visit")

    page.locator("[name=sbp]").focus()
    page.keyboard.press("F2")
    page.locator("[data-item=hb] button.absent").first.click()

    expect(page.locator("[name=sbp]")).to_have_value("118")
    expect(page.locator("[name=hb]")).to_have_value("未查")


def test_the_draft_is_saved_by_itself_and_says_when(visit):
    ward, page = visit("tracing")

    page.locator("[name=note]").fill("无人接听")

    expect(page.locator("output[data-draft-status]")).to_have_text("草稿已保存 14:02:11")
    assert ward.draft["note"] == "无人接听"
    expect(page.locator("[name=revision]")).to_have_value("2")


@pytest.mark.parametrize("with_draft", [True, False])
def test_while_the_server_is_away_nothing_is_lost_and_the_form_goes_out_when_it_is_back(visit, with_draft):
    ward, page = visit("tracing", with_draft=with_draft)
    page.locator("[name=note]").fill("第一次")
    ward.go_away()

    page.locator("[name=note]").fill("第二次")
    page.keyboard.press("Control+Enter")
    expect(page.locator("output[data-draft-status]")).to_contain_text("服务器暂时无法连接")
    expect(page.locator("[name=note]")).to_have_value("第二次")
    ward.start(ward.port)

    expect(page.get_by_role("heading")).to_have_text("完成", timeout=60_000)
    assert [posted["note"] for posted in ward.posted] == ["第二次"]


def test_pressing_twice_sends_one_key(visit):
    ward, page = visit("tracing")

    page.get_by_role("button", name="提交").dblclick()
    expect(page.get_by_role("heading")).to_have_text("完成")

    assert len({posted["submission"] for posted in ward.posted}) == 1


def test_rows_are_added_and_removed_in_place_and_count_without_gaps(visit):
    ward, page = visit("delivery", example_answers("delivery"))
    add = page.get_by_role("button", name="添加：胎儿/新生儿")

    add.click()
    page.locator('[name="fetus[1].weight_g"]').fill("2400")
    add.click()
    page.locator('[name="fetus[2].weight_g"]').fill("2300")
    page.get_by_role("button", name="删除：胎儿/新生儿 2").click()

    expect(page.locator('[name="fetus[1].weight_g"]')).to_have_value("2300")
    expect(page.get_by_role("group", name="胎儿/新生儿 2")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading")).to_have_text("完成")
    assert [row.get("weight_g") for row in forms.read(FORMS["delivery"], ward.posted[0])["fetus"]] == ["3250", "2300"]


def test_nothing_is_written_to_the_machine(visit):
    _, page = visit("tracing")
    page.locator("[name=note]").fill("私密")
    expect(page.locator("output[data-draft-status]")).to_contain_text("草稿已保存")

    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


@pytest.mark.parametrize("form_id", ["registration", "anc-first", "risk-screening", "anc-visit", "delivery"])
def test_a_form_is_accessible(visit, form_id):
    _, page = visit(form_id, example_answers(form_id))

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})

    assert found.violations_count == 0, found.generate_report()
