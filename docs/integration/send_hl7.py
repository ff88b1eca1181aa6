"""Sends HL7 v2 files over MLLP and says what came back. Keep a message until it has its answer; then send it again.

.venv/bin/python docs/integration/send_hl7.py 127.0.0.1:2575 docs/integration/result.hl7

A message that asks for it (MSH-15, MSH-16) has two answers: that it is stored (CA), then what became of it (AA).
"""

import socket
import sys
from pathlib import Path

BEGIN, END = b"\x0b", b"\x1c\x0d"
NO = ("", "NE")


def last_of(header: list[str]) -> tuple[str, ...]:
    """The codes after which nothing more is to come, by what the message asks for."""
    accept, applied = header[14] if len(header) > 14 else "", header[15] if len(header) > 15 else ""
    is_enhanced = bool(accept or applied)
    return ("CA", "CE", "CR") if is_enhanced and applied in NO else ("AA", "AE", "AR", "CE", "CR")


host, _, port = sys.argv[1].rpartition(":")
accepted, held = True, b""
with socket.create_connection((host, int(port)), timeout=60) as sock:
    for path in sys.argv[2:]:
        segments = Path(path).read_text(encoding="utf-8").split("\n")
        sock.sendall(BEGIN + "\r".join(segments).encode() + END)
        code, last = "", last_of(segments[0].split("|"))
        while code not in last:
            while END not in held:
                chunk = sock.recv(65536)
                if not chunk:
                    sys.exit(f"{path}: no answer, send it again")
                held += chunk
            answer, _, held = held.partition(END)
            text = answer.strip(BEGIN).decode()
            print(path, text.replace("\r", "\n"))
            code = next(line for line in text.split("\r") if line.startswith("MSA")).split("|")[1]
        accepted = accepted and code in ("AA", "CA")
sys.exit(not accepted)
