"""An identity card number proves itself, and agrees with the birth date."""

from datetime import date

import pytest

from engine.errors import Incorrect
from workflows.forms import example_answers, forms_on_disk
from workflows.forms.checks import check_digit

FORM = forms_on_disk()["registration"]
NUMBER = example_answers("registration")["id_no"]


def faults(**changes):
    try:
        FORM.validate({**example_answers("registration"), **changes}, on=date(2026, 1, 5))
    except Incorrect as refused:
        return {fault.path for fault in refused.faults}
    return set()


def test_the_check_digit_is_that_of_gb_11643():
    assert check_digit("11010519491231002") == "X"  # the example printed in the standard


@pytest.mark.parametrize("place", range(17))
def test_one_wrong_digit_is_noticed(place):
    wrong = str((int(NUMBER[place]) + 1) % 10)

    assert "id_no" in faults(id_no=NUMBER[:place] + wrong + NUMBER[place + 1 :])


@pytest.mark.parametrize("number", [NUMBER[:15], NUMBER + "1", "A" + NUMBER[1:], ""])
def test_a_number_of_another_shape_is_refused(number):
    assert "id_no" in faults(id_no=number)


def test_a_small_x_and_full_width_digits_are_what_was_meant():
    born_1949 = "11010519491231002x"
    wide = NUMBER.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})

    assert faults(id_no=born_1949) == {"birth_date"}
    assert faults(id_no=wide) == set()


@pytest.mark.parametrize("gap", [" ", "　", "\t", "\u00a0", "\u200b"])
def test_a_number_pasted_in_groups_is_the_number(gap):
    assert faults(id_no=f"{NUMBER[:6]}{gap}{NUMBER[6:14]}{gap}{NUMBER[14:]}{gap}") == set()


def test_the_birth_date_inside_must_be_the_birth_date_given():
    assert faults(birth_date="1997-06-16") == {"birth_date"}


def test_other_documents_are_not_measured_by_the_card_rule():
    assert faults(id_type="passport", id_no="E12345678") == set()


def test_who_has_no_document_says_why():
    answers = {name: value for name, value in example_answers("registration").items() if name != "id_no"}
    with pytest.raises(Incorrect) as refused:
        FORM.validate({**answers, "id_type": "none"}, on=date(2026, 1, 5))

    assert {fault.path for fault in refused.value.faults} == {"id_none_reason"}
