"""A receiver of notifications, to try a subscription with: checks the mark, keeps the last number, says what came.

    python docs/integration/receiver.py --port 9009 --secret-file secret.txt

Take from it what yours needs: the mark is checked before anything is read, an event number that was seen already is
answered with 200 and done nothing with, and what is missing in between is fetched by `$events`.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FURTHEST_S = 300  # a mark older than five minutes is a replay


def is_genuine(secrets: list[str], header: str, body: bytes, now: float) -> bool:
    """Whether one of the secrets made this mark, and made it now."""
    pairs = [pair.partition("=")[::2] for pair in header.split(",")]
    stamps = [value for name, value in pairs if name == "t"]
    if len(stamps) != 1 or not stamps[0].isdigit() or abs(now - int(stamps[0])) > FURTHEST_S:
        return False
    signed = stamps[0].encode() + b"." + body
    wanted = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return any(hmac.compare_digest(value, mark) for name, value in pairs if name == "v1" for mark in wanted)


def numbers_in(body: bytes) -> list[tuple[int, str]]:
    """Event numbers with what each is about, of a Backport notification."""
    bundle = json.loads(body) if body else {}
    if bundle.get("resourceType") != "Bundle":
        return []
    found = []
    for parameter in bundle["entry"][0]["resource"]["parameter"]:
        if parameter["name"] == "notification-event":
            parts = {part["name"]: part for part in parameter["part"]}
            focus = parts.get("focus", {}).get("valueReference", {}).get("reference", "-")
            found.append((int(parts["event-number"]["valueString"]), focus))
    return found


class Receiver(BaseHTTPRequestHandler):
    secrets: list[str] = []
    last: dict[str, int] = {}  # of each subscription; yours belongs into a database

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not is_genuine(self.secrets, self.headers.get("X-MCH-Signature", ""), body, time.time()):
            return self._answer(401)
        subscription = self.headers.get("X-MCH-Subscription", "-")
        print(subscription, self.headers.get("X-MCH-Notification"), flush=True)
        for number, focus in numbers_in(body):
            last = self.last.get(subscription, 0)
            if number > last + 1:
                print(f"  {last + 1}..{number - 1} are missing: ask $events?eventsSinceNumber={last + 1}", flush=True)
            if number > last:
                print(f"  {number} {focus}", flush=True)
                self.last[subscription] = number
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9009)
    parser.add_argument("--secret-file", type=Path, required=True)
    asked = parser.parse_args()
    Receiver.secrets = asked.secret_file.read_text().split()
    ThreadingHTTPServer(("127.0.0.1", asked.port), Receiver).serve_forever()


if __name__ == "__main__":
    main()
