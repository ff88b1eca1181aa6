-- Who was asked to do something for a woman may read her: where she rests after the birth, who is consulted, where a visit
-- is booked, who receives her. New steps record it; this is for the cases that are there.
INSERT INTO patient_area (region_id, patient_id, organisation_id)
SELECT DISTINCT i.region_id, i.variables ->> 'patient_id', asked.organisation
  FROM instance i
 CROSS JOIN LATERAL (VALUES (i.variables ->> 'postpartum_organisation'), (i.variables ->> 'answering_organisation'),
                            (i.variables ->> 'appointment_organisation'), (i.variables ->> 'receiving_organisation'))
            AS asked (organisation)
 WHERE i.status IN ('active', 'suspended') AND asked.organisation <> '' AND i.variables ->> 'patient_id' IS NOT NULL
ON CONFLICT DO NOTHING;
