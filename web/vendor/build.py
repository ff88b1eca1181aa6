"""From lockfile to `web/static/vendor/`: two ES modules with one shared chunk, their CSS, an icon font and papers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
TARGET = HERE.parent / "static" / "vendor"
NODE_NEEDED = (20, 19)

STYLES = {  # file written -> style sheets joined, in this order
    "viewer.css": ["bpmn-js/dist/assets/diagram-js.css", "bpmn-js/dist/assets/bpmn-js.css"],
    "designer.css": [
        "bpmn-js/dist/assets/diagram-js.css",
        "bpmn-js/dist/assets/bpmn-js.css",
        "bpmn-js/dist/assets/bpmn-font/css/bpmn.css",
        "@bpmn-io/properties-panel/dist/assets/properties-panel.css",
        "diagram-js-minimap/assets/diagram-js-minimap.css",
    ],
}
FONT = "bpmn-js/dist/assets/bpmn-font/font/bpmn.woff2"
FONT_SOURCES = re.compile(r"(?:\s*src:\s*url\('\.\./font/bpmn\.[^;]*;)+")  # five formats; we ship one


def node_version() -> tuple[int, ...] | None:
    """The node on the path, or None."""
    if shutil.which("node") is None:
        return None
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in answer.strip().lstrip("v").split("."))


def build(target: Path = TARGET) -> list[str]:
    """Install from the lockfile, build, and write `target` anew. Answers the names of the files written."""
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, "ci", "--ignore-scripts", "--silent"], cwd=HERE, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        packages = _bundle(out)
        _styles(out)
        shutil.copyfile(MODULES / FONT, out / "bpmn.woff2")
        (out / "LICENSES.txt").write_text(_licences(packages), encoding="utf-8")
        (out / "MANIFEST.json").write_text(_manifest(packages, out), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(out, target)
    return sorted(path.name for path in target.iterdir())


def _bundle(out: Path) -> list[str]:
    """Run vite; answers the packages whose code is really inside."""
    listing = out.with_name("packages.json")
    environment = os.environ | {"VENDOR_OUT": str(out), "VENDOR_PACKAGES": str(listing)}
    vite = MODULES / "vite" / "bin" / "vite.js"
    subprocess.run(["node", str(vite), "build"], cwd=HERE, env=environment, check=True)
    return json.loads(listing.read_text())


def _styles(out: Path) -> None:
    for name, sources in STYLES.items():
        sheets = [(MODULES / source).read_text(encoding="utf-8").replace('@charset "utf-8";', "") for source in sources]
        text = FONT_SOURCES.sub("\n  src: url('bpmn.woff2') format('woff2');", "\n".join(sheets))
        (out / name).write_text(text, encoding="utf-8")


def _package(name: str) -> dict[str, Any]:
    return json.loads((MODULES / name / "package.json").read_text(encoding="utf-8"))


def _licences(packages: Iterable[str]) -> str:
    parts = []
    for name in packages:
        package = _package(name)
        text = next((path.read_text(encoding="utf-8") for path in sorted((MODULES / name).glob("LICEN[CS]E*"))), "")
        parts.append(f"{name} {package['version']} ({package.get('license', 'see text')})\n\n{text.strip()}\n")
    return ("\n" + "=" * 78 + "\n\n").join(parts)


def _manifest(packages: Iterable[str], out: Path) -> str:
    named = []
    for name in packages:
        package = _package(name)
        licence = package.get("license", "see LICENSES.txt")
        named.append({"package": name, "version": package["version"], "licence": licence})
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}
    return json.dumps({"packages": named, "files": files}, indent=1, ensure_ascii=False) + "\n"
