-- Two searches read everything there was: the trail of one woman, and diagnoses under a heading of ICD-10 (`code:below`).

CREATE INDEX audit_patients_idx ON audit USING gin ((detail -> 'patients'))
    WHERE (detail -> 'patients') IS NOT NULL;  -- serves audit_events_of_patient

-- Diagnoses are found by how their codes begin: `system|code`, which new ones bring along.
INSERT INTO resource_string (region_id, type, id, param, value)
SELECT DISTINCT r.region_id, r.type, r.id, '~code', (coded ->> 'system') || '|' || (coded ->> 'code')
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 CROSS JOIN LATERAL jsonb_path_query(v.body::jsonb, '$.code.coding[*]') AS coded
 WHERE r.type = 'Condition' AND NOT r.deleted AND coded ->> 'code' IS NOT NULL
   AND coded ->> 'system' IN ('http://hl7.org/fhir/sid/icd-10', 'urn:oid:2.16.156.10011.2.3.3.11');

-- Sheets of institutions' own matters were open to every system of the region: from now on to those of the institutions
-- that the matter is about. `matter/<instance>` stands where a patient's id would.
UPDATE resource r SET patient_id = 'matter/' || t.instance_id
  FROM user_task t
 WHERE t.region_id = r.region_id AND t.id::text = left(r.id, 36) AND t.instance_id IS NOT NULL
   AND r.type IN ('QuestionnaireResponse', 'List', 'Communication') AND r.patient_id IS NULL AND r.engine_owned;
INSERT INTO patient_area (region_id, patient_id, organisation_id)
SELECT DISTINCT t.region_id, 'matter/' || t.instance_id, t.organisation
  FROM user_task t
 WHERE t.organisation <> '' AND EXISTS (
       SELECT FROM resource r WHERE r.region_id = t.region_id AND r.patient_id = 'matter/' || t.instance_id)
ON CONFLICT DO NOTHING;
