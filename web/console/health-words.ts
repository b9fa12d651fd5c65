// A HealthAnswer in plain words: the meaning of each part for the person at the box, and whether it is fine.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type {
  DevicePresence,
  HealthAnswer,
  HealthLane,
  ConnectionState,
} from '../../protocols/console/api.ts'
import type { ClockQuality } from '../../protocols/domain/event.ts'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'

/** `fine` needs nothing, `watch` will need a person, `act` needs a person now. */
export type HealthLevel = 'fine' | 'watch' | 'act'

export const levelSymbols: Record<HealthLevel, string> = { fine: '✓', watch: '!', act: '✕' }

export const linkWords: Record<ConnectionState, BilingualText> = {
  none: { zh: '没有配置中心，本箱独立工作', en: 'no centre is configured; this box works alone' },
  connecting: { zh: '正在连接中心', en: 'connecting to the centre' },
  connected: { zh: '已连接中心', en: 'connected to the centre' },
  waiting: { zh: '连不上中心，稍后重试', en: 'the centre can not be reached; trying again soon' },
}

export const clockMeaning: Record<ClockQuality, BilingualText> = {
  unsynced: {
    zh: '未校准：时间不可信，顺序仍然可靠',
    en: 'not set: times are not to be trusted, order still is',
  },
  synced: { zh: '已校准', en: 'set' },
  repaired: { zh: '已校准，之前的时间已修正', en: 'set; earlier times were corrected' },
}

export const presenceWords: Record<DevicePresence, BilingualText> = {
  unknown: { zh: '启动后未听到', en: 'not heard since start' },
  present: { zh: '在线', en: 'present' },
  late: { zh: '迟到', en: 'late' },
  silent: { zh: '失联', en: 'silent' },
}

export const presenceLevel: Record<DevicePresence, HealthLevel> = {
  unknown: 'watch',
  present: 'fine',
  late: 'watch',
  silent: 'act',
}

export const journalWords: Record<HealthAnswer['journal']['state'], BilingualText> = {
  sound: { zh: '完好', en: 'sound' },
  filling: { zh: '将满', en: 'nearly full' },
  dropping: { zh: '已满，正在放弃最旧的日常记录', en: 'full: giving up the oldest routine records' },
  rewound: {
    zh: '曾退回到以前的状态，已换用新的编号段',
    en: 'went back to an earlier state; new numbers were begun',
  },
  salvaged: { zh: '曾损坏，已抢救', en: 'was damaged and has been salvaged' },
}

/** A battery below this should be changed at the next visit. */
export const batteryLowPercent = 25

export function linkLevel({ link }: HealthAnswer): HealthLevel {
  if (link.state === 'connected' || link.state === 'none') return 'fine'
  return link.state === 'connecting' && link.forMs < 30_000 ? 'watch' : 'act'
}

export function clockLevel({ clock }: HealthAnswer): HealthLevel {
  return clock.quality === 'unsynced' ? 'watch' : 'fine'
}

export function journalLevel({ journal }: HealthAnswer): HealthLevel {
  return journal.state === 'sound' ? 'fine' : journal.state === 'filling' ? 'watch' : 'act'
}

/** Free disk: below a tenth a person should check, below a twentieth a person should come. */
export function diskLevel({ disk }: HealthAnswer): HealthLevel {
  const part = disk.totalBytes > 0 ? disk.freeBytes / disk.totalBytes : 1
  return part < 0.05 ? 'act' : part < 0.1 ? 'watch' : 'fine'
}

export interface LaneLine {
  lane: Lane
  waiting: number
  receipted: number
  oldestWaitingMs: number | undefined
  level: HealthLevel
}

/** A red record that waits longer than this for its Receipt needs a call. */
const oldestFineMs: Record<Lane, number> = {
  red: 30_000,
  orange: 60_000,
  yellow: 300_000,
  blue: 3_600_000,
  routine: 3_600_000,
  picture: 3_600_000,
}

export function laneLines(health: HealthAnswer): LaneLine[] {
  return lanes.map((lane) => {
    const { last, receipted, oldestWaitingMs }: HealthLane = health.lanes[lane]
    const waiting = Math.max(0, last - receipted)
    const isOld = waiting > 0 && (oldestWaitingMs ?? 0) > oldestFineMs[lane]
    const isUrgent = lane === 'red' || lane === 'orange'
    const level = health.link.state === 'none' || !isOld ? 'fine' : isUrgent ? 'act' : 'watch'
    return { lane, waiting, receipted, oldestWaitingMs, level }
  })
}

export const words = {
  title: { zh: '更夫网关', en: 'Gengfu box' },
  asking: { zh: '正在询问网关…', en: 'Asking the gateway…' },
  unreachable: {
    zh: '网关没有回答：下面是 {age}前的情况。',
    en: 'The gateway does not answer: this is how it was {age} ago.',
  },
  unreachableYet: { zh: '网关没有回答。正在重试…', en: 'The gateway does not answer. Trying again…' },
  refused: { zh: '网关不允许从这里查看。', en: 'The gateway does not allow a look from here.' },
  failed: { zh: '网关答不上来：请看它的日志。', en: 'The gateway could not say: look at its log.' },
  upFor: { zh: '已开机 {age}，程序运行 {process}', en: 'up for {age}, the program for {process}' },
  version: { zh: '版本', en: 'version' },
  boot: { zh: '第 {count} 次启动', en: 'boot {count}' },
  link: { zh: '与中心的连接', en: 'Link to the centre' },
  forAge: { zh: '已 {age}', en: 'for {age}' },
  lastReceipt: { zh: '最近回执 {age}前', en: 'last receipt {age} ago' },
  noReceipt: { zh: '还没有收到回执', en: 'no receipt yet' },
  roundTrip: { zh: '往返 {ms} 毫秒', en: 'round trip {ms} ms' },
  clock: { zh: '时钟', en: 'Clock' },
  ahead: { zh: '比中心快 {age}', en: '{age} ahead of the centre' },
  behind: { zh: '比中心慢 {age}', en: '{age} behind the centre' },
  clocksDoubted: {
    zh: '两边的时钟都没有校准，未采用中心的时间：请在网关或中心启用对时（NTP）',
    en: "nothing keeps either clock, so the centre's time is not taken: set up NTP at the box or the centre",
  },
  journal: { zh: '记录库', en: 'Journal' },
  journalFacts: { zh: '{count} 条，{size}', en: '{count} {count|record|records}, {size}' },
  dropped: { zh: '已放弃 {count} 条', en: '{count} given up' },
  disk: { zh: '存储', en: 'Disk' },
  diskFacts: { zh: '剩余 {free}，共 {total}', en: '{free} free of {total}' },
  memory: { zh: '内存 {size}', en: 'memory {size}' },
  lanes: { zh: '等待中心回执', en: 'Waiting for the centre' },
  lane: { zh: '通道', en: 'Lane' },
  waiting: { zh: '等待', en: 'Waiting' },
  oldest: { zh: '最旧', en: 'Oldest' },
  receipted: { zh: '已回执到', en: 'Receipted to' },
  none: { zh: '无', en: 'none' },
  alarms: { zh: '未结束的报警', en: 'Alarms standing' },
  noAlarms: { zh: '没有未结束的报警。', en: 'No alarm stands.' },
  occurrences: { zh: '第 {count} 次', en: '{count} {count|time|times}' },
  ago: { zh: '{age}前', en: '{age} ago' },
  drill: { zh: '演练', en: 'DRILL' },
  calledOff: { zh: '住户称误触', en: 'household: by mistake' },
  callOff: { zh: '住户说是误触', en: '“That was me”' },
  callOffBy: { zh: '谁说的', en: 'who says so' },
  callOffSend: { zh: '标记（报警不变）', en: 'Mark it (the alarm stays)' },
  callOffSent: {
    zh: '已提交；限时内的报警会带此标记。',
    en: 'Sent: an alarm within its time gets the mark.',
  },
  devices: { zh: '设备', en: 'Devices' },
  devicesPresent: { zh: '{present}/{known} 在线', en: '{present} of {known} present' },
  noDevices: { zh: '还没有设备。', en: 'No devices yet.' },
  device: { zh: '设备', en: 'Device' },
  kind: { zh: '类型', en: 'Kind' },
  zone: { zh: '防区', en: 'Zone' },
  presence: { zh: '状态', en: 'Presence' },
  lastHeard: { zh: '最近听到', en: 'Last heard' },
  battery: { zh: '电量', en: 'Battery' },
  signal: { zh: '信号', en: 'Signal' },
  repeats: { zh: '重复', en: 'Repeated' },
  unreadable: { zh: '无法识别', en: 'Not readable' },
  notShown: { zh: '另有 {count} 个未列出', en: '{count} more not listed' },
  quarantine: { zh: '隔离（读不懂的消息）', en: 'Quarantine (what could not be read)' },
  noQuarantine: { zh: '没有读不懂的消息。', en: 'Everything could be read.' },
  bytes: { zh: '{count} 字节', en: '{count} {count|byte|bytes}' },
} satisfies Record<string, BilingualText>
