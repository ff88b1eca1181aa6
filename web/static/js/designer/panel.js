// @ts-check
// Our groups in the properties panel: fields of the table, the condition of a flow, the key of a message.
import {
  SelectEntry,
  TextAreaEntry,
  TextFieldEntry,
  isSelectEntryEdited,
  isTextAreaEntryEdited,
  isTextFieldEntryEdited,
  useService,
} from '../../vendor/designer.mjs';
import { extensionOf, setExtension } from './extensions.js';
import { GROUPS } from './fields.js';

const owns = (/** @type {any} */ element, /** @type {string[]} */ types) => types.some((type) => element.businessObject?.$instanceOf?.(type));

/** A field of `fields.js`; `owner` finds the model object that carries the extension. */
function Field(/** @type {any} */ { element, id, field, owner, choices }) {
  const tools = { modeling: useService('modeling'), bpmnFactory: useService('bpmnFactory') };
  const translate = useService('translate');
  const debounce = useService('debounceInput');
  const target = owner(element);
  const common = {
    element,
    id,
    label: translate(field.label),
    description: field.hint ? translate(field.hint) : undefined,
    debounce,
    getValue: () => String(extensionOf(target, field.in)?.[field.at] ?? ''),
    setValue: (/** @type {string} */ value) => setExtension(tools, element, target, field.in, field.at, value),
  };
  if (field.choose) return SelectEntry({ ...common, getOptions: () => options(field.choose, choices, common.getValue(), translate) });
  return field.long ? TextAreaEntry({ ...common, monospace: true, autoResize: true }) : TextFieldEntry(common);
}

function options(/** @type {any} */ choose, /** @type {any} */ choices, /** @type {string} */ chosen, /** @type {any} */ translate) {
  const offered = typeof choose === 'string' ? choices[choose] : choose;
  const listed = Object.entries(offered).map(([value, label]) => ({
    value,
    label: typeof choose === 'string' ? `${label} (${value})` : translate(value || '<none>'),
  }));
  const none = typeof choose === 'string' ? [{ value: '', label: translate('<none>') }] : [];
  const foreign = chosen && !(chosen in offered) ? [{ value: chosen, label: chosen }] : [];
  return [...none, ...listed, ...foreign];
}

function Condition(/** @type {any} */ { element, id }) {
  const modeling = useService('modeling');
  const bpmnFactory = useService('bpmnFactory');
  const translate = useService('translate');
  return TextAreaEntry({
    element,
    id,
    label: translate('Condition (FEEL)'),
    description: translate('e.g. colour = "red" or purple'),
    monospace: true,
    autoResize: true,
    debounce: useService('debounceInput'),
    getValue: () => element.businessObject.conditionExpression?.body ?? '',
    setValue: (/** @type {string} */ body) =>
      modeling.updateProperties(element, {
        conditionExpression: body ? bpmnFactory.create('bpmn:FormalExpression', { body }) : undefined,
      }),
  });
}

const messageOf = (/** @type {any} */ element) => {
  const own = element.businessObject;
  return own?.messageRef ?? own?.eventDefinitions?.find((/** @type {any} */ each) => each.messageRef)?.messageRef;
};

const CORRELATION = { label: 'Correlation key', in: 'zeebe:Subscription', at: 'correlationKey', hint: 'FEEL, e.g. =pregnancy_id' };

const isConditional = (/** @type {any} */ element) =>
  owns(element, ['bpmn:SequenceFlow']) && owns(element.source ?? {}, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway', 'bpmn:Activity']);

export class YuntuPanel {
  static $inject = ['propertiesPanel', 'translate', 'config.choices'];

  constructor(/** @type {any} */ propertiesPanel, /** @type {any} */ translate, /** @type {any} */ choices) {
    this.translate = translate;
    this.choices = choices;
    propertiesPanel.registerProvider(400, this);
  }

  getGroups(/** @type {any} */ element) {
    return (/** @type {any[]} */ groups) => {
      const own = GROUPS.filter((group) => owns(element, group.on)).map((group) => this.group(group));
      if (isConditional(element)) own.push(this.wrap('condition', 'Condition', [{ id: 'condition', component: Condition, isEdited: isTextAreaEntryEdited }]));
      if (messageOf(element)) this.addTo(groups, 'message', this.entry('correlation', CORRELATION, messageOf));
      const first = groups.findIndex((group) => group.id === 'general') + 1;
      return [...groups.slice(0, first), ...own, ...groups.slice(first)];
    };
  }

  group(/** @type {any} */ { id, label, fields }) {
    return this.wrap(id, label, fields.map((/** @type {any} */ field) => this.entry(field.id, field, (/** @type {any} */ e) => e.businessObject)));
  }

  wrap(/** @type {string} */ id, /** @type {string} */ label, /** @type {any[]} */ entries) {
    return { id: `yuntu-${id}`, label: this.translate(label), entries, shouldOpen: true };
  }

  entry(/** @type {string} */ id, /** @type {any} */ field, /** @type {any} */ owner) {
    const isEdited = field.choose ? isSelectEntryEdited : field.long ? isTextAreaEntryEdited : isTextFieldEntryEdited;
    return { id: `yuntu-${id}`, component: Field, isEdited, field, owner, choices: this.choices };
  }

  addTo(/** @type {any[]} */ groups, /** @type {string} */ id, /** @type {any} */ entry) {
    groups.find((group) => group.id === id)?.entries.push(entry);
  }
}

export const YuntuPanelModule = { __init__: ['yuntuPanel'], yuntuPanel: ['type', YuntuPanel] };
