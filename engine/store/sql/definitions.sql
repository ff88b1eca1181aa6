-- read_catalogue_number --
-- Grows with every deployment, and when a version is suspended or activated: a process that knows this number knows
-- every definition.
SELECT coalesce(max(p.id), 0) FROM deployment p

-- read_catalogue --
SELECT d.kind, d.key, d.version, d.version_tag, d.sha256, d.deployment_id,
       d.kind = 'process' AND EXISTS (SELECT FROM definition_suspension s WHERE s.key = d.key AND s.version = d.version)
  FROM definition d ORDER BY d.kind, d.key, d.version

-- read_source --
SELECT d.source FROM definition d WHERE d.kind = %(kind)s AND d.key = %(key)s AND d.version = %(version)s

-- hold_deployment_lock --
-- One deployment at a time, so that versions are numbered without gaps.
LOCK TABLE deployment IN SHARE ROW EXCLUSIVE MODE

-- insert_deployment --
INSERT INTO deployment (deployed_at, deployed_by) VALUES (%(now)s, %(by)s) RETURNING id

-- insert_definition --
INSERT INTO definition (kind, key, version, name, version_tag, resource, sha256, source, warnings, deployment_id)
VALUES (%(kind)s, %(key)s, %(version)s, %(name)s, %(version_tag)s, %(resource)s, %(sha256)s, %(source)s, %(warnings)s,
        %(deployment_id)s)

-- forget_message_starts --
DELETE FROM message_start WHERE definition_key = %(key)s

-- insert_message_start --
INSERT INTO message_start (name, definition_key, element_id) VALUES (%(name)s, %(key)s, %(element_id)s)
