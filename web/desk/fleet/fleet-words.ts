// The sentences of the fleet page, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { FleetGrouping } from '../../../protocols/desk/fleet/fleet.ts'
import type { WorkState } from '../../../protocols/desk/fleet/work-orders.ts'

export const fleetWords = {
  title: { zh: '网关健康', en: 'Health of the boxes' },
  count: { zh: '{boxes} 台，在线 {present} 台', en: '{boxes} {boxes|box|boxes}, {present} present' },
  console: { zh: '网关控制台', en: 'Console of the box' },
  consoleHint: {
    zh: '在限定时间内对村内网络开放；仍须用安装员或维护员的密码登录。',
    en: 'Open to the village network for a limited time; people still sign in with the password of an installer or maintainer.',
  },
  openConsole: { zh: '开放 {minutes} 分钟', en: 'Open for {minutes} min' },
  closeConsole: { zh: '现在关闭', en: 'Close it now' },
  refresh: { zh: '刷新', en: 'Refresh' },
  groups: { zh: '分组', en: 'Groups' },
  groupBy: { zh: '分组方式', en: 'Group by' },
  group: { zh: '组', en: 'Group' },
  boxes: { zh: '网关', en: 'Boxes' },
  silent: { zh: '失联', en: 'Silent' },
  faulty: { zh: '有问题', en: 'With a fault' },
  failing: { zh: '须处理', en: 'To be repaired now' },
  unknownKey: { zh: '未报告', en: 'not reported' },
  everything: { zh: '全部', en: 'All' },
  kind: { zh: '问题种类', en: 'Kind of fault' },
  faults: { zh: '最先要坏的', en: 'What fails next' },
  none: { zh: '没有发现问题', en: 'no fault is known' },
  now: { zh: '现在', en: 'now' },
  by: { zh: '{day} 前后', en: 'about {day}' },
  over: { zh: '{day} 已到', en: 'since {day}' },
  noDay: { zh: '待观察', en: 'to be watched' },
  remedy: { zh: '处理：', en: 'To do: ' },
  makeWork: { zh: '开工单', en: 'Work order' },
  hasWork: { zh: '已有工单 {work}', en: 'work order {work}' },
  cut: { zh: '只显示前 {count} 条', en: 'only the first {count} {count|is|are} shown' },
  look: { zh: '查看', en: 'Look' },
  close: { zh: '收起', en: 'Close' },
  version: { zh: '版本 {version}', en: 'version {version}' },
  model: { zh: '型号 {model}', en: 'model {model}' },
  reportedAt: { zh: '健康报告于 {time}', en: 'health reported at {time}' },
  noReport: { zh: '尚未报告健康', en: 'it has not reported its health yet' },
  copyAt: { zh: '可由新网关接管（副本 {time}）', en: 'another box can take over (copy of {time})' },
  noCopy: {
    zh: '中心没有它的配置副本，新网关无法自动接管',
    en: 'the centre has no copy of its configuration: another box can not take over by itself',
  },
  bundles: { zh: '支持包', en: 'Support bundles' },
  askBundle: { zh: '请求支持包', en: 'Ask for a bundle' },
  bundleAsked: { zh: '已请求，稍后在此出现', en: 'asked for; it appears here when the box has sent it' },
  work: { zh: '工单', en: 'Work orders' },
  noWork: { zh: '没有工单', en: 'there is no work order' },
  onlyOpen: { zh: '只看未完成', en: 'Only open ones' },
  visit: { zh: '上门情况', en: 'What was done at the visit' },
  visitDone: { zh: '已修好', en: 'It is repaired' },
  saveVisit: { zh: '记录上门', en: 'Write down the visit' },
  photo: { zh: '照片', en: 'Photo' },
  drop: { zh: '不再处理', en: 'End without repair' },
  more: { zh: '更多', en: 'More' },
  setting: { zh: '分批修改设置', en: 'Change a setting on many boxes' },
  settingHint: {
    zh: '每台网关先试用，连不上中心就自动退回；有一台退回，其余不再修改。只改写出的键，其他不变。',
    en: 'Each box tries the setting and takes it back when the centre is not reached with it; after the first that does, no other box is changed. Only the keys that you write are changed.',
  },
  settingJson: {
    zh: '设置（JSON），如 {"limits":{"batteryLowPercent":25}}',
    en: 'Setting (JSON), such as {"limits":{"batteryLowPercent":25}}',
  },
  settingWhy: { zh: '原因', en: 'Why' },
  waves: {
    zh: '批次：用分号隔开，如 box-1; 10%; 100%',
    en: 'Waves with semicolons between: box-1; 10%; 100%',
  },
  term: { zh: '每台等待（小时）', en: 'Hours to wait for a box' },
  rest: { zh: '批间间隔（小时）', en: 'Hours between waves' },
  begin: { zh: '开始', en: 'Begin' },
  hold: { zh: '暂停', en: 'Pause' },
  resume: { zh: '继续', en: 'Resume' },
  badJson: { zh: '设置不是 JSON 对象', en: 'the setting is no JSON object' },
  badWaves: { zh: '批次写法不对', en: 'these are no waves' },
  progress: {
    zh: '第 {wave} 批，共 {waves} 批：{done} 台完成，{asked} 台进行中',
    en: 'wave {wave} of {waves}: {done} done, {asked} under way',
  },
  stoppedBy: { zh: '已停止：{box}（{what}）', en: 'stopped: {box} ({what})' },
} satisfies Record<string, BilingualText>

export const groupingWords: Readonly<Record<FleetGrouping, BilingualText>> = {
  town: { zh: '镇', en: 'town' },
  model: { zh: '型号', en: 'model' },
  version: { zh: '版本', en: 'version' },
  sim: { zh: 'SIM 卡', en: 'SIM' },
}

export const workStateWords: Readonly<Record<WorkState, BilingualText>> = {
  open: { zh: '未完成', en: 'open' },
  done: { zh: '已修好', en: 'repaired' },
  dropped: { zh: '不再处理', en: 'ended without repair' },
}

export const settingStateWords: Readonly<Record<string, BilingualText>> = {
  running: { zh: '进行中', en: 'running' },
  paused: { zh: '已暂停', en: 'paused' },
  stopped: { zh: '已停止', en: 'stopped' },
  finished: { zh: '已完成', en: 'finished' },
}

export const stopWords: Readonly<Record<string, BilingualText>> = {
  'went-back': { zh: '自动退回', en: 'it took the setting back' },
  failed: { zh: '失败', en: 'it failed' },
  missing: { zh: '没有答复', en: 'no answer' },
  silent: { zh: '之后失联', en: 'it fell silent afterwards' },
}
