"""Sending twice makes one: conditional create and update, safe also when many come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from engine.store.wire import Wire
from tests.fhir.fhir_kit import (
    ID_CARD,
    WOMAN,
    entry,
    expressions,
    issues_of,
    observation,
    patient,
    pregnancy,
    transaction,
)

LOCAL = "https://his.example/obs"


def test_thirty_two_conditional_creates_at_once_make_one_patient(hospital):
    hospital.token("his-demo")

    def create(_):
        return hospital.post("/Patient", patient(), If_None_Exist=f"identifier={ID_CARD}|{WOMAN}")

    with ThreadPoolExecutor(32) as many:
        answers = list(many.map(create, range(32)))

    assert sorted(a.status_code for a in answers) == [200] * 31 + [201]
    assert len({a.json["id"] for a in answers}) == 1
    assert hospital.count()["Patient"] == 1


def test_a_condition_in_the_address_of_a_create_counts_as_one_in_the_header(hospital):
    """As fhirpy's `get_or_create` puts it."""
    first = hospital.post(f"/Patient?identifier={ID_CARD}|{WOMAN}&_format=json", patient())
    again = hospital.post(f"/Patient?identifier={ID_CARD}|{WOMAN}", patient(active=True))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["id"] == first.json["id"] and "active" not in again.json


def test_a_condition_may_be_a_whole_address(hospital):
    """As HAPI's client sends it; what stands in a value stays there."""
    first = hospital.post(
        "/Patient", patient(), If_None_Exist=f"http://his.example/fhir/Patient?identifier={ID_CARD}|{WOMAN}"
    )
    again = hospital.post("/Patient", patient(active=True), If_None_Exist=f"Patient?identifier={ID_CARD}|{WOMAN}")
    other = observation("718-7", f"Patient/{first.json['id']}", identifier=[{"system": LOCAL, "value": "what?"}])
    found = [hospital.post("/Observation", other, If_None_Exist=f"identifier={LOCAL}|what?") for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 200) and again.json["id"] == first.json["id"]
    assert [one.status_code for one in found] == [201, 200]


def test_two_different_conditions_of_one_create_are_refused(hospital):
    other = {"If_None_Exist": f"identifier={ID_CARD}|999999199707150028"}
    answer = hospital.post(f"/Patient?identifier={ID_CARD}|{WOMAN}", patient(), **other)

    assert expressions(answer, 400) == ["Patient"]
    assert "Patient" not in hospital.count()


def test_how_the_answer_is_to_look_is_no_condition(hospital):
    made = hospital.post("/Patient?_format=json", patient())
    changed = hospital.put(f"/Patient?identifier={ID_CARD}|{WOMAN}&_pretty=true", patient(active=True))

    assert (made.status_code, changed.status_code) == (201, 200)
    assert changed.json["id"] == made.json["id"]


def test_an_identity_is_one_under_every_spelling(hospital):
    first = hospital.post(
        "/Patient", patient("11010519491231002x"), If_None_Exist=f"identifier={ID_CARD}|11010519491231002x"
    )
    other = "urn:oid:2.16.840.1.113883.2.23.1.19.1"

    again = hospital.post(
        "/Patient", patient("11010519491231002X"), If_None_Exist=f"identifier={other}|11010519491231002X"
    )

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["id"] == first.json["id"]


def test_a_plain_create_is_found_by_a_later_conditional_one(hospital):
    first = hospital.post("/Patient", patient())

    again = hospital.post("/Patient", patient(), If_None_Exist=f"identifier={ID_CARD}|{WOMAN}")

    assert again.status_code == 200 and again.json["id"] == first.json["id"]


def test_two_patients_with_one_identity_cannot_be_told_apart(hospital):
    hospital.post("/Patient", patient())
    hospital.post("/Patient", patient(gender="unknown"))

    answer = hospital.put(f"/Patient?identifier={ID_CARD}|{WOMAN}", patient())

    issues_of(answer, 412)


def test_a_conditional_update_creates_then_changes_then_rests(hospital):
    woman = hospital.brings_in()

    def put(value):
        sent = observation("718-7", woman.subject, valueInteger=value, identifier=[{"system": LOCAL, "value": "7"}])
        return hospital.put(f"/Observation?identifier={LOCAL}|7", sent)

    first, second, third = put(1), put(2), put(2)

    assert [a.status_code for a in (first, second, third)] == [201, 200, 200]
    assert [a.headers["ETag"] for a in (first, second, third)] == ['W/"1"', 'W/"2"', 'W/"2"']


def test_a_client_may_choose_an_id_of_its_own(hospital):
    woman = hospital.brings_in()
    mine = observation("718-7", woman.subject, valueInteger=1, id="his-1")

    first, again = hospital.put("/Observation/his-1", mine), hospital.put("/Observation/his-1", mine)

    assert (first.status_code, again.status_code) == (201, 200)


def test_conditional_references_are_resolved_anywhere_in_a_transaction(hospital):
    woman = hospital.brings_in()
    note = observation("718-7", f"Patient?identifier={ID_CARD}|{WOMAN}", valueInteger=1)
    note["extension"] = [
        {"url": "https://his.example/x", "valueReference": {"reference": f"Patient?identifier={ID_CARD}|{WOMAN}"}}
    ]

    answer = hospital.post("", transaction(entry(note)), Prefer="return=representation")

    stored = answer.json["entry"][0]["resource"]
    assert stored["subject"]["reference"] == woman.subject
    assert stored["extension"][0]["valueReference"]["reference"] == woman.subject


def test_the_same_result_from_the_same_sender_is_not_a_second_one(hospital):
    woman = hospital.brings_in()

    first = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1))
    again = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1))
    other = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=2))

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json["id"] == first.json["id"] != other.json["id"]


def test_the_same_result_sent_eight_times_at_once_is_one(hospital):
    woman = hospital.brings_in()
    body = observation("718-7", woman.subject, valueInteger=1)

    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: hospital.post("/Observation", body), range(8)))

    assert sorted(a.status_code for a in answers) == [200] * 7 + [201]
    assert len({a.json["id"] for a in answers}) == 1


def test_a_result_is_stored_in_three_round_trips(hospital, monkeypatch):
    """What has to be known of the patient, the store, the commit."""
    woman = hospital.brings_in()
    hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1))
    waited, read_until = [], Wire.read_until
    monkeypatch.setattr(Wire, "read_until", lambda wire, answer: (waited.append(1), read_until(wire, answer))[1])

    answer = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=2))

    assert answer.status_code == 201 and answer.headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    assert len(waited) == 2


def test_pregnancies_of_one_woman_told_at_once_open_one_case(hospital):
    made = hospital.post("/Patient", patient()).json
    bodies = [pregnancy(f"Patient/{made['id']}", note=[{"text": str(number)}]) for number in range(6)]

    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda body: hospital.post("/Condition", body), bodies))

    assert [a.status_code for a in answers] == [201] * 6
    assert len(hospital.search(f"/EpisodeOfCare?patient={made['id']}")) == 1


def test_an_idempotency_key_gives_the_first_answer_again(hospital):
    first = hospital.post("/Patient", patient("1"), Idempotency_Key="k1")
    again = hospital.post("/Patient", patient("1"), Idempotency_Key="k1")
    other = hospital.post("/Patient", patient("2"), Idempotency_Key="k1")

    assert again.json["id"] == first.json["id"]
    assert other.status_code == 422


def test_deletes_come_first_and_reads_last_in_a_transaction(hospital):
    woman = hospital.brings_in()
    old = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1)).json["id"]
    bundle = transaction(
        {"request": {"method": "GET", "url": f"Observation?code=777-3&patient={woman.patient_id}"}},
        entry(observation("777-3", woman.subject, valueInteger=5)),
        {"request": {"method": "DELETE", "url": f"Observation/{old}"}},
    )

    answer = hospital.post("", bundle).json["entry"]

    assert len(answer[0]["resource"]["entry"]) == 1
    assert [e["response"]["status"] for e in answer] == ["200 OK", "201 Created", "204 No Content"]


def test_a_failing_entry_undoes_the_whole_transaction(hospital):
    woman = hospital.brings_in()
    before = hospital.count()
    bundle = transaction(
        entry(observation("718-7", woman.subject, valueInteger=1)),
        {"request": {"method": "DELETE", "url": "Observation/none"}},
    )

    assert expressions(hospital.post("", bundle), 404) == ["Bundle.entry[1].resource"]
    assert hospital.count() == before


def test_a_search_in_a_transaction_that_cannot_be_asked_leaves_nothing_written(hospital):
    woman = hospital.brings_in()
    before = hospital.count()
    for asked in ("Patient?gender=", "Observation?subject:Group.name=x", "Observation?date=soon"):
        bundle = transaction(
            entry(observation("718-7", woman.subject, valueInteger=1)),
            {"request": {"method": "GET", "url": asked}},
        )

        assert expressions(hospital.post("", bundle), 400) == ["Bundle.entry[1].request.url"]
        assert hospital.count() == before


def test_a_search_in_a_bundle_says_what_it_ignored_and_where_it_goes_on(hospital):
    woman = hospital.brings_in()
    asked = {"request": {"method": "GET", "url": f"Observation?patient={woman.patient_id}&shoe-size=42&_count=1"}}
    for kind in ("transaction", "batch"):
        found = hospital.post("", transaction(asked, kind=kind)).json["entry"][0]["resource"]
        modes = [one["search"]["mode"] for one in found["entry"]]
        assert modes == ["match", "outcome"], kind
        assert found["entry"][1]["resource"]["issue"][0]["expression"] == ["shoe-size"]
        links = {one["relation"]: one["url"] for one in found["link"]}
        assert "shoe-size" not in links["self"] and len(hospital.search(links["next"].split("/fhir")[1])) == 1

    strict = hospital.post("", transaction(asked), Prefer="handling=strict")
    assert expressions(strict, 400) == ["Bundle.entry[0].request.url"]
    alone = hospital.post("", transaction(asked, kind="batch"), Prefer="handling=strict").json["entry"][0]
    assert alone["response"]["status"] == "400"


def test_a_bundle_may_name_our_own_address(hospital):
    woman = hospital.brings_in()
    own = "http://localhost/fhir"
    asked = transaction(
        entry(observation("718-7", woman.subject, valueInteger=1), method="PUT", url=f"{own}/Observation/own-1"),
        {"request": {"method": "GET", "url": f"{own}/Patient/{woman.patient_id}"}},
    )
    asked["entry"][0]["resource"]["id"] = "own-1"

    statuses = [one["response"]["status"] for one in hospital.post("", asked).json["entry"]]

    assert statuses == ["201 Created", "200 OK"]
    elsewhere = {"request": {"method": "GET", "url": f"http://elsewhere/fhir/Patient/{woman.patient_id}"}}
    assert expressions(hospital.post("", transaction(elsewhere)), 400) == ["Bundle.entry[0].request.url"]
