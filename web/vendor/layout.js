// Re-exports only: a drawing for a file that has none. Fetched when such a file is opened, and only then.
export { layoutProcess } from 'bpmn-auto-layout';
