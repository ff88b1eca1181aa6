"""The keys by which this installation signs in elsewhere: one signs, older ones stay published until those who trust
them have read anew."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg import Connection

from engine.store import sql

SQL = sql.load(__file__)
ALGORITHM = "ES384"


def signing_key(conn: Connection[Any], region_id: str, now: datetime) -> tuple[str, str]:
    """Its id and the private key; the first time it is made."""
    row = conn.execute(SQL["signing_key"], {"region_id": region_id}).fetchone()
    if row is None:
        rotate(conn, region_id, now)
        row = conn.execute(SQL["signing_key"], {"region_id": region_id}).fetchone()
    assert row is not None
    return row[0], row[1]


def rotate(conn: Connection[Any], region_id: str, now: datetime) -> str:
    """A new key signs from now on; the one before stays published."""
    made = ec.generate_private_key(ec.SECP384R1())
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key = {"region_id": region_id, "kid": uuid4().hex, "private_key": made.private_bytes(*form).decode(), "now": now}
    with conn.transaction():
        conn.execute(SQL["retire_keys"], {"region_id": region_id, "now": now})
        conn.execute(SQL["add_key"], key)
    return str(key["kid"])


def forget(conn: Connection[Any], region_id: str) -> None:
    """Keys that sign no more are published no more."""
    conn.execute(SQL["forget_keys"], {"region_id": region_id})


def published(conn: Connection[Any], region_id: str, now: datetime) -> dict[str, Any]:
    """The public key set."""
    signing_key(conn, region_id, now)
    keys = []
    for kid, private in conn.execute(SQL["keys"], {"region_id": region_id}).fetchall():
        loaded = serialization.load_pem_private_key(private.encode(), None)
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(loaded.public_key()))  # type: ignore[arg-type]
        keys.append({**public, "kid": kid, "alg": ALGORITHM, "use": "sig"})
    return {"keys": keys}
