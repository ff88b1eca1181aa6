"""Diagrams as they are drawn: what stands where on which plane, whether that is easy to read, and a picture of it."""

from workflows.drawings.picture import picture
from workflows.drawings.planes import Edge, Label, Plane, Shape, planes

__all__ = ["Edge", "Label", "Plane", "Shape", "picture", "planes"]
