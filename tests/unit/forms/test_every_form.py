"""The forms that ship: every field of the specification, readable by others, complete in both languages."""

from datetime import date

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from workflows.forms import example_answers, forms_on_disk, questionnaires_on_disk

FORMS = forms_on_disk()
TODAY = date(2026, 1, 5)
CONTEXT = {"edd": "2026-08-10", "prepregnancy_weight": 54}

FIELDS = {  # pregnancy-journey §5
    "registration": """name id_type id_no birth_date age phone contact_name contact_phone ethnicity education occupation
        marital_status addr_current addr_household addr_postpartum residence_type lmp lmp_unknown lmp_calendar edd_final
        edd_basis cycle_days menses_days menarche_age gravidity parity_vaginal parity_cs abortion_spont abortion_induced
        abortion_drug induction_mid ectopic mole preterm stillbirth_iufd stillbirth_intrapartum neonatal_death
        birth_defect_child dystocia last_pregnancy_end_date last_pregnancy_end_mode last_uterine_surgery_date
        social_factors special_disease responsible_doctor handbook_no intended_delivery_org gestational_age""",
    "anc-first": """filled_on gestational_age woman_age husband_name husband_age husband_phone gravidity parity_vaginal
        parity_cs lmp edd_final past_history family_history personal_history gyn_surgery abortions stillbirth_iufd
        stillbirth_intrapartum neonatal_death birth_defect_child height weight bmi sbp dbp heart lung vulva vagina
        cervix uterus adnexa hb wbc plt urine_protein urine_glucose urine_ketone urine_blood abo rh glucose alt ast
        albumin bilirubin_total bilirubin_direct creatinine urea vaginal_discharge vaginal_cleanliness hbsag hbsab hbeag
        hbeab hbcab syphilis hiv ultrasound us_date us_ga_weeks us_ga_days other_tests overall overall_text guidance
        referral referral_reason referral_org referral_department next_date doctor""",
    "screening-referral": """name gestational_age edd_final positive_items sender_org doctor referred_on assess_by
        destination received_on receiver_colour receiver_criteria receiver_advice receiver_next_date receiver_doctor
        returned_on""",
    "risk-grading": """evidence evidence_value evidence_date evidence_source specialist_diagnosis assessor_title
        conclusion advice_antenatal advice_delivery informed informed_on""",
    "risk-report": """name age birth_date id_no gestational_age phone diagnosis colour graded_on reporter reported_on
        outpatient_no criteria addr_current edd_final referral_destination follow_up_result recipient""",
    "anc-visit": """visit_date urged_only complaint weight fundal_height abdominal_circ fetal_position presentation
        engaged fhr fetal_movement sbp dbp edema hb urine_protein glucose ogtt_0 ogtt_1h ogtt_2h afi avd other_tests
        classification guidance referral referral_reason referral_org referral_department next_date doctor lost_reason
        death_date death_cause gestational_age""",
    "case-file": """opened_on colour criteria responsible_doctor responsible_doctor_title county_officer township_worker
        plan_management plan_treatment plan_emergency delivery_place delivery_mode blood_reserve consultations events
        f2f_date f2f_officer f2f_findings discharge_assessment closing_reason closing_date""",
    "delivery": """admitted_at gestational_age onset delivery_mode cs_indication cs_category cs_decision_at cs_called_at
        theatre_ready_at in_theatre_at anaesthesia_at incision_at delivered_at stage_1 stage_2 stage_3 perineum
        blood_loss_birth blood_loss_2h blood_loss_24h blood_loss_method complications sbp dbp transfusion
        maternal_outcome death_period fetus_count attendant delivery_place safety_checklist fetus order sex birth_time
        weight_g length_cm apgar_1 apgar_5 apgar_10 resuscitation outcome defect transfer""",
    "discharge": "discharged_at condition plan discharge_colour",
    "postnatal-visit": """visit_date delivered_on discharged_on temperature general_health mental_state sbp dbp breast
        lochia uterus wound other_findings classification guidance referral next_date doctor risk_recheck epds""",
    "postnatal-42d": """visit_date delivered_on discharged_on general_health mental_state sbp dbp breast lochia uterus
        wound other_findings classification guidance disposition referral_reason referral_org referral_department doctor
        lost_reason death_date death_cause""",
    "closure": "end_code ended_on reason evidence",
    "end-report": "end_code ended_on gestational_age evidence tracing_log receiver",
    "tracing": "contacted_on contact_way contact_result reason",
    "end-confirmation": "confirmed confirmed_on receiver confirmed_by",
    "face-to-face": "f2f_date f2f_officer f2f_findings",
    "edd-confirmation": "edd_current edd_proposed decision edd_confirmed confirmed_basis decision_reason doctor",
    "transfer-request": """requested_at urgency transfer_reason vitals treatment_given transportable contacted_first_at
        ems_called_at family_contact blood doctor""",
    "transfer-answer": "answered_at answer answer_reason expected_at doctor",
    "transfer-departure": "departed_at escorts escort_title equipment drugs records_carried doctor",
    "transfer-arrival": "arrived_at handed_over_at handed_by doctor",
    "transfer-result": "diagnosis transfer_outcome advice next_date doctor",
    "suitability": """disease disease_evidence members member_department member_title risk_told conclusion conditions
        decision signed guardian doctor""",
    "acknowledge-report": "acknowledged_on assigned_officer",
    "newborn-visit": """child_name child_sex child_birth_date ga_at_birth_weeks mother_disease birth_institution
        birth_state asphyxia malformation hearing_screen disease_screen birth_weight_kg child_weight_kg birth_length_cm
        child_feeding milk_ml milk_times vomiting stool child_temperature child_heart_rate child_respiration complexion
        jaundice fontanelle eye_state ear_state nose_state mouth_state limbs_state neck_mass skin_state anus_state
        chest_state abdomen_state spine_state genitals_state cord referral newborn_guidance next_date doctor""",
    "newborn-care": "wristband handed_over child_apgar_1 child_apgar_5 child_apgar_10 hepb_at newborn_condition",
    "newborn-screening": "heart_screen hearing_screen blood_spot",
    "prenatal-screening": "prenatal_method informed_signed sampled_on declined_reason nt_mm crl_mm",
    "prenatal-result": "t21_one_in t18_one_in afp_mom prenatal_conclusion told_on",
    "prenatal-diagnosis": "diagnosis_way diagnosis_result explained_on",
    "pregnancy-lead": """name id_type id_no birth_date phone contact_name contact_phone addr_current addr_household
        addr_postpartum lead_source lead_lmp duplicate_checked""",
    "lead-outcome": "lead_outcome lead_reason",
    "death-report": """death_card_no name id_no family_phone supplementary death_addr_report addr_household addr_usual
        addr_current lived_here_months household_kind age ethnicity_text education_level income_band terrain gravidity
        parity abortions_induced_total lmp died_delivered_at died_at delivery_place_code death_place_code death_hospital
        transferred_from first_contact_hospital death_mode new_method death_attendant antenatal first_check_week checks
        last_antenatal_org cause_a cause_b cause_c cause_d diagnosis_basis cause_class icd10 review_county review_city
        review_province review_state factors_county""",
    "near-miss": """near_miss_criteria timeline management_problems technical_problems lessons measure measure_owner
        measure_due review_level convener participants""",
    "sweep": """sweep_unit sweep_period sweep_name sweep_birth sweep_age sweep_married sweep_husband sweep_births
        sweep_lmp sweep_pregnant sweep_checked sweep_addr_current sweep_addr_household sweep_contraception sweep_phone
        sweep_remarks reporter reported_on""",
    "duty-evidence": "held_on duty_topic duty_participants duty_summary duty_evidence measure measure_due",
    "delivery-plan": """plan_place plan_transport plan_companion plan_money plan_abo plan_rh plan_calls danger_told
        waiting_stay township_contact county_contact""",
    "safety-checklist": "chk_identity chk_blood_ready chk_resuscitation_kit chk_count_before chk_count_after",
    "pmtct-mother": "infection treatment viral_load titre penicillin_doses hbv_alt hbv_dna",
    "pmtct-child": "infection step done_at hbig_iu vaccine_dose child_result",
}
ROWS = {"S": 57, "G": 1, "Y": 37, "O": 37, "R": 36, "P": 1}  # §6.2, §6.3; Y-2.1 is a heading over four rows


@pytest.mark.parametrize("form_id, names", FIELDS.items())
def test_a_form_asks_for_every_field_of_the_specification(form_id, names):
    assert set(names.split()) <= FORMS[form_id].by_link_id.keys()


def test_the_sweep_has_exactly_the_columns_of_its_source_in_their_order():
    (rows,) = [item for item in FORMS["sweep"].items if item.link_id == "rows"]

    assert [item.text.zh for item in rows.items] == [
        *("姓名", "出生年月", "年龄", "婚否", "丈夫姓名", "生育情况（孕产次）", "末次月经"),
        *("是否怀孕", "是否孕检", "现住址", "户籍地址", "避孕措施", "联系电话", "备注"),
    ]


@pytest.mark.parametrize("letter, count", ROWS.items())
def test_every_row_of_the_screening_and_grading_tables_is_an_item_with_its_code(letter, count):
    form = FORMS["risk-screening" if letter == "S" else "risk-grading"]
    found = [item for item in form.by_link_id.values() if item.prefix and item.prefix.startswith(f"{letter}-")]

    assert len(found) == count
    assert all(item.link_id == item.prefix.lower().replace("-", "_").replace(".", "_") for item in found)


def test_each_screening_item_may_be_answered_no_yes_or_unknown_and_must_be_answered():
    items = [item for item in FORMS["risk-screening"].by_link_id.values() if item.prefix]

    assert all([option.code for option in item.options] == ["no", "yes", "unknown"] and item.required for item in items)


@pytest.mark.parametrize("form_id", FORMS)
def test_a_form_is_valid_fhir_and_needs_no_warning(form_id):
    Questionnaire.model_validate(questionnaires_on_disk()[form_id])

    assert FORMS[form_id].problems == ()


@pytest.mark.parametrize("form_id", FORMS)
def test_the_example_of_a_form_is_complete_and_its_response_is_valid_fhir(form_id):
    form = FORMS[form_id]

    accepted = form.validate(example_answers(form_id), on=TODAY, context=CONTEXT)
    response = form.to_response(accepted.values, id="example", authored="2026-01-05T09:00:00+08:00")

    QuestionnaireResponse.model_validate(response)
    assert form.answers_from_response(response) == accepted.values
    assert accepted.warnings == ()


@pytest.mark.parametrize("form_id", FORMS)
def test_every_number_with_a_limit_says_that_the_limit_is_a_local_setting(form_id):
    for item in FORMS[form_id].by_link_id.values():
        if item.type == "quantity" and item.limits.low is not None and item.unit.code != "{score}":
            assert item.limits.mark == "default", item.link_id


@pytest.mark.parametrize("form_id", FORMS)
def test_one_name_means_one_kind_of_answer_in_all_forms(form_id):
    for name, item in FORMS[form_id].by_link_id.items():
        others = [form.by_link_id[name] for form in FORMS.values() if name in form.by_link_id]
        if item.is_measured and name != "glucose":
            assert {other.unit for other in others if other.is_measured} == {item.unit}, name
            assert {other.type for other in others if other.is_measured} == {item.type}, name
