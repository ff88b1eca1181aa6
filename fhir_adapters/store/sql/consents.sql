-- withdraw_area --
-- These organisations may no longer read this patient; what they wrote themselves stays theirs to read.
DELETE FROM patient_area
 WHERE region_id = %(region_id)s AND patient_id = %(patient_id)s AND organisation_id = ANY (%(organisations)s::text[]);
