-- patients_of_cases --
-- Of whom each case is.
SELECT r.id, r.patient_id FROM resource r
 WHERE r.region_id = %(region_id)s AND r.type = 'EpisodeOfCare' AND r.id = ANY(%(ids)s::text[]) AND r.patient_id IS NOT NULL
   AND NOT r.deleted
