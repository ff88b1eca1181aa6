"""What a hospital's engineer needs of the demonstration county, said at its start: one system that is registered and
ready, where its key is, and commands that work as they are printed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from runtime.demo.cohort import HOSPITAL_SYSTEM
from runtime.demo.county import KEY_FILE
from runtime.settings import Settings

GUIDE = "docs/integration/README.md"


def lines(settings: Settings) -> Iterator[str]:
    """Nothing where the county has no system, as one that was loaded from elsewhere."""
    key = settings.home / KEY_FILE
    if not key.exists():
        return
    yuntu, base = _near(Path(sys.argv[0])), settings.base_url or settings.address
    yield f"医院系统（已登记） / a hospital system, registered: {HOSPITAL_SYSTEM}  {_near(key)}"
    yield f"  TOKEN=$({yuntu} token --client {HOSPITAL_SYSTEM})"
    yield f'  curl -s "{base}/fhir/Task?status=ready&_count=2&_pretty=true" -H "Authorization: Bearer $TOKEN"'
    yield f"  {GUIDE}"


def _near(path: Path) -> str:
    """As one types it where one stands."""
    path, here = Path(path).absolute(), Path.cwd()
    return shlex.quote(str(path.relative_to(here)) if path.is_relative_to(here) else str(path))
