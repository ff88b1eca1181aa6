"""What any FHIR R4 server that speaks like ours must do, asked over HTTP: `yuntu fhir check`."""
