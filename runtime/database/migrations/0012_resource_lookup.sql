-- An update by key has every index that begins with region and type to choose from, and a young database knows no
-- better than to read this one from its beginning. Every search leaves deleted resources out, no look-up by key does.
DROP INDEX resource_updated_idx;
CREATE INDEX resource_updated_idx ON resource (region_id, type, updated_at, id) WHERE NOT deleted;   -- serves search_page in its own order
