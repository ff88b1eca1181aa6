"""CDA R2 documents of WS/T 483 and WS/T 500 about a pregnancy: read safely, their entries made into resources."""
