"""Uploads CDA documents and says what became of each.

TOKEN=… .venv/bin/python docs/integration/send_cda.py docs/integration/visit.xml
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

BASE = os.environ.get("YUNTU", "http://127.0.0.1:8000")
headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Content-Type": "application/xml"}
understood = True
for path in sys.argv[1:]:
    request = urllib.request.Request(f"{BASE}/api/arrivals/cda", Path(path).read_bytes(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:
        told = json.load(error)
    print(
        path, told.get("state"), *told.get("became", []), *(f"{p['at']}: {p['zh']}" for p in told.get("problems", []))
    )
    understood = understood and told.get("state") == "understood"
sys.exit(not understood)
