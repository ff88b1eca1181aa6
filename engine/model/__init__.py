"""BPMN files as a model that executes: read, checked, refused where it cannot."""

from engine.model.elements import Content, Element, Kind, Model, ProcessModel, SequenceFlow
from engine.model.reader import read_bpmn

__all__ = ["Content", "Element", "Kind", "Model", "ProcessModel", "SequenceFlow", "read_bpmn"]
