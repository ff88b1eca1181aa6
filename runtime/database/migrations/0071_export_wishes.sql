-- An export of a part: until when, which resources of a type, which elements, which women.
ALTER TABLE export_job
    ADD COLUMN until    timestamptz,                     -- only what was last changed before
    ADD COLUMN filters  text[] NOT NULL DEFAULT '{}',    -- `Type?search`: of a type that has some, what meets one of them
    ADD COLUMN elements text[] NOT NULL DEFAULT '{}',    -- of a resource these alone, and what it must have
    ADD COLUMN patients text[];                          -- these women alone; NULL: all
