"""Forms: FHIR Questionnaires as data, read once; validation, calculation and responses are built from them."""

from workflows.forms.catalogue import example_answers, forms_on_disk, questionnaires_on_disk
from workflows.forms.form import Answers, Form
from workflows.forms.items import ABSENT, Item

__all__ = ["ABSENT", "Answers", "Form", "Item", "example_answers", "forms_on_disk", "questionnaires_on_disk"]
