// The sentences about cases, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { CaseEventKind, CaseOutcome } from '../../../protocols/domain/case.ts'
import { caseStateWords, stepWords } from '../../../protocols/desk/case-words.ts'
import type { CaseStep } from '../../../protocols/domain/step-limits.ts'

export { caseStateWords, stepWords }
export { titleOf } from '../../../protocols/desk/case-words.ts'

export const deadlineWords: Record<CaseStep, BilingualText> = {
  ...stepWords,
  progress: { zh: '最近反馈', en: 'Latest news' },
}

export const outcomeWords: Record<CaseOutcome, BilingualText> = {
  real: { zh: '属实', en: 'it was real' },
  'false-alarm': { zh: '误报', en: 'false alarm' },
  test: { zh: '测试', en: 'a test' },
  'no-access': { zh: '无法进入', en: 'no access to the house' },
  'no-action-needed': { zh: '无需处置', en: 'nothing to be done' },
}

export const eventWords: Record<CaseEventKind, BilingualText> = {
  opened: { zh: '建案', en: 'opened' },
  'alarm-joined': { zh: '报警并入', en: 'an alarm joined' },
  'alarm-changed': { zh: '报警变化', en: 'an alarm changed' },
  'alarm-ended': { zh: '报警结束', en: 'an alarm ended' },
  claimed: { zh: '打开查看', en: 'looked at' },
  accepted: { zh: '接警', en: 'accepted' },
  released: { zh: '放回队列', en: 'given back' },
  redistributed: { zh: '转回队列', en: 'back in the queue' },
  'taken-over': { zh: '接班', en: 'taken over at the change of shift' },
  reported: { zh: '上报', en: 'reported upward' },
  'report-answered': { zh: '上级答复', en: 'answered from above' },
  dispatched: { zh: '派遣', en: 'dispatched' },
  arrived: { zh: '到达现场', en: 'arrived' },
  'dispatch-refused': { zh: '无法前往', en: 'can not go' },
  feedback: { zh: '现场反馈', en: 'feedback' },
  verified: { zh: '核查通过', en: 'verified' },
  'sent-back': { zh: '核查退回', en: 'sent back' },
  archived: { zh: '归档', en: 'archived' },
  reopened: { zh: '无人推进，重新待接警', en: 'no progress: open again' },
  merged: { zh: '并案', en: 'merged' },
  split: { zh: '拆案', en: 'split' },
  note: { zh: '备注', en: 'note' },
  attachment: { zh: '附件', en: 'attachment' },
  'action-done': { zh: '完成事项', en: 'action done' },
  'plan-step': { zh: '预案步骤', en: 'step of a plan' },
  called: { zh: '通话', en: 'called' },
  'on-test': { zh: '测试中', en: 'on test' },
  'pre-cancelled': { zh: '当事人称误报', en: 'called a mistake' },
  'handed-over': { zh: '移交', en: 'handed over' },
  'taken-back': { zh: '收回', en: 'taken back' },
  instructed: { zh: '下达指示', en: 'instructed' },
  'deadline-amber': { zh: '时限将到', en: 'time runs out' },
  'deadline-red': { zh: '已超时限', en: 'overdue' },
  'supervisor-called': { zh: '已通知主管', en: 'supervisor called' },
}

/** Words that the centre writes into a history as the text of an entry. */
export const historyWords = {
  again: { zh: '再次', en: 'again' },
  rule: { zh: '按规则', en: 'by rule' },
  silent: { zh: '无应答', en: 'silent' },
  'signed out': { zh: '已退出登录', en: 'signed out' },
  timetable: { zh: '按时间表', en: 'by the timetable' },
  from: { zh: '并自', en: 'from' },
  into: { zh: '并入', en: 'into' },
} satisfies Record<string, BilingualText>

export const caseWords = {
  title: { zh: '案件', en: 'Case' },
  cases: { zh: '处理中的案件', en: 'Open cases' },
  none: { zh: '没有处理中的案件。', en: 'No case is open.' },
  noCase: { zh: '这条报警还没有案件。', en: 'This alarm has no case yet.' },
  more: { zh: '只列出最紧急的 {count} 件', en: 'the {count} most urgent {count|is|are} listed' },
  claimedBy: { zh: '{who} 正在处理本案', en: '{who} works on it now' },
  typing: { zh: '{who} 正在输入：', en: '{who} writes: ' },
  holder: { zh: '处理人 {who}', en: 'held by {who}' },
  waitsFor: { zh: '等待：', en: 'Next:' },
  semicolon: { zh: '；', en: '; ' },
  handledBefore: {
    zh: '近七天同类已处置 {count} 件，上一件 {last}：{outcome}',
    en: '{count} of the same handled in the last seven days; the last one, {last}: {outcome}',
  },
  handedTo: { zh: '已移交 {to}', en: 'handed over to {to}' },
  steps: { zh: '六个步骤', en: 'The six steps' },
  done: { zh: '已完成', en: 'done' },
  left: { zh: '剩 {time}', en: '{time} left' },
  overdue: { zh: '超时 {time}', en: '{time} overdue' },
  release: { zh: '放回队列', en: 'Give it back' },
  to: { zh: '派谁（逗号分隔）', en: 'Who goes (commas between names)' },
  reportTo: { zh: '上报给', en: 'To whom' },
  text: { zh: '说明', en: 'In words' },
  outcome: { zh: '结果', en: 'What it was' },
  sendBack: { zh: '退回', en: 'Send back' },
  send: { zh: '提交', en: 'Send' },
  cancel: { zh: '取消', en: 'Cancel' },
  actions: { zh: '处置要求', en: 'What has to be done' },
  required: { zh: '必做', en: 'required' },
  yes: { zh: '是', en: 'Yes' },
  no: { zh: '否', en: 'No' },
  doIt: { zh: '完成', en: 'Done' },
  doneBy: { zh: '{who} {time} 完成', en: 'done by {who}, {time}' },
  plans: { zh: '预案', en: 'Plans' },
  startPlan: { zh: '启动预案：{name}', en: 'Start plan: {name}' },
  surePlan: { zh: '启动“{name}”的全部步骤？', en: 'Start every step of “{name}”?' },
  note: { zh: '备注', en: 'Note' },
  addNote: { zh: '写入备注', en: 'Write it down' },
  history: { zh: '经过', en: 'History' },
  onTest: { zh: '测试中', en: 'on test' },
  preCancelled: { zh: '当事人称误报', en: 'called a mistake by the household' },
  openActions: { zh: '{count} 项必做未完成', en: '{count} required to do' },
  back: { zh: '← 返回案件列表', en: '← Back to the cases' },
} satisfies Record<string, BilingualText>
