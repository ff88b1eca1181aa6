// Re-exports only: the read-only diagram.
export { default as BpmnViewer } from 'bpmn-js/lib/NavigatedViewer';
export { default as zeebeModdle } from 'zeebe-bpmn-moddle/resources/zeebe.json';
