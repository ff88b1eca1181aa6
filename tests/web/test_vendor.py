"""The vendored bundle is what its lockfile makes, byte for byte."""

from __future__ import annotations

import json

import pytest

from web.vendor.build import NODE_NEEDED, TARGET, build, node_version

found = node_version()


@pytest.mark.slow
@pytest.mark.skipif(found is None or found < NODE_NEEDED, reason="only whoever upgrades the bundle needs node")
def test_building_the_bundle_again_gives_the_same_files(tmp_path):
    build(tmp_path / "vendor")

    rebuilt = json.loads((tmp_path / "vendor" / "MANIFEST.json").read_text())
    assert rebuilt == json.loads((TARGET / "MANIFEST.json").read_text())
