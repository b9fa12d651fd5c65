// The sentences of bulletins and linkage, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeviceReceipt } from '../../../protocols/desk/villages/bulletins.ts'

export const bulletinWords = {
  bulletins: { zh: '通知', en: 'Bulletins' },
  hint: {
    zh: '发给所选村的喇叭（播报）和显示屏（显示）。每台设备是否收到，列在下方。',
    en: 'Loudspeakers of the chosen villages say it and signs show it. What each device answered is listed below.',
  },
  text: { zh: '内容', en: 'Text' },
  villages: { zh: '村', en: 'Villages' },
  all: { zh: '全选', en: 'All' },
  why: { zh: '原因（留痕）', en: 'Why (recorded)' },
  send: { zh: '发布到 {count} 个村', en: 'Send to {count} {count|village|villages}' },
  sure: { zh: '确定向 {count} 个村广播？', en: 'Really say this in {count} {count|village|villages}?' },
  yes: { zh: '确定发布', en: 'Yes, send it' },
  cancel: { zh: '取消', en: 'Cancel' },
  none: { zh: '还没有通知。', en: 'There is no bulletin yet.' },
  by: { zh: '{who}，{time}', en: '{who}, {time}' },
  more: { zh: '更早的', en: 'Earlier ones' },
  refresh: { zh: '刷新回执', en: 'Read the receipts again' },
} satisfies Record<string, BilingualText>

export const receiptWords: Readonly<Record<DeviceReceipt['state'], BilingualText>> = {
  done: { zh: '已播出', en: 'done' },
  missed: { zh: '未播出', en: 'not reached' },
  open: { zh: '等待', en: 'waiting' },
}
export const receiptSymbols: Readonly<Record<DeviceReceipt['state'], string>> = {
  done: '✓',
  missed: '✕',
  open: '…',
}

export const linkageWords = {
  warnings: { zh: '上游来水预警', en: 'Water from upstream' },
  noWarnings: { zh: '当前没有预警。', en: 'No warning stands.' },
  expected: { zh: '约 {time} 到达', en: 'expected at about {time}' },
  unknown: { zh: '传播时间未知', en: 'travel time not known' },
  arrived: { zh: '{time} 已到达', en: 'arrived at {time}' },
  falling: { zh: '上游已回落', en: 'the level upstream is down' },
  case: { zh: '打开报警', en: 'Open the alarm' },
  rules: { zh: '村间联动规则', en: 'Rules of linkage' },
  rulesHint: {
    zh: '上游水位达到所设颜色，即预警下游各村；不填时间则由历次到达时间学得。',
    en: 'When the gauge upstream reaches the colour, the villages below are warned. Without a time it is learned from earlier arrivals.',
  },
  noRules: { zh: '还没有规则。', en: 'There is no rule yet.' },
  id: { zh: '规则名（字母数字）', en: 'Name of the rule (letters, digits)' },
  from: { zh: '上游村', en: 'Village upstream' },
  device: { zh: '水位计（不填为全部）', en: 'Gauge (empty: all)' },
  colour: { zh: '自此颜色起', en: 'From this colour on' },
  to: { zh: '下游村', en: 'Village below' },
  minutes: { zh: '传播时间（分钟）', en: 'Travel time (minutes)' },
  speak: {
    zh: '广播内容（可用 {from} {minutes}；不填则不广播）',
    en: 'Text for loudspeakers ({from}, {minutes}; empty: none)',
  },
  add: { zh: '添加规则', en: 'Add a rule' },
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  remove: { zh: '删除', en: 'Delete' },
  learned: {
    zh: '学得约 {minutes} 分钟（{count} 次）',
    en: 'learned: about {minutes} min ({count} {count|time|times})',
  },
  set: { zh: '{minutes} 分钟', en: '{minutes} min' },
  notKnown: { zh: '尚未学得', en: 'not learned yet' },
} satisfies Record<string, BilingualText>
