"""What listens, watches and polls for hospital systems that do not speak FHIR."""
