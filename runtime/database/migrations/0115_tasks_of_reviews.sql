-- A task or a plan that is there because a death or a near miss is reported and reviewed tells of it: found by those alone
-- who may know, as the sheets of reviews are; and the sheet that closes what a review asked for.
UPDATE resource r SET labels = '{V}'
  FROM resource_version v
 WHERE v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
   AND r.type = 'Task' AND r.engine_owned AND r.labels = '{}'
   AND (v.body ~ '/ActivityDefinition/[^"|]*(death|near-miss|newborn-(facility|county)-review|close-rectification)'
        OR v.body ~ '/Questionnaire/(death-phone|death-report|death-review|near-miss|newborn-death|newborn-death-review|newborn-died|rectification)[|"]');
UPDATE resource r SET labels = '{V}'
  FROM resource_version v
 WHERE v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
   AND r.type = 'CarePlan' AND r.engine_owned AND r.labels = '{}'
   AND v.body ~ '/PlanDefinition/(death-review|near-miss-review|newborn-death-review)[|"]';
UPDATE resource r SET labels = '{V}'
  FROM resource_version v
 WHERE v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
   AND r.type = 'QuestionnaireResponse' AND r.labels = '{}'
   AND v.body ~ '"questionnaire":"[^"]*/Questionnaire/rectification[|"]';
