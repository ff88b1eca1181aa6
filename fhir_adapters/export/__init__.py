"""Bulk exports (HL7 Bulk Data Access): what may be asked, which women a group holds, how the files are written."""
