-- save_resources --
-- Write resources; answers type, id, version and whether anything changed, in the order given.
SELECT resource_type, resource_id, resource_version_no, is_changed
  FROM save_resources(%(region_id)s, %(at)s, %(source)s, %(engine_owned)s, %(resources)s::jsonb)

-- narrow --
-- For the rest of the transaction row-level security shows what the caller may know of, whatever is asked.
SELECT set_config('app.organisations', (%(organisations)s::text[])::text, true),
       set_config('app.viewer', %(viewer)s, true),
       set_config('app.restricted', (%(cleared)s::text[])::text, true)

-- read --
-- The current version of a resource as far as the caller may know of it; deleted ones too, marked.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.type = %(type)s AND r.id = %(id)s
   AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
   AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))

-- read_version --
-- One version of a resource that the caller may know of now.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = %(version)s
 WHERE r.region_id = %(region_id)s AND r.type = %(type)s AND r.id = %(id)s
   AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
   AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))

-- read_traced --
-- The current version of a resource and the trace of the look, for a caller who was believed in this epoch.
SELECT version, updated_at, source, body, meta
  FROM read_resource(%(region_id)s, %(epoch)s, %(at)s, %(type)s, %(id)s, %(actor)s, %(kind)s, %(organisation)s,
                     %(organisations)s, %(cleared)s::text[])

-- history --
-- Versions of one resource, or of a type when id is null, newest first; `before` and `before_id` continue a page.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta, r.patient_id
  FROM resource_version v
  JOIN resource r ON r.region_id = v.region_id AND r.type = v.type AND r.id = v.id
 WHERE v.region_id = %(region_id)s AND v.type = %(type)s AND (%(id)s::text IS NULL OR v.id = %(id)s)
   AND (%(since)s::timestamptz IS NULL OR v.updated_at >= %(since)s)
   AND (%(at_low)s::timestamptz IS NULL OR (v.updated_at <= %(at_high)s AND NOT EXISTS (
        SELECT FROM resource_version w WHERE w.region_id = v.region_id AND w.type = v.type AND w.id = v.id
           AND w.version = v.version + 1 AND w.updated_at <= %(at_low)s)))
   AND (%(about)s::text IS NULL OR r.patient_id = %(about)s)
   AND (%(before)s::timestamptz IS NULL OR (v.updated_at, v.id, v.version) < (%(before)s, %(before_id)s, %(before_version)s))
   AND (r.labels <@ %(cleared)s::text[] OR r.owner = %(viewer)s)
   AND (r.patient_id IS NULL OR r.owner = %(viewer)s OR EXISTS (
        SELECT FROM patient_area a WHERE a.region_id = r.region_id AND a.patient_id = r.patient_id
           AND a.organisation_id = ANY (%(organisations)s::text[])))
 ORDER BY v.updated_at DESC, v.id DESC, v.version DESC
 LIMIT %(limit)s

-- lock --
-- The head of a resource, held until the transaction ends: nobody else writes its next version.
SELECT version, deleted, engine_owned, owner, patient_id, episode_id
  FROM resource WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s FOR UPDATE

-- current --
-- The current version without any question of who asks; for rules and mappings. `IS NOT TRUE`: without statistics
-- `NOT deleted` would be answered from the index of changes, which has that condition.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.type = %(type)s AND r.id = %(id)s AND r.deleted IS NOT TRUE

-- having_tokens --
-- Ids of at most three live resources that have all of these tokens: enough to tell none, one, several. A token says
-- region and type too; the type is written so that no index serves it, or all of the type would be read beside the few.
SELECT r.id FROM resource r
 WHERE r.region_id = %(region_id)s AND r.type || '' = %(type)s AND r.deleted IS NOT TRUE
   AND r.tokens @> %(tokens)s::bigint[]
 ORDER BY r.id LIMIT 3

-- claim_identity --
-- Take an identity for a new resource. No row: somebody has it. A concurrent claim of the same waits here for the other to end.
INSERT INTO resource_identity (region_id, type, system, value, id)
VALUES (%(region_id)s, %(type)s, %(system)s, %(value)s, %(id)s)
ON CONFLICT DO NOTHING RETURNING id

-- holder_of_identity --
-- Which resource holds an identity.
SELECT id FROM resource_identity
 WHERE region_id = %(region_id)s AND type = %(type)s AND system = %(system)s AND value = %(value)s

-- release_identities --
-- A deleted resource gives back its identities.
DELETE FROM resource_identity WHERE region_id = %(region_id)s AND type = %(type)s AND id = %(id)s

-- add_area --
-- These organisations may read this patient from now on.
INSERT INTO patient_area (region_id, patient_id, organisation_id)
SELECT %(region_id)s, %(patient_id)s, o FROM unnest(%(organisations)s::text[]) AS o
ON CONFLICT DO NOTHING

-- share_area --
-- Whoever may read the mother may read her child.
INSERT INTO patient_area (region_id, patient_id, organisation_id)
SELECT region_id, %(child_id)s, organisation_id FROM patient_area
 WHERE region_id = %(region_id)s AND patient_id = %(mother_id)s
ON CONFLICT DO NOTHING

-- record_event --
-- Note that this version caused this event. No row: it had already.
INSERT INTO inbound_event (region_id, type, id, version, event, episode_id, result, at)
VALUES (%(region_id)s, %(type)s, %(id)s, %(version)s, %(event)s, %(episode_id)s, %(result)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING id

-- resources_of_episode --
-- The current resources of a case, by type.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.episode_id = %(episode_id)s AND r.type = ANY (%(types)s::text[]) AND r.deleted IS NOT TRUE

-- resources_of_patient --
-- The current resources of a patient, by type.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type = ANY (%(types)s::text[]) AND r.deleted IS NOT TRUE

-- episodes_of_patient --
-- The pregnancies of a patient. The type stands here: with a list of types the statement is planned with every question.
SELECT v.type, v.id, v.version, v.updated_at, v.deleted, v.source, v.body, v.meta
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = 'EpisodeOfCare' AND v.id = r.id AND v.version = r.version
 WHERE r.region_id = %(region_id)s AND r.patient_id = %(patient_id)s AND r.type = 'EpisodeOfCare' AND r.deleted IS NOT TRUE

-- same_content --
-- A live resource of this sender about this patient that says exactly the same.
SELECT id FROM resource
 WHERE region_id = %(region_id)s AND type = %(type)s AND patient_id = %(patient_id)s AND owner = %(owner)s
   AND content_hash = %(content_hash)s AND NOT deleted
 ORDER BY updated_at LIMIT 1
