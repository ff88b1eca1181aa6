// @ts-check
// Our own extension elements (namespace urn:yuntu:bpmn:1): only what the dialect of Camunda 8 lacks.

const attribute = (/** @type {string} */ name) => ({ name, type: 'String', isAttr: true });
const element = (/** @type {string} */ name, /** @type {string[]} */ ...attributes) => ({
  name,
  superClass: ['Element'],
  properties: attributes.map(attribute),
});

export const yuntuModdle = {
  name: 'Yuntu',
  uri: 'urn:yuntu:bpmn:1',
  prefix: 'yuntu',
  xml: { tagAlias: 'lowerCase' },
  types: [
    element('Lane', 'role', 'organisation'),
    element('Assignment', 'organisation'),
    element('Window', 'until'),
    element('Clock', 'id'),
    element('Misfire', 'policy'),
  ],
};
