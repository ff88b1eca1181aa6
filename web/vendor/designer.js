// Re-exports only: everything the designer page takes from other people. Our own code stays unbundled in static/js.
export { default as BpmnModeler } from 'bpmn-js/lib/Modeler';
export {
  BpmnPropertiesPanelModule,
  BpmnPropertiesProviderModule,
  useService,
} from 'bpmn-js-properties-panel';
export {
  CheckboxEntry,
  SelectEntry,
  TextAreaEntry,
  TextFieldEntry,
  isCheckboxEntryEdited,
  isSelectEntryEdited,
  isTextAreaEntryEdited,
  isTextFieldEntryEdited,
} from '@bpmn-io/properties-panel';
export { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime';
export { default as MinimapModule } from 'diagram-js-minimap';
export { default as zeebeModdle } from 'zeebe-bpmn-moddle/resources/zeebe.json';
export { default as chinese } from 'bpmn-js-i18n/translations/zn.js';
