"""HL7 v2.x: messages read by `hl7apy`, made into resources, and answered."""
