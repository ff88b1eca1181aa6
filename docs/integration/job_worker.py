"""A worker for jobs of one type, with nothing but the standard library: job_worker.py URL TOKEN TYPE"""

import json
import sys
import time
import urllib.error
import urllib.request

URL, TOKEN, TYPE = sys.argv[1:4]


def post(path, **body):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/api/jobs{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def do(job):
    """Your own code. It may run twice for one job: let the job's id be the key of whatever it makes elsewhere."""
    return {"number": f"L-{job['variables']['sample']}"}


while True:
    began = time.monotonic()
    for job in post("/activation", type=TYPE, worker="docs", max_jobs=5, lease="PT1M", wait="PT20S")["jobs"]:
        try:
            post(f"/{job['id']}/completion", lease=job["lease"], variables=do(job))
        except urllib.error.HTTPError as lost:
            print(job["id"], lost.code, "another worker has it, or it is done", file=sys.stderr)
        except Exception as error:
            post(f"/{job['id']}/failure", lease=job["lease"], message=str(error))
    time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
