// @ts-check
// What the panel offers beside the plain BPMN groups: only what our engine runs, one row per field.
// `on`: element types; `in`: the extension element; `at`: its attribute; `choose`: a list of the page, or fixed values.

const BINDING = { '': '', latest: 'latest', deployment: 'deployment', versionTag: 'versionTag' };
const JOBS = ['bpmn:ServiceTask', 'bpmn:SendTask'];

export const GROUPS = [
  {
    id: 'work',
    label: 'Work on it',
    on: ['bpmn:UserTask'],
    fields: [
      { id: 'form', label: 'Form', in: 'zeebe:FormDefinition', at: 'formId', choose: 'forms' },
      { id: 'formBinding', label: 'Form version', in: 'zeebe:FormDefinition', at: 'bindingType', choose: BINDING },
      { id: 'roles', label: 'Roles', in: 'zeebe:AssignmentDefinition', at: 'candidateGroups', hint: 'R-MCHW,R-MIDW or =FEEL; empty: the lane' },
      { id: 'organisation', label: 'Organisation', in: 'yuntu:Assignment', at: 'organisation', hint: 'FEEL, e.g. =home_organisation; empty: the lane' },
      { id: 'priority', label: 'Priority', in: 'zeebe:PriorityDefinition', at: 'priority', hint: '0 to 100, 50 when empty' },
    ],
  },
  {
    id: 'window',
    label: 'Window',
    on: ['bpmn:UserTask'],
    fields: [
      { id: 'from', label: 'From', in: 'zeebe:TaskSchedule', at: 'followUpDate', hint: 'date or =FEEL' },
      { id: 'due', label: 'Due', in: 'zeebe:TaskSchedule', at: 'dueDate', hint: 'date or =FEEL' },
      { id: 'until', label: 'Until', in: 'yuntu:Window', at: 'until', hint: 'date or =FEEL' },
      { id: 'clock', label: 'Clock', in: 'yuntu:Clock', at: 'id', hint: 'T-xx of the catalogue of deadlines' },
    ],
  },
  {
    id: 'lane',
    label: 'Who works here',
    on: ['bpmn:Lane'],
    fields: [
      { id: 'laneRole', label: 'Role', in: 'yuntu:Lane', at: 'role', hint: 'R-MCHW …' },
      { id: 'laneOrganisation', label: 'Organisation', in: 'yuntu:Lane', at: 'organisation', hint: 'FEEL, e.g. =home_organisation' },
    ],
  },
  {
    id: 'decision',
    label: 'Decision',
    on: ['bpmn:BusinessRuleTask'],
    fields: [
      { id: 'decisionId', label: 'Decision table', in: 'zeebe:CalledDecision', at: 'decisionId', choose: 'decisions' },
      { id: 'decisionResult', label: 'Result variable', in: 'zeebe:CalledDecision', at: 'resultVariable' },
      { id: 'decisionBinding', label: 'Version', in: 'zeebe:CalledDecision', at: 'bindingType', choose: BINDING },
    ],
  },
  {
    id: 'called',
    label: 'Called process',
    on: ['bpmn:CallActivity'],
    fields: [
      { id: 'processId', label: 'Process', in: 'zeebe:CalledElement', at: 'processId', choose: 'processes' },
      { id: 'processBinding', label: 'Version', in: 'zeebe:CalledElement', at: 'bindingType', choose: BINDING },
    ],
  },
  {
    id: 'job',
    label: 'Service',
    on: JOBS,
    fields: [
      { id: 'jobType', label: 'Service type', in: 'zeebe:TaskDefinition', at: 'type' },
      { id: 'retries', label: 'Retries', in: 'zeebe:TaskDefinition', at: 'retries' },
    ],
  },
  {
    id: 'script',
    label: 'FEEL',
    on: ['bpmn:ScriptTask'],
    fields: [
      { id: 'expression', label: 'Expression', in: 'zeebe:Script', at: 'expression', long: true },
      { id: 'scriptResult', label: 'Result variable', in: 'zeebe:Script', at: 'resultVariable' },
    ],
  },
];
