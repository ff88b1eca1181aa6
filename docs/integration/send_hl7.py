"""Sends HL7 v2 files over MLLP and says what came back. Keep a message until it has its answer; then send it again.

.venv/bin/python docs/integration/send_hl7.py 127.0.0.1:2575 docs/integration/result.hl7
"""

import socket
import sys
from pathlib import Path

BEGIN, END = b"\x0b", b"\x1c\x0d"
host, _, port = sys.argv[1].rpartition(":")
accepted = True
with socket.create_connection((host, int(port)), timeout=60) as sock:
    for path in sys.argv[2:]:
        segments = Path(path).read_text(encoding="utf-8").split("\n")
        sock.sendall(BEGIN + "\r".join(segments).encode() + END)
        answer = b""
        while END not in answer:
            chunk = sock.recv(65536)
            if not chunk:
                sys.exit(f"{path}: no answer, send it again")
            answer += chunk
        text = answer.strip(BEGIN + END).decode()
        print(path, text.replace("\r", "\n"))
        accepted = accepted and "\rMSA|AA|" in text
sys.exit(not accepted)
