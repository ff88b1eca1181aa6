"""Every canonical, system and code that this product writes or understands, once, with how sure we are of it.

Marks: V seen in a published artefact; E the code exists and its component fits, full name unread; K professional
knowledge; O ours. Change an E or K only together with the source that settles it.
"""

from __future__ import annotations

from dataclasses import dataclass

CANONICAL_BASE = (
    "https://fhir.example.org/mch"  # identifies, is never fetched; never change it after the first exchange
)


def code_system(name: str) -> str:
    return f"{CANONICAL_BASE}/CodeSystem/{name}"


def extension(name: str) -> str:
    return f"{CANONICAL_BASE}/StructureDefinition/{name}"


def sid(name: str) -> str:
    return f"{CANONICAL_BASE}/sid/{name}"


LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10_CN = "urn:oid:2.16.156.10011.2.3.3.11"
OPERATION_CN = "urn:oid:2.16.156.10011.2.3.3.12"
DATA_ELEMENT = "urn:oid:2.16.156.10011.2.2.1"
BIRTH_MODE_CN = "urn:oid:2.16.156.10011.2.3.1.10"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
FLAG_CATEGORY = "http://terminology.hl7.org/CodeSystem/flag-category"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
PROVENANCE_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
CVX = "http://hl7.org/fhir/sid/cvx"

OBSERVATION = code_system("observation")
RISK_COLOUR = code_system("risk-colour")
RISK_OUTCOME = code_system("risk-outcome")
RISK_SCHEME = code_system("risk-scheme")
RISK_CRITERION = code_system("risk-criterion")
ASSESSMENT_TYPE = code_system("assessment-type")
TASK_CODE = code_system("task-code")
TASK_IO = code_system("task-io")
BUSINESS_STATUS = code_system("task-business-status")
REFERRAL_STATUS = code_system("referral-status")
REFERRAL_DIRECTION = code_system("referral-direction")
REFERRAL_TYPE = code_system("referral-type")
TASK_FULFILL = "http://hl7.org/fhir/CodeSystem/task-code"
ROLE = code_system("role")
EPISODE_TYPE = code_system("episode-type")
END_REASON = code_system("episode-end-reason")
CAREPLAN_CATEGORY = code_system("careplan-category")
DIAGNOSIS_ROLE = code_system("diagnosis-role")
VISIT_TYPE = code_system("visit-type")
ISSUE = code_system("issue")
ACTIVITY = code_system("activity")
SCREENING_ITEM = code_system("screening-item")
FINDING = code_system("finding")
REPORT_TYPE = code_system("report-type")
SOCIAL_FOCUS = code_system("social-focus")
LIST_KIND = code_system("list-kind")

EPISODE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"
TASK_REPLACES = "http://hl7.org/fhir/StructureDefinition/task-replaces"
CANDIDATES = "http://hl7.org/fhir/StructureDefinition/task-candidateList"
FLAG_DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
FETUS_INDEX = extension("fetus-index")
CLOCK = extension("clock")
ASSIGNEE = extension("task-assignee")
END_REASON_EXTENSION = extension("episode-end-reason")
RISK_CRITERION_EXTENSION = extension("risk-criterion")

# --- identifiers ------------------------------------------------------------------------------------------------------

ID_CARD = "urn:oid:2.16.156.10011.1.3"
SAME_AS = {  # accepted, and equal to the system on the right
    "urn:oid:2.16.840.1.113883.2.23.1.19.1": ID_CARD,
    "urn:oid:2.16.840.1.113883.2.23.1.8.4.1": ID_CARD,
}
HEALTH_RECORD = "urn:oid:2.16.156.10011.1.2"
SOCIAL_CARD = "urn:oid:2.16.840.1.113883.2.23.1.19.2"
HEALTH_CARD, INSURANCE_CARD = "urn:oid:2.16.156.10011.1.19", "urn:oid:2.16.156.10011.1.15"
ADMISSION_NO = "urn:oid:2.16.156.10011.1.12"
HANDBOOK, NEWBORN, PREGNANCY = sid("mch-handbook"), sid("newborn"), sid("pregnancy")
ACCOUNT, DEVICE = sid("account"), sid("device")
FINDING_NO, TIMER = sid("finding"), sid("timer")
REFERRAL_NO = sid("referral-no")
PROCESS_INSTANCE, TASK, GRADING, RISK_FLAG = sid("process-instance"), sid("task"), sid("grading"), sid("risk-flag")
MRN_PREFIX = sid("mrn/")
DOCUMENT_PREFIX = sid("document/")
IDENTITY_SYSTEMS = frozenset({ID_CARD, HEALTH_RECORD, SOCIAL_CARD, HEALTH_CARD, INSURANCE_CARD, HANDBOOK, NEWBORN})


def same_system(system: str) -> str:
    """The one spelling of an identifier system: peers write the identity card under three."""
    return SAME_AS.get(system, system)


def is_identity(system: str) -> bool:
    """Whether an identifier of this system names one person and nobody else."""
    return system in IDENTITY_SYSTEMS or system.startswith((MRN_PREFIX, DOCUMENT_PREFIX))


# --- measured items: linkId of the forms -> how it travels ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One observable: its code, its UCUM unit where it is a quantity, the national data element beside it."""

    code: str
    display: str
    mark: str
    unit: str | None = None
    data_element: str | None = None
    system: str = LOINC
    category: str = "exam"  # vital-signs | laboratory | exam | survey | social-history
    sensitivity: str | None = None  # HIV | STD: restricted
    also: tuple[str, ...] = ()  # other LOINC codes accepted for the same fact


def _own(link_id: str, display: str, unit: str | None = None, category: str = "exam", **more: str | None) -> Item:
    return Item(link_id.replace("_", "-"), display, "O", unit, system=OBSERVATION, category=category, **more)  # type: ignore[arg-type]


_V, _L, _H = "vital-signs", "laboratory", "social-history"
ITEMS: dict[str, Item] = {
    # dating and history (6.1)
    "lmp": Item("8665-2", "Last menstrual period start date", "V", category=_H),
    "edd_final": Item("11778-8", "Delivery date Estimated", "V"),
    "edd_lmp_280": Item("11779-6", "Delivery date Estimated from last menstrual period", "V"),
    "edd_us": Item("11781-2", "Delivery date US composite estimate", "E"),
    "edd_by_ovulation": Item("11780-4", "Delivery date Estimated from ovulation date", "V"),
    "ga_days": Item("18185-9", "Gestational age", "V", "d", also=("11884-4", "11885-1", "49052-4")),
    "ga_at_birth": Item("76516-4", "Gestational age --at birth", "V", "d"),
    "ga_weeks": Item("49051-6", "Gestational age in weeks", "E", "wk"),
    "pregnancy_status": Item("82810-3", "Pregnancy status", "V"),
    "gravidity": Item("11996-6", "Pregnancies", "V", category=_H),
    "parity": Item("11977-6", "Parity", "V", category=_H),
    "births_total": Item("11636-8", "Births total", "V", category=_H),
    "preterm": Item("11637-6", "Births preterm", "V", category=_H),
    "births_living": Item("11638-4", "Births still living", "V", category=_H),
    "births_term": Item("11639-2", "Births term", "V", category=_H),
    "births_live": Item("11640-0", "Births live", "V", category=_H),
    "abortions": Item("11612-9", "Abortions", "V", category=_H),
    "abortion_induced": Item("11613-7", "Abortions.induced", "V", category=_H),
    "abortion_spont": Item("11614-5", "Abortions.spontaneous", "V", category=_H),
    "ectopic": Item("33065-4", "Ectopic pregnancies", "V", category=_H),
    "stillbirths": Item("57062-2", "Births.stillborn", "E", category=_H),
    "parity_cs": Item("68497-7", "Previous cesarean deliveries", "V", category=_H),
    "fetus_count": Item("11878-6", "Number of fetuses", "E", also=("57722-1",)),  # 57722-1 birth plurality
    "prepregnancy_weight": Item("56077-1", "Body weight --pre pregnancy", "V", "kg"),
    # visits (6.2)
    "sbp": Item("8480-6", "Systolic blood pressure", "V", "mm[Hg]", "DE04.10.174.00", category=_V),
    "dbp": Item("8462-4", "Diastolic blood pressure", "V", "mm[Hg]", "DE04.10.176.00", category=_V),
    "weight": Item("29463-7", "Body weight", "V", "kg", category=_V),
    "height": Item("8302-2", "Body height", "V", "cm", category=_V),
    "bmi": Item("39156-5", "Body mass index", "V", "kg/m2", category=_V),
    "temperature": Item("8310-5", "Body temperature", "V", "Cel", category=_V),
    "pulse": Item("8867-4", "Heart rate", "V", "/min", "DE04.10.118.00", category=_V),
    "respiration": Item("9279-1", "Respiratory rate", "V", "/min", category=_V),
    "spo2": Item("59408-5", "Oxygen saturation by Pulse oximetry", "V", "%", category=_V, also=("2708-6",)),
    "fundal_height": Item("11881-0", "Uterus Fundal height Tape measure", "V", "cm", "DE04.10.067.00"),
    "abdominal_circ": Item("8280-0", "Waist Circumference at umbilicus", "E", "cm", "DE04.10.052.00"),
    "fhr": Item("55283-6", "Fetal Heart rate", "V", "{beats}/min", "DE04.10.183.00", also=("11948-7",)),
    "presentation": Item("11877-8", "Fetal presentation", "E", also=("11876-0",)),
    "edema": Item("44966-0", "Edema", "E"),
    "urine_protein": Item("5804-0", "Protein in Urine by Test strip", "V", category=_L),
    "urine_glucose": Item("5792-7", "Glucose in Urine by Test strip", "V", category=_L),
    "urine_ketone": Item("2514-8", "Ketones in Urine by Test strip", "V", category=_L),
    "urine_blood": Item("5794-3", "Hemoglobin in Urine by Test strip", "E", category=_L),
    "hb": Item("718-7", "Hemoglobin in Blood", "V", "g/L", category=_L),
    "plt": Item("777-3", "Platelets in Blood by Automated count", "V", "10*9/L", category=_L, also=("26515-7",)),
    "wbc": Item("6690-2", "Leukocytes in Blood by Automated count", "V", "10*9/L", category=_L),
    "alt": Item("1742-6", "Alanine aminotransferase", "V", "U/L", category=_L),
    "ast": Item("1920-8", "Aspartate aminotransferase", "V", "U/L", category=_L),
    "albumin": Item("1751-7", "Albumin in Serum or Plasma", "E", "g/L", category=_L),
    "bilirubin_total": Item("14631-6", "Bilirubin.total (moles/volume)", "E", "umol/L", category=_L),
    "bilirubin_direct": Item("14629-0", "Bilirubin.direct (moles/volume)", "V", "umol/L", category=_L),
    "creatinine": Item("14682-9", "Creatinine (moles/volume)", "V", "umol/L", category=_L),
    "urea": Item("22664-7", "Urea (moles/volume)", "E", "mmol/L", category=_L),
    "glucose": Item("14771-0", "Fasting glucose (moles/volume)", "V", "mmol/L", category=_L),
    "glucose_random": Item("14749-6", "Glucose (moles/volume)", "E", "mmol/L", category=_L, also=("15074-8",)),
    "ogtt_2h": Item("14995-5", "Glucose 2 h post 75 g glucose", "V", "mmol/L", category=_L),
    "hba1c": Item("4548-4", "Hemoglobin A1c", "V", "%", category=_L),
    "tsh": Item("3016-3", "Thyrotropin", "V", "m[IU]/L", category=_L),
    "bile_acid": Item("14628-2", "Bile acid (moles/volume)", "V", "umol/L", category=_L),
    "abo": Item("883-9", "ABO group", "V", category=_L),
    "rh": Item("10331-7", "Rh", "V", category=_L),
    "hbsag": Item("5196-1", "Hepatitis B virus surface Ag", "V", category=_L, sensitivity="STD", also=("5195-3",)),
    "hbsab": Item("16935-9", "Hepatitis B virus surface Ab", "V", category=_L, sensitivity="STD", also=("22322-2",)),
    "hbeag": Item("13954-3", "Hepatitis B virus e Ag", "V", category=_L, sensitivity="STD"),
    "hbeab": Item("13953-5", "Hepatitis B virus e Ab", "E", category=_L, sensitivity="STD", also=("22320-6",)),
    "hbcab": Item("13952-7", "Hepatitis B virus core Ab", "V", category=_L, sensitivity="STD"),
    "syphilis": Item(
        "20507-0", "Reagin Ab by RPR", "V", category=_L, sensitivity="STD", also=("22587-0", "24110-9", "47236-5")
    ),
    "hiv": Item("56888-1", "HIV 1+2 Ab+p24 Ag", "E", category=_L, sensitivity="HIV", also=("31201-7", "75666-8")),
    "hcv": Item("13955-0", "Hepatitis C virus Ab", "E", category=_L, sensitivity="STD", also=("16128-1",)),
    "urine_protein_24h": Item("2889-4", "Protein in 24 hour Urine", "E", "g/(24.h)", category=_L, also=("2888-6",)),
    "afi": Item("11627-7", "Amniotic fluid index", "E", "cm"),
    "nt": Item("33069-6", "Nuchal translucency", "E", "mm"),
    "bpd": Item("11820-8", "Biparietal diameter", "E", "mm"),
    "hc": Item("11984-2", "Fetal head circumference", "E", "mm"),
    "fetal_ac": Item("11979-2", "Fetal abdominal circumference", "E", "mm"),
    "fl": Item("11963-6", "Femur length", "E", "mm"),
    "efw": Item("11727-5", "Estimated fetal weight", "E", "g"),
    "placenta_position": Item("11994-1", "Placenta position", "E", also=("11995-8",)),
    "t21_risk": Item("49090-4", "Trisomy 21 risk", "E", category=_L, also=("43995-0",)),
    "epds": Item("71354-5", "Edinburgh Postnatal Depression Scale total", "E", "{score}", category="survey"),
    "phq9": Item("44249-1", "PHQ-9 total", "E", "{score}", category="survey"),
    # delivery and newborn (6.3)
    "delivery_mode": Item("72149-8", "Delivery method", "E", data_element="DE05.10.173.00"),
    "labour_duration": Item("32396-4", "Duration of labor", "E", "min"),
    "membranes_ruptured_at": Item("56829-5", "Date and time of rupture of membranes", "E"),
    "blood_loss_birth": Item("81661-1", "Blood loss", "E", "mL", "DE04.10.012.00", also=("9109-0",)),
    "perineum": Item("72145-6", "Perineal tear", "E"),
    "order": Item("73771-8", "Birth order", "E"),
    "outcome": Item("63893-2", "Outcome of delivery", "E", data_element="DE06.00.026.00"),
    "weight_g": Item("8339-4", "Birth weight", "V", "g", "DE04.10.019.00"),
    "length_cm": Item("89269-5", "Body height at birth", "E", "cm", "DE04.10.018.00"),
    "birth_head": Item("8287-5", "Head circumference", "E", "cm"),
    "apgar_1": Item("9272-6", "1 minute Apgar Score", "V", "{score}", "DE05.10.001.00", category="survey"),
    "apgar_5": Item("9274-2", "5 minute Apgar Score", "V", "{score}", "DE05.10.001.00", category="survey"),
    "apgar_10": Item("9271-8", "10 minute Apgar Score", "V", "{score}", "DE05.10.001.00", category="survey"),
    "chd_screen": Item("73700-7", "CCHD newborn screening", "E"),
    "hearing_screen": Item("54109-4", "Newborn hearing screen", "E"),
    "feeding": Item("63895-7", "Breastfeeding status", "E"),
    "death_cause": Item("79378-6", "Cause of death", "E"),
    "ferritin": Item("2276-4", "Ferritin", "E", "ug/L", category=_L),
    "lvef": Item("10230-1", "Left ventricular Ejection fraction", "E", "%"),
    "us_crl": Item("11957-8", "Fetal Crown rump length US", "E", "mm"),
    "ogtt_1h": _own("ogtt_1h", "OGTT 1 h", "mmol/L", _L),  # moles/volume exists in LOINC, its number was not found
    "avd": _own("avd", "羊水最大深度", "cm"),
    "blood_loss_2h": _own("blood_loss_2h", "产后2小时出血量", "mL"),
    "blood_loss_24h": _own("blood_loss_24h", "产后24小时出血量", "mL"),
}
BP_PANEL = Item("85354-9", "Blood pressure panel with all children optional", "V", category=_V)
RISK_COLOUR_ITEM = _own("risk_colour", "妊娠风险颜色", category="survey")

BY_CODE: dict[tuple[str, str], str] = {
    **{(item.system, item.code): link_id for link_id, item in ITEMS.items()},
    **{(LOINC, other): link_id for link_id, item in ITEMS.items() for other in item.also},
}
BY_DATA_ELEMENT = {
    item.data_element: link_id
    for link_id, item in ITEMS.items()
    if item.data_element and link_id not in ("apgar_5", "apgar_10")
}

# Data elements that are known by name (V) and whose lists of values are not verified: said, and never read as a fact.
OTHER_ELEMENTS = {
    "DE02.10.011.00": (OBSERVATION, "mode-planned", "计划分娩方式"),
    "DE04.10.206.00": (LOINC, "8867-4", "心率"),
    "DE04.30.062.00": (OBSERVATION, "liquor", "羊水性状"),
    "DE05.01.044.00": (OBSERVATION, "fetal-position", "胎方位"),
    "DE05.10.160.00": (OBSERVATION, "newborn-condition", "新生儿异常情况"),
    "DE06.00.097.00": (LOINC, "9109-0", "术中出血量"),
}
DOCUMENT_CODES = {  # LOINC: types of documents and sections -> name, mark (6.5)
    "57133-1": ("Referral note", "V"),
    "57055-6": ("Antepartum summary", "V"),
    "57057-2": ("Labor and delivery summary", "V"),
    "57058-0": ("Maternal discharge summary", "V"),
    "57059-8": ("Pregnancy visit summary", "V"),
    "34133-9": ("Summary of episode note", "V"),
    "18842-5": ("Discharge summary", "V"),
    "15508-5": ("Labor and delivery records", "V"),
    "42349-1": ("Reason for referral", "V"),
    "57073-9": ("Prenatal records", "V"),
    "10162-6": ("History of pregnancies", "V"),
    "11348-0": ("History of Past illness", "V"),
    "10157-6": ("History of family member diseases", "V"),
    "8716-3": ("Vital signs", "V"),
    "30954-2": ("Relevant diagnostic tests/laboratory data", "V"),
    "51848-0": ("Evaluation note", "V"),
    "18776-5": ("Plan of care note", "V"),
    "69730-0": ("Instructions", "V"),
    "57075-4": ("Newborn delivery information", "E"),
    "57077-0": ("Newborn status maternal", "E"),
}


def item_of(link_id: str) -> Item:
    """The item of a form field; what LOINC lacks has our own code, which is the linkId in kebab case."""
    return ITEMS.get(link_id) or _own(link_id, link_id)


def fact_name(system: str | None, code: str | None) -> str | None:
    """The linkId that this coding feeds, None when it means nothing to us."""
    if system is None or code is None:
        return None
    known = BY_CODE.get((system, code))
    if known is None and system == DATA_ELEMENT:
        known = BY_DATA_ELEMENT.get(code)
    if known is None and system == OBSERVATION:
        known = code.replace("-", "_")
    return known


# --- diagnoses, operations --------------------------------------------------------------------------------------------

PREGNANCY_ICD = ("Z34", "Z35", "Z33", "Z32.1")  # supervision of pregnancy, pregnant state, pregnancy confirmed (K)
PREGNANCY_SNOMED = frozenset({"77386006"})  # V
PREGNANT_ANSWER = "LA15173-0"  # V: the answer "pregnant" of 82810-3
SENSITIVE_ICD = {"B20": "HIV", "B24": "HIV", "Z21": "HIV", "O98.7": "HIV", "O98.1": "STD", "O98.4": "STD", "B18": "STD"}
ATC = "http://www.whocc.no/atc"
SENSITIVE_ATC = ("J05AE", "J05AF", "J05AG", "J05AJ", "J05AR")  # K: antiretrovirals, and antivirals of hepatitis B
DELIVERY_OPERATIONS = ("72.", "73.", "74.")  # K: instrumental, other assistance, caesarean
DELIVERY_SNOMED = frozenset({"11466000", "386216000"})  # V: caesarean section, childbirth
LIVE_BIRTH_SNOMED = frozenset({"281050002"})  # V
STILLBIRTH_ICD = "P95"  # K

COLOURS = {
    "green": "绿色（低风险）",
    "yellow": "黄色（一般风险）",
    "orange": "橙色（较高风险）",
    "red": "红色（高风险）",
    "purple": "紫色（传染病）",
    "pink": "粉红",
}
PREGNANCY_SUPERVISED, HIGH_RISK_SUPERVISED = ("Z34.9", "正常妊娠监督"), ("Z35.9", "高危妊娠监督")  # K
END_REASONS = {
    "recovered": "已恢复结案",
    "abortion": "妊娠28周前终止",
    "stillbirth": "死胎死产",
    "maternal-death": "孕产妇死亡",
    "moved-out": "转出",
    "lost": "失访",
    "refused": "拒绝管理",
    "void": "无效",
}
END_REASON_OF = {  # the pathway's end codes
    "closed.recovered": "recovered",
    "ended.abortion": "abortion",
    "ended.stillbirth": "stillbirth",
    "ended.maternal_death": "maternal-death",
    "moved.out": "moved-out",
    "lost": "lost",
    "refused": "refused",
    "void": "void",
}
