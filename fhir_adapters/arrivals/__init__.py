"""What arrives otherwise than over FHIR: stored as it came, then read into resources that go the way of FHIR."""
