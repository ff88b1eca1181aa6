"""The bug: the lane of screening has a role that nobody in the county holds."""

import re

from runtime import start

CAUGHT_BY = "pathway-walks"


def plant():
    shipped = start.definitions_on_disk

    def wrong(*arguments):
        files = dict(shipped(*arguments))
        found, lanes = re.subn(rb'(<yuntu:lane role=")R-MCHW"', rb'\1R-GONE"', files["risk_screening.bpmn"])
        assert lanes
        return files | {"risk_screening.bpmn": found}

    start.definitions_on_disk = wrong
