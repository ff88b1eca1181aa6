-- Timer start events belong to each region. Regions that work here already have taken up what is deployed.
CREATE TABLE region_catalogue (
    region_id     text PRIMARY KEY,
    deployment_id bigint NOT NULL              -- the newest deployment whose timer start events the region has
);
INSERT INTO region_catalogue (region_id, deployment_id)
SELECT r.region_id, coalesce((SELECT max(p.id) FROM deployment p), 0)
  FROM (SELECT region_id FROM organisation UNION SELECT region_id FROM timer_start) AS r;
