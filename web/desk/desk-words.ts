// Every sentence of the desk, in both languages.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { BoxPresence, Role } from '../../protocols/desk/api.ts'
import type { Lamp } from './queue/accept-deadline.ts'

export const words = {
  product: { zh: '更夫 · 镇中心值守台', en: 'Gengfu · town desk' },
  title: { zh: '更夫值守台', en: 'Gengfu desk' },
  user: { zh: '用户名', en: 'User' },
  password: { zh: '密码', en: 'Password' },
  signIn: { zh: '登录', en: 'Sign in' },
  signingIn: { zh: '正在登录…', en: 'Signing in…' },
  signOut: { zh: '退出', en: 'Sign out' },
  skip: { zh: '跳到待接警列表', en: 'Skip to the waiting alarms' },
  waiting: { zh: '待接警', en: 'Waiting for an answer' },
  answered: { zh: '已接警，处理中', en: 'Accepted, in progress' },
  nothingWaiting: { zh: '没有待接警的报警。', en: 'No alarm waits for an answer.' },
  reading: { zh: '正在读取报警…', en: 'Reading the alarms…' },
  accept: { zh: '接警', en: 'Accept' },
  acceptAgain: { zh: '再次接警', en: 'Accept again' },
  accepting: { zh: '接警中…', en: 'Accepting…' },
  acceptThis: { zh: '接警：{what}，{where}', en: 'Accept: {what}, {where}' },
  mayNotAccept: { zh: '此角色不能接警', en: 'This role may not accept' },
  acceptedBy: { zh: '{who} 已接警', en: 'Accepted by {who}' },
  acceptedEarlier: { zh: '{who} 曾接警，之后再次发生', en: 'Accepted by {who}, and it came again' },
  answeredByBox: { zh: '已在现场确认', en: 'Answered on site' },
  seen: { zh: '已显示', en: 'Seen' },
  device: { zh: '设备', en: 'Device' },
  zone: { zh: '区域', en: 'Zone' },
  times: { zh: '第 {count} 次', en: '{count} times' },
  since: { zh: '发生', en: 'Raised' },
  received: { zh: '到达', en: 'Arrived' },
  ago: { zh: '{age}前', en: '{age} ago' },
  boxTimeUnsure: { zh: '网关时钟未校准', en: 'box clock not set' },
  nowColour: { zh: '现为{colour}', en: 'now {colour}' },
  drill: { zh: '演练', en: 'DRILL' },
  more: { zh: '再显示 {count} 条', en: 'Show {count} more' },
  lost: {
    zh: '与中心的连接已断开，画面可能已过时。正在重连…',
    en: 'The centre is not connected: this page may be out of date. Reconnecting…',
  },
  connecting: { zh: '正在连接…', en: 'Connecting…' },
  live: { zh: '已连接', en: 'Live' },
  lostShort: { zh: '已断开', en: 'Not connected' },
  soundOff: {
    zh: '声音未开启：浏览器需要先按一下。',
    en: 'The sound is off: the browser wants one press first.',
  },
  soundOn: { zh: '开启声音', en: 'Turn the sound on' },
  silence: { zh: '暂静本次（新的红色报警仍会响）', en: 'Quiet for now (a new red sounds again)' },
  villages: { zh: '村庄网关', en: 'Village boxes' },
  noBoxes: { zh: '还没有网关连上来。', en: 'No box has been heard yet.' },
  allPresent: { zh: '{count} 个在线', en: '{count} present' },
  attention: { zh: '{count} 个需要注意', en: '{count} want attention' },
  missing: { zh: '缺 {count} 条记录', en: '{count} records missing' },
  clockUnsynced: { zh: '时钟未校准', en: 'clock not set' },
  devicesHeard: { zh: '设备 {present}/{known}', en: 'devices {present}/{known}' },
  lastHeard: { zh: '{age}前听到', en: 'heard {age} ago' },
  moreBoxes: { zh: '另有 {count} 个在线网关', en: 'and {count} more boxes' },
  shortcut: { zh: '按 N 键跳到下一条待接警', en: 'Press N for the next waiting alarm' },
  newRed: { zh: '新的红色报警：{what}，{where}', en: 'New red alarm: {what}, {where}' },
  newReds: {
    zh: '{count} 条新的红色报警，最近一条：{what}，{where}',
    en: '{count} new red alarms, the latest: {what}, {where}',
  },
  listMoved: { zh: '列表刚刚移动，请再按一次。', en: 'The list has just moved: press again.' },
} satisfies Record<string, BilingualText>

export const lampWords: Record<Lamp, BilingualText> = {
  'in-time': { zh: '剩 {time}', en: '{time} left' },
  due: { zh: '仅剩 {time}', en: 'only {time} left' },
  overdue: { zh: '超时 {time}', en: '{time} overdue' },
}

export const lampSymbols: Record<Lamp, string> = { 'in-time': '○', due: '◐', overdue: '⬤' }

export const presenceWords: Record<BoxPresence, BilingualText> = {
  unknown: { zh: '未知', en: 'unknown' },
  present: { zh: '在线', en: 'present' },
  late: { zh: '迟到', en: 'late' },
  silent: { zh: '失联', en: 'silent' },
}

export const presenceSymbols: Record<BoxPresence, string> = {
  unknown: '?',
  present: '✓',
  late: '…',
  silent: '✕',
}

export const roleWords: Record<Role, BilingualText> = {
  operator: { zh: '值班员', en: 'operator' },
  supervisor: { zh: '带班领导', en: 'supervisor' },
  maintainer: { zh: '维护员', en: 'maintainer' },
  installer: { zh: '安装员', en: 'installer' },
  admin: { zh: '管理员', en: 'administrator' },
}
