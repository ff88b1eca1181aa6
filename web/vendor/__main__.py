"""`python -m web.vendor`: build the third-party bundle again. Needs node; only whoever upgrades a package does."""

import sys

from web.vendor.build import NODE_NEEDED, TARGET, build, node_version

found = node_version()
if found is None or found < NODE_NEEDED:
    sys.exit(f"node {'.'.join(map(str, NODE_NEEDED))} or newer is needed, found {found}")
for name in build():
    print(TARGET / name)
