-- A task that is there because a woman has an infection tells of it: found by those alone who may know, as on the pages.
UPDATE resource r SET labels = '{R}'
  FROM user_task t
 WHERE t.region_id = r.region_id AND t.id::text = r.id AND r.type = 'Task' AND r.engine_owned AND r.labels = '{}'
   AND (t.element_id LIKE '%pmtct%' OR t.element_id LIKE '%infect%');
