"""The names that stand in a Questionnaire: HL7's own first, ours where HL7 has none."""

CANONICAL_BASE = "https://fhir.example.org/mch"

_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
_OURS = f"{CANONICAL_BASE}/StructureDefinition/questionnaire-"

TRANSLATION = _HL7 + "translation"
DATA_ABSENT_REASON = _HL7 + "data-absent-reason"
UNIT = _HL7 + "questionnaire-unit"
MIN_VALUE = _HL7 + "minValue"
MAX_VALUE = _HL7 + "maxValue"
MAX_DECIMAL_PLACES = _HL7 + "maxDecimalPlaces"
REGEX = _HL7 + "regex"
ENTRY_FORMAT = _HL7 + "entryFormat"
HIDDEN = _HL7 + "questionnaire-hidden"
ITEM_CONTROL = _HL7 + "questionnaire-itemControl"
CONSTRAINT = _HL7 + "questionnaire-constraint"
OBSERVATION_EXTRACT = _SDC + "observationExtract"
CALCULATED_EXPRESSION = _SDC + "calculatedExpression"
ENABLE_WHEN_EXPRESSION = _SDC + "enableWhenExpression"

CONFIRM_LIMITS = _OURS + "confirm-limits"  # outside: plausible only when somebody looked twice
LIMIT_MARK = _OURS + "limit-mark"  # default | known: who still has to sign this number
ABSENT_REASON = _OURS + "absent-reason"  # not-performed | asked-unknown are answers here
DATE_RANGE = _OURS + "date-range"  # past (if nothing is said) | future | any
REQUIRED_WHEN = _OURS + "required-when"  # FHIRPath; required where it is true
ZERO_WHEN = _OURS + "zero-when"  # FHIRPath; where it is true, a number that nobody typed is 0
CONTEXT = _OURS + "context"  # a name that the process gives to the form
CHECK = _OURS + "check"  # a rule that needs more than an expression: cn-id-card
ENGLISH = _OURS + "english"  # beside a string inside another extension
LUNAR = _OURS + "lunar"  # a date that may be typed in the lunar calendar: told, calendar

UCUM = "http://unitsofmeasure.org"
IDENTITY_SYSTEM = f"{CANONICAL_BASE}/Questionnaire"
