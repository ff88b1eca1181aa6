// @ts-check
// Reading and writing one attribute of one extension element, as a single undoable command.

/** @returns {any} the extension element of this type, or undefined */
export function extensionOf(/** @type {any} */ owner, /** @type {string} */ type) {
  return owner?.extensionElements?.values?.find((/** @type {any} */ value) => value.$type === type);
}

/** Set `name` on the extension of `type`; an extension without any value left is taken away. */
export function setExtension(
  /** @type {any} */ { modeling, bpmnFactory },
  /** @type {any} */ element,
  /** @type {any} */ owner,
  /** @type {string} */ type,
  /** @type {string} */ name,
  /** @type {string} */ value,
) {
  const container = owner.extensionElements;
  const values = [...(container?.values ?? [])];
  const old = extensionOf(owner, type);
  const attributes = { ...attributesOf(old), [name]: value || undefined };
  const filled = Object.values(attributes).some((each) => each !== undefined && each !== '');
  const fresh = filled ? [bpmnFactory.create(type, attributes)] : [];
  if (old) values.splice(values.indexOf(old), 1, ...fresh);
  else values.push(...fresh);
  const replacement = bpmnFactory.create('bpmn:ExtensionElements', { values });
  replacement.$parent = owner;
  for (const each of values) each.$parent = replacement;
  modeling.updateModdleProperties(element, owner, { extensionElements: values.length ? replacement : undefined });
}

/** Own attributes of a moddle element, unknown ones included. */
function attributesOf(/** @type {any} */ element) {
  if (!element) return {};
  const known = element.$descriptor.properties.map((/** @type {any} */ p) => p.name.split(':').pop());
  const set = known.filter((/** @type {string} */ name) => Object.hasOwn(element, name));
  return { ...element.$attrs, ...Object.fromEntries(set.map((/** @type {string} */ name) => [name, element[name]])) };
}
