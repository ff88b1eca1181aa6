-- FHIR resources: one head row each, every version's text beside it, and what searches need to find them.

CREATE TABLE resource (
    region_id    text NOT NULL,
    type         text NOT NULL,
    id           text NOT NULL CHECK (id ~ '^[A-Za-z0-9.-]{1,64}$'),
    version      integer NOT NULL CHECK (version >= 1),      -- gapless from one
    updated_at   timestamptz NOT NULL,
    deleted      boolean NOT NULL DEFAULT false,
    engine_owned boolean NOT NULL,                           -- written by the projection; a write from outside is a command
    source       text NOT NULL,                              -- the client or account that wrote it last, 'engine' for ours
    owner        text NOT NULL,                              -- who created it: the only one who may change it
    content_hash text NOT NULL,                              -- of body and labels: the same again makes no version
    patient_id   text,
    episode_id   text,
    labels       text[] NOT NULL DEFAULT '{}',               -- confidentiality: {R}, {V} or none
    tokens       bigint[] NOT NULL DEFAULT '{}',             -- hashes of region, type, parameter and value
    PRIMARY KEY (region_id, type, id)
);
CREATE INDEX resource_updated_idx ON resource (region_id, type, updated_at, id);   -- serves search_page in its own order
CREATE INDEX resource_token_idx ON resource USING gin (tokens);                     -- serves every token and reference parameter
CREATE INDEX resource_episode_idx ON resource (region_id, episode_id, type) WHERE episode_id IS NOT NULL;  -- serves facts_of_episode
CREATE INDEX resource_patient_idx ON resource (region_id, patient_id, type) WHERE patient_id IS NOT NULL;  -- serves episodes_of_patient

CREATE TABLE resource_version (
    region_id  text NOT NULL,
    type       text NOT NULL,
    id         text NOT NULL,
    version    integer NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted    boolean NOT NULL,
    source     text NOT NULL,
    body       text NOT NULL,      -- the resource as it was sent, without resourceType, id and meta
    meta       text NOT NULL,      -- meta without versionId and lastUpdated
    PRIMARY KEY (region_id, type, id, version)
);
CREATE INDEX resource_version_type_idx ON resource_version (region_id, type, updated_at, id, version);  -- serves type_history

CREATE TABLE resource_date (
    region_id text NOT NULL,
    type      text NOT NULL,
    id        text NOT NULL,
    param     text NOT NULL,
    low       timestamptz NOT NULL,      -- the interval that the stored precision covers; infinite where open
    high      timestamptz NOT NULL
);
CREATE INDEX resource_date_idx ON resource_date (region_id, type, param, low, id);     -- serves date parameters
CREATE INDEX resource_date_of_idx ON resource_date (region_id, type, id, param);       -- serves save_resources and _sort

CREATE TABLE resource_string (
    region_id text NOT NULL,
    type      text NOT NULL,
    id        text NOT NULL,
    param     text NOT NULL,
    value     text NOT NULL              -- case folded
);
CREATE INDEX resource_string_idx ON resource_string (region_id, type, param, value text_pattern_ops);  -- serves string parameters
CREATE INDEX resource_string_of_idx ON resource_string (region_id, type, id);                          -- serves save_resources

CREATE TABLE resource_identity (
    region_id text NOT NULL,
    type      text NOT NULL,
    system    text NOT NULL,             -- normalised
    value     text NOT NULL,             -- trimmed, upper case
    id        text NOT NULL,
    PRIMARY KEY (region_id, type, system, value)   -- makes conditional create safe: who inserts first creates
);
CREATE INDEX resource_identity_of_idx ON resource_identity (region_id, type, id);      -- serves release_identities

CREATE TABLE patient_area (
    region_id       text NOT NULL,
    patient_id      text NOT NULL,
    organisation_id text NOT NULL,       -- treats her, manages her or brought her in: may read her
    PRIMARY KEY (region_id, patient_id, organisation_id)
);

CREATE TABLE inbound_event (
    region_id  text NOT NULL,
    type       text NOT NULL,
    id         text NOT NULL,
    version    integer NOT NULL,
    event      text NOT NULL,            -- the engine message or command this version caused
    episode_id text,
    result     text NOT NULL,            -- case | lead | none | inbox
    at         timestamptz NOT NULL,
    PRIMARY KEY (region_id, type, id, version, event)   -- exactly once per version
);

CREATE FUNCTION save_resources(
    p_region text, p_at timestamptz, p_source text, p_engine_owned boolean,
    p_types text[], p_ids text[], p_bodies text[], p_metas text[], p_hashes text[], p_deleted boolean[],
    p_patients text[], p_episodes text[], p_labels text[], p_tokens text[],
    d_index integer[], d_params text[], d_lows timestamptz[], d_highs timestamptz[],
    s_index integer[], s_params text[], s_values text[]
) RETURNS TABLE (resource_type text, resource_id text, resource_version_no integer, is_changed boolean)
LANGUAGE sql SET plan_cache_mode = 'force_generic_plan' AS $$   -- planning it anew would cost more than running it
-- Writes all resources of one step. Unchanged content keeps its version; a change makes the next one, its text and its index rows.
WITH given AS MATERIALIZED (
    SELECT g.type, g.id, g.body, g.meta, g.hash, g.deleted, g.patient_id, g.episode_id,
           g.labels::text[] AS labels, g.tokens::bigint[] AS tokens, g.n::integer AS n
      FROM unnest(p_types, p_ids, p_bodies, p_metas, p_hashes, p_deleted, p_patients, p_episodes, p_labels, p_tokens)
           WITH ORDINALITY AS g (type, id, body, meta, hash, deleted, patient_id, episode_id, labels, tokens, n)
), saved AS (
    INSERT INTO resource AS r (region_id, type, id, version, updated_at, deleted, engine_owned, source, owner,
                               content_hash, patient_id, episode_id, labels, tokens)
    SELECT p_region, g.type, g.id, 1, p_at, g.deleted, p_engine_owned, p_source, p_source,
           g.hash, g.patient_id, g.episode_id, g.labels, g.tokens
      FROM given g ORDER BY g.type, g.id                      -- one order of locks for everybody
    ON CONFLICT (region_id, type, id) DO UPDATE
       SET version = r.version + 1, updated_at = excluded.updated_at, deleted = excluded.deleted, source = excluded.source,
           content_hash = excluded.content_hash, patient_id = excluded.patient_id, episode_id = excluded.episode_id,
           labels = excluded.labels, tokens = excluded.tokens
     WHERE (r.content_hash <> excluded.content_hash OR r.deleted <> excluded.deleted)
       AND NOT (r.type = 'Patient' AND excluded.engine_owned AND NOT r.engine_owned)   -- a form does not rewrite a hospital's patient
    RETURNING r.type, r.id, r.version
), kept AS (
    INSERT INTO resource_version (region_id, type, id, version, updated_at, deleted, source, body, meta)
    SELECT p_region, s.type, s.id, s.version, p_at, g.deleted, p_source, g.body, g.meta
      FROM saved s JOIN given g ON g.type = s.type AND g.id = s.id
), dates AS MATERIALIZED (
    SELECT s.type, s.id, d.param, d.low, d.high
      FROM unnest(d_index, d_params, d_lows, d_highs) AS d (n, param, low, high)
      JOIN given g ON g.n = d.n JOIN saved s ON s.type = g.type AND s.id = g.id
), dates_gone AS (
    DELETE FROM resource_date o USING saved s
     WHERE o.region_id = p_region AND o.type = s.type AND o.id = s.id AND s.version > 1
       AND NOT EXISTS (SELECT FROM dates d WHERE d.type = o.type AND d.id = o.id AND d.param = o.param
                          AND d.low = o.low AND d.high = o.high)
), dates_new AS (
    INSERT INTO resource_date (region_id, type, id, param, low, high)
    SELECT p_region, d.type, d.id, d.param, d.low, d.high FROM dates d
     WHERE NOT EXISTS (SELECT FROM resource_date o WHERE o.region_id = p_region AND o.type = d.type AND o.id = d.id
                          AND o.param = d.param AND o.low = d.low AND o.high = d.high)
), strings AS MATERIALIZED (
    SELECT s.type, s.id, v.param, v.value
      FROM unnest(s_index, s_params, s_values) AS v (n, param, value)
      JOIN given g ON g.n = v.n JOIN saved s ON s.type = g.type AND s.id = g.id
), strings_gone AS (
    DELETE FROM resource_string o USING saved s
     WHERE o.region_id = p_region AND o.type = s.type AND o.id = s.id AND s.version > 1
       AND NOT EXISTS (SELECT FROM strings v WHERE v.type = o.type AND v.id = o.id AND v.param = o.param AND v.value = o.value)
), strings_new AS (
    INSERT INTO resource_string (region_id, type, id, param, value)
    SELECT p_region, v.type, v.id, v.param, v.value FROM strings v
     WHERE NOT EXISTS (SELECT FROM resource_string o WHERE o.region_id = p_region AND o.type = v.type AND o.id = v.id
                          AND o.param = v.param AND o.value = v.value)
)
SELECT g.type, g.id, coalesce(s.version, r.version), s.version IS NOT NULL
  FROM given g
  LEFT JOIN saved s ON s.type = g.type AND s.id = g.id
  LEFT JOIN resource r ON r.region_id = p_region AND r.type = g.type AND r.id = g.id
 ORDER BY g.n
$$;
