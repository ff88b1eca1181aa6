-- The visit or stay that a person chose for an app (SMART: launch/encounter). Null where the app did not ask, where she has
-- none, and in every grant of a release that knows of none.
ALTER TABLE app_grant ADD COLUMN encounter_id text;
