"""Where FHIR resources are kept: the only place of this room where SQL is sent."""
