-- The area's maternal and infant safety office (ORG-MSO) is an institution: the last step of the escalation ladder.

ALTER TABLE organisation DROP CONSTRAINT organisation_kind_check;
ALTER TABLE organisation ADD CONSTRAINT organisation_kind_check CHECK (kind IN (
    'county_health', 'county_mch', 'hospital', 'township', 'village', 'ems', 'blood', 'cdc', 'supervision',
    'safety_office'));
