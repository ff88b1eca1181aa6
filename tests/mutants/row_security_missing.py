"""The bug: a table whose policy lets everybody see everything, as after a migration that forgot it."""

from engine.store import connections
from runtime.trials.databases import looking

CAUGHT_BY = "S09"


def plant():
    begin = connections.RegionPool.__init__

    def forgetting(self, pool, region_id, direct=None):
        begin(self, pool, region_id, direct)
        with looking(pool) as owner:
            owner.execute("ALTER POLICY region ON user_task USING (true)")

    connections.RegionPool.__init__ = forgetting
