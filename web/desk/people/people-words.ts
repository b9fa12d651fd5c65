// The sentences about people who can be sent, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { Consent, NearReason, RosterRole } from '../../../protocols/desk/roster.ts'

export const peopleWords = {
  roster: { zh: '值班名册', en: 'Duty roster' },
  hint: {
    zh: '只登记派人所需的内容；到期自动删除；每次查看电话都会留痕。',
    en: 'Only what is needed to send somebody. Entries delete themselves after their term; each look at a number is kept.',
  },
  none: { zh: '名册还是空的。', en: 'The roster is empty.' },
  add: { zh: '登记一人', en: 'Add a person' },
  edit: { zh: '修改', en: 'Edit' },
  remove: { zh: '删除', en: 'Delete' },
  removeSure: { zh: '确定删除“{name}”？', en: 'Delete “{name}”?' },
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  away: { zh: '请假', en: 'Absence' },
  awayFrom: { zh: '从', en: 'From' },
  awayTo: { zh: '到', en: 'To' },
  awayNow: { zh: '请假中', en: 'away' },
  awayClear: { zh: '取消全部请假', en: 'Remove every absence' },
  name: { zh: '姓名或岗位', en: 'Name or post' },
  role: { zh: '身份', en: 'Role' },
  villages: { zh: '服务的村（编号，逗号分隔）', en: 'Villages served (ids, by comma)' },
  zones: { zh: '只负责的区域（编号；空为全部）', en: 'Zones alone (ids; empty: all)' },
  cell: { zh: '网格编号', en: 'Grid cell' },
  latitude: { zh: '纬度（WGS-84）', en: 'Latitude (WGS-84)' },
  longitude: { zh: '经度', en: 'Longitude' },
  phone: { zh: '电话', en: 'Telephone' },
  phoneKept: { zh: '（不填则保留原号码）', en: '(empty: the stored number stays)' },
  showPhone: { zh: '查看电话（留痕）', en: 'Show the number (kept in the audit)' },
  days: { zh: '值班日', en: 'Days on duty' },
  from: { zh: '开始', en: 'From' },
  to: { zh: '结束', en: 'To' },
  always: { zh: '全天候值班', en: 'Always on duty' },
  consent: { zh: '本人同意方式', en: 'How the person agreed' },
  agreed: { zh: '本人已同意登记，并知道期限', en: 'The person agreed to this entry and knows its term' },
  termDays: { zh: '保留天数', en: 'Days until it is deleted' },
  until: { zh: '保留至 {time}', en: 'kept until {time}' },
  onDuty: { zh: '当前值班 · {village}', en: 'On duty now · {village}' },
  nobody: { zh: '现在没有人值班。', en: 'Nobody is on duty now.' },
  metres: { zh: '{count} 米', en: '{count} m' },
  village: { zh: '村', en: 'Village' },
} satisfies Record<string, BilingualText>

export const rosterRoleWords: Record<RosterRole, BilingualText> = {
  'grid-keeper': { zh: '网格员', en: 'grid keeper' },
  'village-doctor': { zh: '村医', en: 'village doctor' },
  volunteer: { zh: '志愿者', en: 'volunteer' },
  'fire-post': { zh: '消防站', en: 'fire post' },
}

export const consentWords: Record<Consent['how'], BilingualText> = {
  paper: { zh: '书面', en: 'on paper' },
  'in-person': { zh: '当面', en: 'in person' },
  telephone: { zh: '电话', en: 'by telephone' },
}

export const nearWords: Record<NearReason, BilingualText> = {
  cell: { zh: '本网格', en: 'keeps this grid cell' },
  zone: { zh: '本区域', en: 'looks after this zone' },
  distance: { zh: '按距离', en: 'by distance' },
  village: { zh: '本村', en: 'serves the village' },
}

/** Monday first. */
export const dayWords: readonly BilingualText[] = [
  { zh: '一', en: 'Mon' },
  { zh: '二', en: 'Tue' },
  { zh: '三', en: 'Wed' },
  { zh: '四', en: 'Thu' },
  { zh: '五', en: 'Fri' },
  { zh: '六', en: 'Sat' },
  { zh: '日', en: 'Sun' },
]
