"""`yuntu client assertion`: signed for the token address by the key that is given, or refused in words."""

from __future__ import annotations

import json

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from runtime.cli import main
from runtime.demo.county import key_pair


def signed(tmp_path, key, *more):
    file = tmp_path / "key.json"
    file.write_text(key if isinstance(key, str) else json.dumps(key))
    return CliRunner().invoke(main, ["client", "assertion", "--name", "his", "--key", str(file), *more])


def test_it_says_who_asks_and_for_whom_and_is_good_once(tmp_path):
    private, public = key_pair()
    where = ("--audience", "https://a.example/oauth/token")
    one, other = (signed(tmp_path, private, *where).output.strip() for _ in range(2))

    said = jwt.decode(one, jwt.PyJWK(public).key, ["ES384"], audience="https://a.example/oauth/token")

    assert (said["iss"], said["sub"]) == ("his", "his")
    assert jwt.get_unverified_header(one)["kid"] == public["kid"]
    assert said["jti"] != jwt.decode(other, options={"verify_signature": False})["jti"]


def test_an_rsa_key_signs_too(tmp_path):
    key = RSAAlgorithm.to_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048), as_dict=True)

    assert jwt.get_unverified_header(signed(tmp_path, key).output.strip())["alg"] == "RS384"


@pytest.mark.parametrize("key", ["not json", "[]", {"kty": "oct", "k": "AAAA"}, key_pair()[1], {"kty": "EC", "d": "x"}])
def test_what_is_no_private_key_is_refused_in_both_languages(tmp_path, key):
    done = signed(tmp_path, key)

    assert done.exit_code == 2 and "私钥" in done.output and "private RSA or P-384 key" in done.output
    assert "Traceback" not in done.output
