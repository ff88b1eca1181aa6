-- A subscription is told of no more than the token that made it might see, whatever its system is registered for.

ALTER TABLE subscription ADD COLUMN scopes text[];    -- of that token; null: made before, those of the registration
