"""A form as HTML: everything is labelled, named, tied to its errors; what is posted is what was drawn."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from werkzeug.datastructures import MultiDict

from engine.errors import Fault, Incorrect, Text
from web import forms
from workflows.forms import example_answers, forms_on_disk

FORMS = forms_on_disk()
TODAY = date(2026, 1, 5)
VOID = {"input", "br", "hr", "img"}


class Page(HTMLParser):
    """The elements of a page as (tag, attributes, text), each with the tags around it."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(str(html))
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", "around": [each["tag"] for each in self.open], **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, text):
        for element in self.open:
            element["text"] += text

    def outside_templates(self):
        return [element for element in self.elements if "template" not in element["around"]]

    def named(self, name):
        return [element for element in self.outside_templates() if element.get("name") == name]

    def with_id(self, one):
        return next((element for element in self.elements if element.get("id") == one), None)

    def posted(self):
        """What a browser would send."""
        pairs = []
        for element in self.outside_templates():
            name = element.get("name")
            if element["tag"] == "input" and element.get("type") in ("checkbox", "radio"):
                pairs += [(name, element["value"])] if "checked" in element else []
            elif element["tag"] in ("input", "textarea"):
                pairs.append((name, element.get("value", element["text"])))
            elif element["tag"] == "select":
                pairs.append((name, ""))
            elif element["tag"] == "option" and "selected" in element:
                pairs[-1] = (pairs[-1][0], element["value"])
        return MultiDict(pairs)


def page(form_id, answers=None, **options):
    answers = example_answers(form_id) if answers is None else answers
    return Page(forms.render(FORMS[form_id], answers, on=TODAY, **options))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("form_id", FORMS)
def test_every_field_has_a_label_and_every_group_a_legend(form_id, lang):
    drawn = page(form_id, lang=lang)
    labelled = {element["for"]: element["text"].strip() for element in drawn.elements if element["tag"] == "label"
                and "for" in element}  # fmt: skip

    controls = [
        e for e in drawn.elements if e["tag"] in ("input", "select", "textarea") and e.get("name") != "_confirm"
    ]
    assert controls
    assert all(labelled.get(control["id"]) for control in controls)
    assert len([e for e in drawn.elements if e["tag"] == "fieldset"]) == len(
        [e for e in drawn.elements if e["tag"] == "legend" and e["text"].strip()]
    )


@pytest.mark.parametrize("form_id", FORMS)
def test_ids_are_unique_and_every_description_exists(form_id):
    drawn = page(form_id, last_values={"sbp": 118, "fhr": [140, 150], "weight": {"value": 55, "at": "2025-12-01"}})
    ids = [element["id"] for element in drawn.elements if "id" in element]

    assert len(ids) == len(set(ids))
    described = {one for element in drawn.elements for one in element.get("aria-describedby", "").split()}
    assert described <= set(ids)


@pytest.mark.parametrize("form_id", FORMS)
def test_no_script_no_style_and_no_handler_stands_in_the_page(form_id):
    drawn = page(form_id)

    assert not [e for e in drawn.elements if e["tag"] in ("script", "style") or "style" in e]
    assert not [name for e in drawn.elements for name in e if name.startswith("on")]


@pytest.mark.parametrize("form_id", FORMS)
def test_what_a_browser_sends_back_is_what_was_filled_in(form_id):
    form, answers = FORMS[form_id], example_answers(form_id)

    sent = forms.read(form, page(form_id).posted())

    context = {"edd": "2026-08-10"}
    expected = form.validate(answers, on=TODAY, context=context).values
    ticked = {name: value for name, value in expected.items() if value is not False}
    got = form.validate(sent, on=TODAY, context=context).values
    assert {name: value for name, value in got.items() if value is not False} == ticked


@pytest.mark.parametrize("form_id", FORMS)
def test_a_page_is_small_enough_for_an_old_computer(form_id):
    assert len(forms.render(FORMS[form_id], {}, on=TODAY).encode()) < 90_000


def test_what_was_typed_wrongly_is_shown_as_it_was_typed_with_its_error():
    form, typed = FORMS["anc-visit"], {**example_answers("anc-visit"), "weight": "５o", "referral": "yes"}
    with pytest.raises(Incorrect) as refused:
        form.validate(typed, on=TODAY)

    drawn = page("anc-visit", typed, errors=refused.value.faults)

    [weight] = drawn.named("weight")
    assert (weight["value"], weight["aria-invalid"]) == ("５o", "true")
    assert "应为数字" in drawn.with_id("f-weight-error")["text"]
    assert "必填" in drawn.with_id("f-referral_reason-error")["text"]


def test_the_summary_leads_to_the_fields_also_inside_a_row():
    faults = [Fault(path="fetus[1].weight_g", message=Text(zh="必填", en="required"))]

    summary = Page(forms.summary(FORMS["delivery"], faults))

    [link] = [element for element in summary.elements if element["tag"] == "a"]
    twins = {**example_answers("delivery"), "fetus": [{}, {}]}
    assert link["text"] == "胎儿/新生儿 2 · 出生体重"
    assert page("delivery", twins).with_id(link["href"][1:])["name"] == "fetus[1].weight_g"
    assert forms.summary(FORMS["delivery"], []) == ""


def test_a_doubtful_value_is_asked_about_and_can_be_confirmed():
    form, answers = FORMS["anc-visit"], {**example_answers("anc-visit"), "sbp": 190}
    warnings = form.validate(answers, on=TODAY).warnings

    [box] = page("anc-visit", answers, warnings=warnings).named("_confirm")

    assert forms.unconfirmed(warnings, MultiDict()) == list(warnings)
    assert forms.unconfirmed(warnings, MultiDict([("_confirm", box["value"])])) == []


def test_what_is_not_asked_is_hidden_and_what_is_calculated_is_shown():
    drawn = page("anc-first", context={"edd": "2026-08-10"})

    assert "hidden" in next(e for e in drawn.elements if e.get("data-item") == "past_history_other")
    assert drawn.with_id("f-bmi")["text"] == "21.5"
    assert drawn.with_id("f-gestational_age")["text"] == "9+0"
    assert drawn.with_id("f-ga_days") is None


def test_units_limits_and_who_must_still_sign_them_stand_beside_the_number():
    drawn = page("anc-first", last_values={"sbp": {"value": 118, "at": "2025-12-01T08:00:00+08:00"}})

    assert drawn.with_id("f-sbp-unit")["text"] == "mmHg"
    assert "50–280" in drawn.with_id("f-sbp-hint")["text"]
    assert "本地设定" in drawn.with_id("f-sbp-hint")["text"]
    assert drawn.with_id("f-sbp-last")["text"] == "上次 118 mmHg（2025-12-01）"


def test_few_choices_are_radio_buttons_and_many_a_list_to_open():
    drawn = page("registration")

    assert {element["type"] for element in drawn.named("residence_type")} == {"radio"}
    assert [element["tag"] for element in drawn.named("ethnicity")] == ["select"]


def test_rows_come_and_go_by_the_buttons_alone():
    form = FORMS["delivery"]
    posted = page("delivery").posted()
    posted["_add"] = "fetus"
    assert forms.is_row_action(posted)

    two = forms.read(form, posted)
    assert len(two["fetus"]) == 2

    again = page("delivery", two).posted()
    again["_remove"] = "fetus[0]"
    assert forms.read(form, again)["fetus"] == [{}]
    assert not forms.is_row_action(page("delivery").posted())


def test_one_more_heart_rate_can_be_written():
    posted = page("anc-visit").posted()
    posted["_add"] = "fhr"

    answers = forms.read(FORMS["anc-visit"], posted)

    assert [e["value"] for name in ("fhr[0]", "fhr[1]") for e in page("anc-visit", answers).named(name)] == ["146", ""]


def test_an_empty_row_that_nobody_filled_is_not_sent():
    posted = page("delivery", {**example_answers("delivery"), "fetus": [{}, {"order": 1}]}).posted()

    assert forms.read(FORMS["delivery"], posted)["fetus"] == [{"order": "1"}]


def test_names_of_no_field_are_ignored():
    posted = MultiDict(
        [("csrf", "x"), ("revision", "3"), ("_add", "nothing"), ("_remove", "..[9]"), ("visit_date", "0105")]
    )

    assert forms.read(FORMS["anc-visit"], posted) == {"visit_date": "0105"}


def test_what_people_wrote_cannot_become_markup():
    html = str(
        forms.render(FORMS["tracing"], {"reason": "</textarea><script>alert(1)</script>", "note": '"><b'}, on=TODAY)
    )

    assert "<script" not in html
    assert '"><b' not in html


def test_a_form_that_may_only_be_read_has_no_controls():
    drawn = page("delivery", readonly=True)

    assert not [e for e in drawn.elements if e["tag"] in ("input", "select", "textarea", "button", "template")]
    assert drawn.with_id("f-delivery_mode")["text"] == "自然分娩"
    assert re.search("3250", drawn.with_id("f-fetus-0-weight_g")["text"])
