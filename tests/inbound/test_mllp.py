"""MLLP: what a sender was answered is stored, and who has no answer sends again, to one effect."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.errors import Busy
from fhir_adapters.arrivals.receiving import Receiver
from runtime.database.roles import as_application
from runtime.inbound.mllp import BEGIN, END, Limits, Listener, split_batch, tls_of
from tests.inbound.conftest import write_profile
from tests.inbound.messages import PROFILE, adt, coded, header, joined, oru

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def listening(hospital, limits=None, receiver=None):
    listener = Listener(receiver or Receiver(hospital.services), "127.0.0.1", 0, limits=limits)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


def send(address, *bodies, raw=False):
    """What came back for each, until the other end closes or nothing more is due."""
    said = []
    with socket.create_connection(address, timeout=240) as sock:
        for body in bodies:
            sock.sendall(body if raw else BEGIN + body + END)
            answer = b""
            while END not in answer:
                chunk = sock.recv(65536)
                if not chunk:
                    return said
                answer += chunk
            said.append(answer)
    return said


def verdict(answer):
    """MSA-1, MSA-2 and the places of ERR-2."""
    lines = answer.decode("utf-8", "replace").replace("\x0b", "").split("\r")
    [msa] = [line.split("|") for line in lines if line.startswith("MSA")]
    return msa[1], msa[2], [line.split("|")[2] for line in lines if line.startswith("ERR")]


def kept(hospital):
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT state::text, repeats FROM arrival_outcome ORDER BY received_at").fetchall()
    return [tuple(row) for row in rows]


def test_one_connection_carries_many_messages_and_each_has_its_answer(hospital):
    hospital.brings_in()
    with listening(hospital) as listener:
        good, bad = oru(coded(), number="A"), oru(coded("3+", "Q"), number="B", order="L2")
        answers = [verdict(one) for one in send(listener.address, good, bad, good)]

    assert answers == [("AA", "A", []), ("AE", "B", ["OBX^1^11^1"]), ("AA", "A", [])]
    assert kept(hospital) == [("understood", 1), ("not-understood", 0)]


def test_the_same_message_is_answered_with_the_same_bytes(hospital):
    hospital.brings_in()
    with listening(hospital) as listener:
        first, again = send(listener.address, oru(coded()), oru(coded()))

    assert first == again


def test_a_sender_that_nobody_knows_is_told_so_and_what_it_sent_is_kept(hospital):
    stranger = oru(coded()).replace(b"|HIS|COUNTY|", b"|HIS|NOWHERE|")
    with listening(hospital) as listener:
        [answer] = send(listener.address, stranger)

    assert verdict(answer)[0] == "AR" and kept(hospital) == [("not-understood", 0)]


def test_a_batch_in_one_frame_has_an_answer_for_each_of_its_messages(hospital):
    hospital.brings_in()
    batch = b"BHS|^~\\&\r" + oru(coded(), number="A") + adt("A04", number="B") + b"BTS|2\r"
    with listening(hospital) as listener:
        [answer] = send(listener.address, batch)

    assert len(split_batch(batch)) == 2
    assert answer.count(b"\rMSA|AA|") == 2 and answer.endswith(b"BTS|2\r" + END)


# --- who asks for two answers -----------------------------------------------------------------------------------------


def asking(body, accept, applied):
    """With MSH-15 and MSH-16."""
    return body.replace(b"|2.5|||||", f"|2.5|||{accept}|{applied}|".encode(), 1)


def answers_until_silent(hospital, *bodies, profile=PROFILE):
    """By body the verdicts of its frames: until a last message that has one answer."""
    write_profile(hospital, profile)
    last = oru(coded(status="Q"), number="LAST", order="LAST")
    said: list[tuple[str, str]] = []
    with listening(hospital) as listener, socket.create_connection(listener.address, timeout=240) as sock:
        sock.sendall(b"".join(BEGIN + body + END for body in (*bodies, last)))
        held = b""
        while ("AE", "LAST") not in said:
            chunk = sock.recv(65536)
            assert chunk, said
            *frames, held = (held + chunk).split(END)
            said += [verdict(frame)[:2] for frame in frames]
    return said[:-1]


@pytest.mark.parametrize(
    ("accept", "applied", "well", "badly"),
    [
        ("", "", ["AA"], ["AE"]),
        ("AL", "AL", ["CA", "AA"], ["CA", "AE"]),
        ("AL", "NE", ["CA"], ["CA"]),
        ("NE", "AL", ["AA"], ["AE"]),
        ("", "AL", ["AA"], ["AE"]),
        ("AL", "ER", ["CA"], ["CA", "AE"]),
        ("ER", "SU", ["AA"], []),
        ("NE", "NE", [], []),
        ("XX", "AL", ["CA", "AA"], ["CA", "AE"]),
    ],
)
def test_a_sender_is_told_what_it_asks_for_and_no_more(busy, accept, applied, well, badly):
    good = asking(adt("A04", number="GOOD"), accept, applied)
    bad = asking(oru(coded(status="Q"), number="BAD", order="L2"), accept, applied)

    said = answers_until_silent(busy, good, bad)

    assert said == [(code, "GOOD") for code in well] + [(code, "BAD") for code in badly]


def test_what_is_told_first_is_that_the_message_is_stored(hospital):
    seen = []

    class Watched(Receiver):
        def understand(self, id_):
            seen.append(kept(hospital))
            return super().understand(id_)

    body = asking(adt("A04", number="A"), "AL", "AL")
    with (
        listening(hospital, receiver=Watched(hospital.services)) as listener,
        socket.create_connection(listener.address, timeout=240) as sock,
    ):
        sock.sendall(BEGIN + body + END)
        first = read_frame(sock)
        second = read_frame(sock)

    assert [verdict(first)[0], verdict(second)[0]] == ["CA", "AA"] and seen == [[("waiting", 0)]]
    assert first.split(b"|")[9] != second.split(b"|")[9], "each answer has its own number"
    assert kept(hospital) == [("understood", 0)]


def read_frame(sock):
    """One, byte by byte: what follows it stays where it is."""
    said = b""
    while END not in said:
        chunk = sock.recv(1)
        assert chunk, said
        said += chunk
    return said


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (lambda body: body.replace(b"ADT^A04", b"ADT^A99"), ["CR"]),
        (lambda body: body.replace(b"|2.5|", b"|9.9|"), ["CR"]),
        (lambda body: body.replace(b"|HIS|COUNTY|", b"|HIS|NOWHERE|"), ["CR"]),
        (lambda body: body.replace(b"|P|2.5|", b"|T|2.5|"), ["CR"]),
    ],
    ids=["type", "version", "sender", "processing"],
)
def test_what_its_header_rules_out_is_not_accepted_and_is_kept_for_people(busy, spoil, codes):
    body = spoil(asking(adt("A04", number="X"), "AL", "AL"))

    said = answers_until_silent(busy, body)

    assert said == [(code, "X") for code in codes]
    with busy.pool.connection() as conn:
        states = conn.execute(
            "SELECT state::text FROM arrival JOIN arrival_outcome ON arrival_id = id WHERE body = %s", [body]
        ).fetchall()
    assert states == [("not-understood",)]


def test_what_cannot_be_stored_is_a_commit_error_and_what_is_too_long_too(hospital):
    class Full(Receiver):
        def store(self, body, **told):
            raise Busy("数据库暂不可用", "the database is away")

    with listening(hospital, receiver=Full(hospital.services)) as listener:
        said = [verdict(one)[0] for one in send(listener.address, asking(adt("A04"), "AL", "AL"))]
    with listening(hospital, Limits(largest=500, kept_of_too_long=400)) as listener:
        long = asking(oru(*[coded(nth=n) for n in range(1, 50)]), "AL", "AL")
        said += [verdict(one)[0] for one in send(listener.address, long)]

    assert said == ["CE", "CE"]
    assert kept(hospital) == [("not-understood", 0)]


def test_the_same_message_is_accepted_with_the_same_bytes(hospital):
    body = asking(adt("A04"), "AL", "NE")
    with listening(hospital) as listener:
        first, again = send(listener.address, body, body)

    assert first == again and verdict(first)[0] == "CA"


def test_a_client_whose_file_says_so_has_one_answer_whatever_its_messages_ask(busy):
    body = asking(adt("A04", number="ONE"), "AL", "AL")

    assert answers_until_silent(busy, body, profile=PROFILE + "acknowledgement: original\n") == [("AA", "ONE")]


def test_a_batch_is_told_of_as_stored_before_it_is_told_what_became_of_it(hospital):
    parts = asking(adt("A04", number="A"), "AL", "AL"), asking(adt("A04", number="B"), "AL", "AL")
    batch = b"BHS|^~\\&\r" + b"".join(parts) + b"BTS|2\r"
    with listening(hospital) as listener, socket.create_connection(listener.address, timeout=240) as sock:
        sock.sendall(BEGIN + batch + END)
        first, second = read_frame(sock), read_frame(sock)

    assert (first.count(b"\rMSA|CA|"), second.count(b"\rMSA|AA|")) == (2, 2)
    assert first.count(b"\rMSA|AA|") == second.count(b"\rMSA|CA|") == 0


def test_an_answer_to_our_answer_is_kept_and_not_answered(busy):
    taken = joined(header("ACK^A04", "T1"), "MSA|CA|C1")
    refused = joined(header("ACK^A04", "T2"), "MSA|AE|C1")

    assert answers_until_silent(busy, asking(taken, "AL", "AL"), refused) == []
    with busy.pool.connection() as conn:
        rows = conn.execute(
            "SELECT control_id, state::text FROM arrival JOIN arrival_outcome ON arrival_id = id"
            " WHERE control_id IN ('T1', 'T2') ORDER BY 1"
        ).fetchall()
    assert rows == [("T1", "understood"), ("T2", "not-understood")]


def test_what_is_too_long_is_refused_and_its_beginning_is_kept(hospital):
    with listening(hospital, Limits(largest=5000, kept_of_too_long=500)) as listener:
        long, short = oru(*[coded(nth=n) for n in range(1, 200)], number="LONG"), adt("A99", number="SHORT")
        answers = [verdict(one) for one in send(listener.address, long, short)]

    assert [(a[0], a[1]) for a in answers] == [("AR", "LONG"), ("AR", "SHORT")]
    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT length(body) FROM arrival ORDER BY received_at").fetchall()[0] == (500,)


def test_who_is_silent_or_slow_is_let_go_and_others_are_served(hospital):
    hospital.brings_in()
    with (
        listening(hospital, Limits(idle_s=1.0, frame_s=1.0)) as listener,
        socket.create_connection(listener.address, timeout=240) as silent,
        socket.create_connection(listener.address, timeout=240) as slow,
    ):
        slow.sendall(BEGIN + b"MSH|^~")
        [answer] = send(listener.address, oru(coded()))
        assert silent.recv(1) == b"" and slow.recv(1) == b""

    assert verdict(answer)[0] == "AA" and kept(hospital) == [("understood", 0)]


def test_only_so_many_connections_are_taken(hospital):
    with (
        listening(hospital, Limits(connections=1, idle_s=10)) as listener,
        socket.create_connection(listener.address, timeout=240) as first,
    ):
        first.sendall(BEGIN)
        waiting = threading.Event()
        while listener.free.acquire(blocking=False):  # until the first has its place
            listener.free.release()
            waiting.wait(0.01)
        with socket.create_connection(listener.address, timeout=240) as second:
            assert second.recv(1) == b""


def test_a_text_that_is_no_mllp_is_closed(hospital):
    with listening(hospital, Limits(kept_of_too_long=100)) as listener:
        assert send(listener.address, b"GET / HTTP/1.1\r\n" * 20, raw=True) == []


# --- with certificates ------------------------------------------------------------------------------------------------


def certificate(folder, name, authority=None):
    """A key and a certificate of this name, by the authority or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (authority[0].subject, authority[1]) if authority else (subject, key)
    begin = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - timedelta(days=1))
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(key.private_bytes(*plain))
    return made, key


@pytest.fixture
def certificates(hospital, tmp_path):
    authority = certificate(tmp_path, "authority")
    for name in ("county", "his", "another"):
        certificate(tmp_path, name, authority)
    certificate(tmp_path, "stranger")
    write_profile(hospital, PROFILE + "certificate: his\n")
    return tmp_path


def send_as(folder, name, address, body):
    """None where the connection is not let in."""
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    context.check_hostname = False
    if name:
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    try:
        with socket.create_connection(address, timeout=240) as plain, context.wrap_socket(plain) as sock:
            sock.sendall(BEGIN + body + END)
            answer = b""
            while END not in answer:
                chunk = sock.recv(65536)
                if not chunk:
                    return None
                answer += chunk
            return verdict(answer)[0]
    except OSError:
        return None


def test_over_tls_the_certificate_says_whose_message_it_is(hospital, certificates):
    hospital.brings_in()
    tls = tls_of(tuple(certificates / name for name in ("county.pem", "county.key", "authority.pem")))
    listener = Listener(Receiver(hospital.services), "127.0.0.1", 0, tls=tls)
    listener.start()
    try:
        said = {name: send_as(certificates, name, listener.address, oru(coded())) for name in ("", "stranger", "his")}
        said["another"] = send_as(certificates, "another", listener.address, oru(coded("2+"), number="B"))
    finally:
        listener.stop()

    assert said == {"": None, "stranger": None, "his": "AA", "another": "AR"}
    assert sorted(state for state, _ in kept(hospital)) == ["not-understood", "understood"]


# --- a listener that dies ---------------------------------------------------------------------------------------------

DIES = """
import os, signal, sys, json
from fhir_adapters.arrivals.receiving import Receiver
from runtime.inbound import mllp
from runtime import settings as configuration
from runtime.wiring import build
at, mutant = sys.argv[1], sys.argv[2] == "mutant"
def dead(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
store, understand = Receiver.store, Receiver.understand
def stored_then(self, *a, **k):
    if at == "before-store": dead()
    id_ = store(self, *a, **k)
    if at == "after-store": dead()
    return id_
def understood_then(self, id_):
    outcome = understand(self, id_)
    if at == "after-commit": dead()
    return outcome
Receiver.store, Receiver.understand = stored_then, understood_then
if at == "before-commit":
    from fhir_adapters.store import arrivals
    arrivals.settle = dead
if mutant:
    def run(self):
        for frame in self._frames():
            from fhir_adapters.hl7v2 import answers, parsing
            from datetime import datetime
            said = answers.ack(parsing.header_of(frame), "AA", "1", datetime.now().astimezone(), [])
            self._sock.sendall(mllp.BEGIN + said + mllp.END)
            for _ in self.answers_to(frame): pass
    mllp.Conversation.run = run
services = build(configuration.read(), connections=4)
listener = mllp.Listener(Receiver(services), "127.0.0.1", 0)
listener.start()
print(json.dumps(listener.address), flush=True)
sys.stdin.read()
"""


@contextmanager
def process(hospital, at, kind):
    environment = os.environ | {
        "YUNTU_HOME": str(hospital.settings.home),
        "YUNTU_DATABASE_URL": as_application(hospital.url),
        "YUNTU_INBOUND": str(hospital.settings.inbound),
        "YUNTU_CLOCK": "manual:2026-01-05T08:00:00+08:00",
    }
    arguments = [sys.executable, "-c", DIES, at, kind]
    with subprocess.Popen(
        arguments, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        yield tuple(json.loads(child.stdout.readline()))
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)


def sent_until_answered(hospital, body, at, kind="sound"):
    """A sender that keeps a message until it has the answer: how often it sent, and the last answer. The listener that
    takes the place of a dead one is sound and in this process."""
    with process(hospital, at, kind) as address:
        try:
            answers = send(address, body)
        except ConnectionError:
            answers = []
    if answers:
        return 1, verdict(answers[0])[0]
    with listening(hospital) as listener:
        return 2, verdict(send(listener.address, body)[0])[0]


def lost_or_double(hospital, woman):
    """Of one result that was answered with AA: not exactly one, or raw bytes that are not there."""
    found = hospital.search(f"/Observation?patient={woman.patient_id}&code=http://loinc.org|5804-0")
    return [(o["meta"]["versionId"]) for o in found] != ["1"] or len(kept(hospital)) != 1


@pytest.mark.parametrize("at", ["before-store", "after-store", "before-commit", "after-commit"])
def test_a_listener_that_is_killed_loses_nothing_and_does_nothing_twice(hospital, at):
    woman = hospital.brings_in()

    sent, answer = sent_until_answered(hospital, oru(coded()), at)

    assert (sent, answer) == (2, "AA")
    assert not lost_or_double(hospital, woman)


def test_the_check_catches_a_listener_that_answers_before_it_has_committed(hospital):
    woman = hospital.brings_in()

    _, answer = sent_until_answered(hospital, oru(coded()), "before-store", "mutant")

    assert answer == "AA" and lost_or_double(hospital, woman)


def test_what_a_dead_listener_stored_is_looked_at_without_the_sender(hospital):
    woman = hospital.brings_in()
    receiver = Receiver(hospital.services)
    receiver.store(oru(coded()), client="his-demo", channel="hl7v2", origin="127.0.0.1", control_id="LAB1")

    assert kept(hospital) == [("waiting", 0)]
    assert receiver.look_again() == 1 and not lost_or_double(hospital, woman)
