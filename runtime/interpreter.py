"""How the running Python was built: the same source without optimisation takes half as long again for everything."""

from __future__ import annotations

import platform
import sysconfig
from pathlib import Path

MAPS = Path("/proc/self/maps")


def is_slow_build() -> bool:
    """Neither built with `--enable-optimizations` nor one binary as distributions make it (those are optimised)."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        return False
    try:
        return "/libpython3" in MAPS.read_text(encoding="utf-8")
    except OSError:  # no Linux: not known, so nothing is said
        return False


def described() -> str:
    build = ", built without optimisation" if is_slow_build() else ""
    return f"{platform.python_implementation()} {platform.python_version()}{build}"
