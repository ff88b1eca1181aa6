"""The packs that ship: what each region sets, from which sentence, and which of them may start a real case."""

from datetime import date

import pytest

from workflows.journey import prefill, start_variables
from workflows.regions import check_file, load_pack, pack_ids
from workflows.regions.loading import FOLDER

ON = date(2026, 11, 24)
SEEDS = {"cn-zj-2022": "seed:000", "cn-cq-2022": "seed:001", "cn-xf-2022": "seed:002", "cn-2018": "seed:003",
         "cn-sp-2018": "seed:004"}  # fmt: skip
WALLED = """
pack: {id: cn-seventh, name: 第七县, base: cn-baseline, status: active, valid_from: 2026-01-01, valid_to: 2030-12-31}
report: {colours: [yellow, orange, red]}
postpartum: {home_visit_within: P3D}
sources: {postpartum.home_visit_within: {mark: seed, text: 出院后 3 天内访视}}
"""


def test_six_packs_ship_and_each_is_whole():
    assert set(pack_ids()) == {"cn-baseline", *SEEDS}
    for pack_id in pack_ids():
        assert check_file(FOLDER / f"{pack_id}.yaml")[1] == [], pack_id


@pytest.mark.parametrize("pack_id", SEEDS)
def test_every_value_a_region_sets_itself_carries_its_sentence_and_clause(pack_id):
    pack, base = load_pack(pack_id), load_pack(load_pack(pack_id).base)
    inherited = {key: value for key, value, _ in base.leaves()}

    own = [(key, source) for key, value, source in pack.leaves() if inherited.get(key, "…") != value]

    assert len(own) > 15
    for key, source in own:
        assert source.text != "本地设定", key
        assert source.mark != "seed" or SEEDS[pack_id] in source.text, key


@pytest.mark.parametrize("pack_id", SEEDS)
def test_ac27_a_pack_whose_time_is_over_is_shown_and_starts_no_real_case(pack_id):
    reason = load_pack(pack_id).only_shown(ON)

    assert reason is not None and "演示" in reason.zh and "demonstration" in reason.en
    assert load_pack("cn-baseline").only_shown(ON) is None


@pytest.mark.parametrize(
    "pack_id, key, value",
    [
        ("cn-zj-2022", "casefile.verbs", ["发现", "登记", "报告", "管理"]),
        ("cn-zj-2022", "targets.systematic_mgmt_pct.value", 95),
        ("cn-cq-2022", "death.phone_within", "PT24H"),
        ("cn-cq-2022", "focus.enabled", True),
        ("cn-xf-2022", "death.notify", {"value": 5, "unit": "workday", "to": "mch_county"}),
        ("cn-xf-2022", "sweep.due_day", 5),
        ("cn-2018", "targets.mmr_per_100k.value", 18),
        ("cn-sp-2018", "report.colours", ["orange", "red", "purple"]),
        ("cn-sp-2018", "targets.imr_permille.by_year", {"2018": 6.6, "2019": 6.3, "2020": 6.0}),
    ],
)
def test_the_same_process_runs_by_each_regions_own_figures(pack_id, key, value):
    assert load_pack(pack_id).value(key) == value


def test_no_regional_text_lengthens_the_national_clock_of_a_death():
    assert load_pack("cn-xf-2022").policy()["death_report_within"] == "P2D"
    assert any(told["id"] == "C-7" and told["question"] for told in load_pack("cn-xf-2022").contradictions)


def test_every_contradiction_of_the_sources_is_decided_somewhere_and_shown():
    told = {row["id"] for pack_id in pack_ids() for row in load_pack(pack_id).contradictions}

    assert told == {f"C-{n}" for n in range(1, 21)}


def test_ac11_orange_is_sent_to_the_city_hospital_and_purple_to_the_mch_centre():
    policy = load_pack("cn-sp-2018").policy()
    orange = {"policy": policy, "colour": "orange", "purple": False}

    assert prefill("risk-report", {}, orange, ON)["referral_destination"] == "市人民医院（市危重救治中心）"
    assert prefill("risk-grading", {"hb": 55}, {"policy": policy}, ON)["advice_antenatal"] == "city_centre"
    assert prefill("risk-grading", {"hiv": "pos"}, {"policy": policy}, ON)["advice_antenatal"] == "designated"


def test_where_she_is_evaluated_goes_upwards_and_gives_birth_is_what_the_region_says():
    def filled(pack_id, form, colour, item, purple=False):
        case = {"policy": load_pack(pack_id).policy(), "colour": colour, "purple": purple}
        return prefill(form, {}, case, ON).get(item)

    assert filled("cn-sp-2018", "risk-report", "red", "referral_destination") == (
        "市人民医院（评估：市人民医院或自治区人民医院）"
    )
    assert filled("cn-baseline", "risk-report", "red", "referral_destination") == "三级医疗机构"
    assert filled("cn-sp-2018", "transfer-request", "orange", "receiving_centre") == "自治区人民医院"
    assert filled("cn-baseline", "transfer-request", "green", "receiving_centre") is None
    assert filled("cn-sp-2018", "delivery-plan", "green", "plan_place", purple=True).startswith("市人民医院或市妇幼")
    assert filled("cn-baseline", "delivery-plan", "orange", "plan_place") == "三级医疗机构"


def test_a_seventh_county_is_one_file_more(tmp_path):
    file = tmp_path / "cn-seventh.yaml"
    file.write_text(WALLED, encoding="utf-8")

    pack, problems = check_file(file)

    assert problems == [] and pack.only_shown(ON) is None
    case = start_variables(
        pregnancy_id="p", patient_id="w", home_organisation="o", hospital_organisation=None, county_organisation=None,
        on=ON, pack=pack,
    )  # fmt: skip
    assert (case["pack"], case["policy"]["home_visit_within"]) == ("cn-seventh", "P3D")
    assert case["policy"]["report_colours"] == ["yellow", "orange", "red"]
