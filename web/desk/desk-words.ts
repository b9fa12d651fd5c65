// Every sentence of the desk, in both languages.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { BoxPresence, Role } from '../../protocols/desk/api.ts'
import type { Sound } from './sound/volume-and-pitch.ts'
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
  mine: { zh: '我的报警', en: 'My alarms' },
  answered: { zh: '已接警，处理中', en: 'Accepted, in progress' },
  suppressed: { zh: '网关暂缓的报警', en: 'Held back by the boxes' },
  suppressedShort: { zh: '暂缓 {count}', en: '{count} held back' },
  underStorms: { zh: '另有 {count} 条在报警风暴行下', en: '{count} more are under the lines of storms' },
  folded: { zh: '含 {count} 条', en: '{count} inside' },
  drills: { zh: '演练与测试', en: 'Drills and tests' },
  silentTogether: { zh: '{count} 个网关自 {time} 起失联', en: '{count} boxes silent since {time}' },
  acceptAll: { zh: '全部接警', en: 'Accept all' },
  pages: { zh: '页面', en: 'Pages' },
  call: { zh: '拨打 {phone}', en: 'Call {phone}' },
  where: { zh: '位置', en: 'Where' },
  latest: { zh: '最近一次', en: 'Latest' },
  here: { zh: '（本机 {time}）', en: '({time} here)' },
  now: { zh: '当前', en: 'Now' },
  lampThere: { zh: '按钮灯', en: 'Lamp at the button' },
  sheet: { zh: '打开详情页', en: 'Open its page' },
  back: { zh: '← 返回报警列表', en: '← Back to the queue' },
  sameVillage: { zh: '该村其他报警', en: 'Other alarms of this village' },
  alarmOver: { zh: '这条报警已结束。', en: 'This alarm is over.' },
  allBoxes: { zh: '全部 {count} 个网关：查找、布防、注销', en: 'All boxes ({count}): find, arm, retire' },
  shelvedUntil: { zh: '至 {time}，操作人 {who}', en: 'until {time}, by {who}' },
  findBox: { zh: '查找村庄或网关', en: 'Find a village or box' },
  onlyAttention: { zh: '只看需要注意的', en: 'only those that want attention' },
  found: { zh: '{count} 个', en: '{count} found' },
  retireNow: { zh: '注销网关…', en: 'Retire this box…' },
  retireWhy: { zh: '为什么注销“{name}”？（留痕）', en: 'Why is “{name}” retired? (kept)' },
  retire: { zh: '注销', en: 'Retire' },
  cancel: { zh: '取消', en: 'Cancel' },
  soundTest: { zh: '试听声音', en: 'Test the sounds' },
  sessionEnds: { zh: '登录即将到期，剩余', en: 'You will be signed out in' },
  stay: { zh: '继续值班', en: 'Stay signed in' },
  sessionOver: { zh: '登录已到期，请重新登录。', en: 'Your session has ended: sign in again.' },
  redsWait: { zh: '▲ {count} 条红色报警待接警', en: '▲ {count} red alarms wait' },
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
  zone: { zh: '防区', en: 'Zone' },
  grade: { zh: '防区等级', en: 'Grade of the zone' },
  times: { zh: '第 {count} 次', en: '{count} times' },
  since: { zh: '发生', en: 'Raised' },
  received: { zh: '到达', en: 'Arrived' },
  ago: { zh: '{age}前', en: '{age} ago' },
  boxTimeUnsure: { zh: '网关时钟未校准', en: 'box clock not set' },
  nowColour: { zh: '现为{colour}', en: 'now {colour}' },
  drill: { zh: '演练', en: 'DRILL' },
  calledOff: { zh: '住户称误触', en: 'household: by mistake' },
  notKept: { zh: '未存于网关', en: 'not kept at the box' },
  more: { zh: '再显示 {count} 条', en: 'Show {count} more' },
  lost: {
    zh: '与中心的连接已断开，页面可能已过时。正在重连…',
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
  silence: { zh: '静音：{what}', en: 'Silence: {what}' },
  notices: { zh: '提示', en: 'Notices' },
  villages: { zh: '村庄网关', en: 'Village boxes' },
  noBoxes: { zh: '还没有网关连上来。', en: 'No box has been heard yet.' },
  allPresent: { zh: '{count} 个在线', en: '{count} present' },
  attention: { zh: '{count} 个需要注意', en: '{count} want attention' },
  missing: { zh: '缺 {count} 条记录', en: '{count} records missing' },
  dailyMissing: { zh: '{day} 零报告未报', en: 'no daily report of {day}' },
  dailyUnsigned: { zh: '{day} 零报告待签', en: 'daily report of {day} is not signed' },
  clockUnsynced: { zh: '时钟未校准', en: 'clock not set' },
  devicesHeard: { zh: '设备 {present}/{known}', en: 'devices {present}/{known}' },
  lastHeard: { zh: '{age}前听到', en: 'heard {age} ago' },
  neverHeard: { zh: '{count} 个网关从未上线', en: '{count} boxes never heard' },
  moreBoxes: { zh: '另有 {count} 个在线网关', en: 'and {count} more boxes' },
  shortcut: {
    zh: 'N 下一条待接警，J/K 上下，Q 静音，1–4 换页',
    en: 'N next waiting, J/K down and up, Q quiet, 1 to 4 pages',
  },
  newRed: { zh: '新的红色报警：{what}，{where}', en: 'New red alarm: {what}, {where}' },
  newReds: {
    zh: '{count} 条新的红色报警，最近一条：{what}，{where}',
    en: '{count} new red alarms, the latest: {what}, {where}',
  },
  listMoved: { zh: '列表刚刚移动，请再按一次。', en: 'The list has just moved: press again.' },
  stages: {
    stored: { zh: '网关已收到', en: 'kept at the box' },
    centre: { zh: '镇中心已收到', en: 'kept at the centre' },
    seen: { zh: '值班员已看到', en: 'seen by an operator' },
    accepted: { zh: '已接警', en: 'accepted' },
    dispatched: { zh: '已派人', en: 'help is on its way' },
    closed: { zh: '已结束', en: 'closed' },
  },
  pageNames: {
    queue: { zh: '报警', en: 'Alarms' },
    villages: { zh: '村庄', en: 'Villages' },
    cases: { zh: '案件', en: 'Cases' },
    people: { zh: '人员', en: 'People' },
    bulletins: { zh: '广播与联动', en: 'Bulletins' },
  },
} satisfies Record<string, BilingualText | Record<string, BilingualText>>

/** The meaning of each sound. */
export const soundWords: Record<Sound, BilingualText> = {
  red: { zh: '红色待接警', en: 'red' },
  blind: { zh: '与中心断开', en: 'not connected' },
  overdue: { zh: '橙色超时', en: 'overdue orange' },
}

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
  auditor: { zh: '审计员', en: 'auditor' },
  admin: { zh: '管理员', en: 'administrator' },
}
