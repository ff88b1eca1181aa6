-- A referral's document travels with it: both sides keep the same bytes. `came_from` is the institution that sent it; who
-- has no case here has documents nevertheless.
ALTER TABLE fhir_document ALTER COLUMN episode_id DROP NOT NULL, ADD COLUMN referral_no text, ADD COLUMN came_from text;
CREATE INDEX fhir_document_referral_idx ON fhir_document (region_id, referral_no) WHERE referral_no IS NOT NULL;
