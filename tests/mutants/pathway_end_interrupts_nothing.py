"""The bug: in the diagram an end that is confirmed interrupts her course no longer: visits go on being asked of her."""

from runtime import start

CAUGHT_BY = "pathway-walks"
BEFORE = b'<bpmn:boundaryEvent id="event_end_confirmed"'


def plant():
    shipped = start.definitions_on_disk

    def wrong(*arguments):
        files = dict(shipped(*arguments))
        diagram = files["pregnancy_journey.bpmn"]
        assert BEFORE in diagram
        files["pregnancy_journey.bpmn"] = diagram.replace(BEFORE, BEFORE + b' cancelActivity="false"')
        return files

    start.definitions_on_disk = wrong
