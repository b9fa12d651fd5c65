// `gengfu check`: lists the problems of a box and the next step for each, the clock first. Reads only.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { HealthAnswer, HealthDevice } from '../../protocols/console/api.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import {
  checkCertificateFiles,
  type CertificateFiles,
} from '../../platform/certificates/certificate-files.ts'
import { readGatewayConfig, type GatewayConfig } from '../config/config.ts'
import { isSystemSynced } from '../../platform/system-sync.ts'
import { programEarliestMs } from '../clock/clock-bounds.ts'
import { findLooseEnds } from '../config/loose-ends.ts'
import { certificateFilesOf } from '../health/box-watch.ts'
import { diskOf } from '../health/disk-room.ts'
import { reasonOf } from '../uplink/connect/connect-failure.ts'
import { dial } from '../uplink/connect/dial.ts'
import { print } from '../../platform/terminal.ts'

type Grade = 'good' | 'watch' | 'act'
interface Finding {
  grade: Grade
  zh: string
  en: string
}

const signs: Record<Grade, string> = { good: '✓', watch: '!', act: '✗' }
const diskWatchBytes = 200 * 1024 * 1024
const certificateWatchMs = 30 * 86_400_000
const reachMsMax = 15_000
const consoleMsMax = 3000
const quarantineShown = 5
const devicesShown = 40
const batteryWatchPercent = 20
/** Below this signal a sensor's radio loses messages from time to time. */
const signalWatchDbm = -110

export async function runCheck(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu check')
    .description('list the problems of this box and what to do 用文字说明本网关有何问题')
    .requiredOption('--config <file>', 'YAML configuration of the gateway 网关配置文件')
    .exitOverride()
    .action(({ config }: { config: string }) => check(config))
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

async function check(file: string): Promise<void> {
  const config = readGatewayConfig(file)
  if (!config.ok) {
    for (const { path, message } of config.problems)
      say({ grade: 'act', zh: `配置 ${path}：${message}`, en: `config ${path}: ${message}` })
    process.exitCode = 2
    return
  }
  const findings = [
    await checkClock(),
    ...checkFolder(config.value),
    ...checkCertificates(config.value),
    ...findLooseEnds(config.value).map(({ path, message }): Finding => ({
      grade: 'watch',
      zh: '',
      en: `config ${path}: ${message}`,
    })),
    await checkCentre(config.value),
    ...(await checkRunning(config.value)),
  ]
  for (const finding of findings) say(finding)
  if (findings.some(({ grade }) => grade === 'act')) process.exitCode = 1
}

function say({ grade, zh, en }: Finding): void {
  print(`${signs[grade]} ${en} ${zh}\n`)
}

async function checkClock(): Promise<Finding> {
  const atMs = createSystemClock().wallMs()
  const at = new Date(atMs).toISOString().slice(0, 16)
  if (atMs < programEarliestMs)
    return {
      grade: 'act',
      zh: `时钟是 ${at}，不可能：请接通网络或运行 timedatectl set-ntp true`,
      en: `the clock says ${at}, which can not be: connect the box, or run timedatectl set-ntp true.`,
    }
  if (!(await isSystemSynced()))
    return {
      grade: 'watch',
      zh: `时钟 ${at}，系统未校时；镇中心的时钟由 NTP 保持时，网关采用镇中心的时间`,
      en: `the clock says ${at}; the system has not synced it, the gateway takes the centre's time where the centre's clock is kept (NTP).`,
    }
  return { grade: 'good', zh: `时钟 ${at}，已校时`, en: `the clock is synced (${at}).` }
}

function checkFolder({ dataDir }: GatewayConfig): Finding[] {
  if (!existsSync(dataDir))
    return [
      {
        grade: 'watch',
        zh: `数据目录 ${dataDir} 尚不存在，首次启动时创建`,
        en: `the data folder ${dataDir} is not there yet; the first start makes it.`,
      },
    ]
  try {
    accessSync(dataDir, constants.W_OK)
  } catch {
    return [
      {
        grade: 'act',
        zh: `数据目录 ${dataDir} 不可写：检查所有者与挂载`,
        en: `the data folder ${dataDir} can not be written: check its owner and whether the disk is mounted read-only.`,
      },
    ]
  }
  const { freeBytes } = diskOf(dataDir)
  const megabytes = Math.round(freeBytes / 1024 / 1024)
  const damaged = existsSync(`${dataDir}/damaged-1`)
  return [
    {
      grade: freeBytes < diskWatchBytes ? 'watch' : 'good',
      zh: `磁盘剩余 ${megabytes} MB`,
      en: `${megabytes} MB are free on the disk.`,
    },
    ...(damaged
      ? [
          {
            grade: 'watch' as const,
            zh: `曾修复损坏的记录库，原件在 ${dataDir}/damaged-*；检查存储卡`,
            en: `a damaged journal was salvaged; the old files are in ${dataDir}/damaged-*. Look at the card.`,
          },
        ]
      : []),
  ]
}

/** Every certificate in use, and whether keys and names match. */
function checkCertificates(config: GatewayConfig): Finding[] {
  const { uplink, mqtt, box } = config
  const wallMs = createSystemClock().wallMs()
  const all: CertificateFiles[] = mqtt.listeners.flatMap(({ tls }, i) =>
    tls ? [{ path: `mqtt.listeners.${i}.tls`, ...tls }] : [],
  )
  if (uplink) all.push({ path: 'uplink', ...uplink, name: box.id })
  const problems = all.flatMap((files) =>
    checkCertificateFiles(files, wallMs > programEarliestMs ? wallMs : undefined),
  )
  const wrong = problems.map(({ path, message }): Finding => ({
    grade: 'act',
    zh: '',
    en: `${path}: ${message}`,
  }))
  const ends = certificateFilesOf(config).flatMap((file) => describeEnd(file, wallMs))
  return [...wrong, ...ends]
}

/** The certificate in a file that expires first. */
function describeEnd(file: string, wallMs: number): Finding[] {
  if (!existsSync(file)) return []
  try {
    const ends = parseAuthorities(readFileSync(file, 'utf8')).map(({ validTo }) => Date.parse(validTo))
    const [first] = ends.toSorted((one, other) => one - other)
    if (first === undefined || first < wallMs) return []
    const until = new Date(first).toISOString().slice(0, 10)
    const grade = first - wallMs < certificateWatchMs ? 'watch' : 'good'
    const [zhTodo, enTodo] = grade === 'watch' ? ['，请尽快换证', ': renew it soon'] : ['', '']
    return [
      { grade, zh: `${file} 有效期至 ${until}${zhTodo}`, en: `${file} is valid until ${until}${enTodo}.` },
    ]
  } catch {
    return []
  }
}

async function checkCentre({ uplink }: GatewayConfig): Promise<Finding> {
  if (!uplink)
    return {
      grade: 'watch',
      zh: '没有配置镇中心（uplink.url）：只在本地工作',
      en: 'no centre is configured (uplink.url): the box works alone.',
    }
  const url = new URL(uplink.url)
  const ports: Record<string, number> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 }
  const problem = await reach(url.hostname, Number(url.port) || (ports[url.protocol] ?? 8883))
  if (problem === undefined)
    return { grade: 'good', zh: `镇中心 ${url.host} 可以连上`, en: `the centre ${url.host} can be reached.` }
  return {
    grade: 'act',
    zh: `连不上镇中心 ${url.host}：${problem}；检查 SIM 卡、DNS 与防火墙`,
    en: `the centre ${url.host} can not be reached: ${problem}. Check the SIM card, DNS and the firewall.`,
  }
}

async function reach(host: string, port: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(reachMsMax)
  try {
    const socket = await dial(host.replace(/^\[|\]$/g, ''), port, {
      signal,
      clock: createSystemClock(),
      isUrgent: () => false,
    })
    socket.destroy()
    return undefined
  } catch (error) {
    return signal.aborted ? `no answer in ${reachMsMax / 1000} s (${reasonOf(error)})` : reasonOf(error)
  }
}

async function checkRunning({ console: { host, port } }: GatewayConfig): Promise<Finding[]> {
  const address = `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
  let health: HealthAnswer
  try {
    const answer = await fetch(`${address}/api/v1/health`, { signal: AbortSignal.timeout(consoleMsMax) })
    health = (await answer.json()) as HealthAnswer
  } catch {
    return [
      {
        grade: 'act',
        zh: `网关没有运行（${address} 无应答）`,
        en: `the gateway does not run: no answer at ${address}.`,
      },
    ]
  }
  return [
    {
      grade: 'good',
      zh: `网关正在运行，版本 ${health.box.version}`,
      en: `the gateway runs, version ${health.box.version}.`,
    },
    ...describeLink(health),
    ...describeAudit(health),
    ...describeDevices(health),
    ...describeCameras(health),
    ...describeJournal(health),
  ]
}

/** A box proves later that nothing was taken out of the centre's trail. */
function describeAudit({ auditHeads = [] }: HealthAnswer): Finding[] {
  const [last] = auditHeads
  if (!last) return []
  const at = new Date(last.atMs).toISOString().slice(0, 16)
  return [
    {
      grade: 'good',
      zh: `镇中心操作记录末值（${at}，${last.entries} 条）：${last.head}`,
      en: `the head of the centre's audit trail at ${at}, ${last.entries} entries: ${last.head}`,
    },
  ]
}

function describeLink({ link, lanes }: HealthAnswer): Finding[] {
  const waiting = Object.values(lanes).reduce((sum, { last, receipted }) => sum + last - receipted, 0)
  const reason = link.problem
  return [
    link.state === 'connected'
      ? { grade: 'good', zh: '与镇中心已连接', en: 'linked to the centre.' }
      : {
          grade: link.state === 'none' ? 'watch' : 'act',
          zh: `与镇中心未连接${reason ? `：${reason.zh}` : ''}`,
          en: `not linked to the centre${reason ? `: ${reason.en}` : ''}.`,
        },
    {
      grade: waiting > 1000 ? 'watch' : 'good',
      zh: `等待上送的记录 ${waiting} 条`,
      en: `${waiting} records wait for the centre.`,
    },
  ]
}

function describeDevices({ devices }: HealthAnswer): Finding[] {
  const silent = devices.list.filter(({ presence }) => presence === 'silent').map(({ id }) => id)
  const weak = devices.list
    .filter(({ batteryPercent }) => batteryPercent !== undefined && batteryPercent < batteryWatchPercent)
    .map(({ id }) => id)
  const unheard = devices.list
    .filter(({ presence }) => presence !== 'present' && presence !== 'silent')
    .map(({ id }) => id)
  const named = (ids: string[]): string => ids.slice(0, 10).join(', ') + (ids.length > 10 ? ' …' : '')
  return [
    {
      // None of them can be opened: most often their passwords were lost with the old box.
      grade:
        devices.present === 0 && devices.known > 0
          ? 'act'
          : devices.present < devices.known
            ? 'watch'
            : 'good',
      zh: `设备 ${devices.known} 台，在线 ${devices.present} 台${unheard.length > 0 ? `；尚未听到或迟到：${named(unheard)}` : ''}`,
      en: `${devices.present} of ${devices.known} devices are present${unheard.length > 0 ? `; late, or not heard since the start: ${named(unheard)}` : ''}.`,
    },
    ...(silent.length > 0
      ? [{ grade: 'act' as const, zh: `失联设备：${named(silent)}`, en: `silent devices: ${named(silent)}.` }]
      : []),
    ...devices.list
      .filter(({ batteryPercent, signalDbm }) => batteryPercent !== undefined || signalDbm !== undefined)
      .slice(0, devicesShown)
      .map(describePower),
    ...(weak.length > 0
      ? [
          {
            grade: 'watch' as const,
            zh: `电量不足：${named(weak)}`,
            en: `batteries below 20 %: ${named(weak)}.`,
          },
        ]
      : []),
  ]
}

/** Last battery and signal of one device. */
function describePower({ id, batteryPercent, signalDbm }: HealthDevice): Finding {
  const battery = batteryPercent === undefined ? [] : [`${batteryPercent} %`]
  const signal = signalDbm === undefined ? [] : [`${signalDbm} dBm`]
  const isWeak = (batteryPercent ?? 100) < batteryWatchPercent || (signalDbm ?? 0) < signalWatchDbm
  const zh = [...battery.map((text) => `电量 ${text}`), ...signal.map((text) => `信号 ${text}`)]
  const en = [...battery.map((text) => `battery ${text}`), ...signal.map((text) => `signal ${text}`)]
  return { grade: isWeak ? 'watch' : 'good', zh: `${id}：${zh.join('，')}`, en: `${id}: ${en.join(', ')}.` }
}

function describeCameras({ cameras = [] }: HealthAnswer): Finding[] {
  const faulty = cameras.filter(({ problem }) => problem !== undefined)
  const words = faulty.map(({ id, isOffline, problem }): Finding => ({
    grade: isOffline ? 'act' : 'watch',
    zh: `摄像机 ${id}：${problem?.zh}`,
    en: `camera ${id}: ${problem?.en}.`,
  }))
  const well = cameras.length - faulty.length
  if (well > 0)
    words.push({ grade: 'good', zh: `${well} 台摄像机正常`, en: `${well} cameras without a problem.` })
  return words
}

function describeJournal({ journal, quarantine }: HealthAnswer): Finding[] {
  const states: Record<typeof journal.state, Finding> = {
    sound: { grade: 'good', zh: '记录库完好', en: 'the journal is sound.' },
    salvaged: {
      grade: 'watch',
      zh: '记录库曾损坏并已修复',
      en: 'the journal was damaged and salvaged at the last start.',
    },
    rewound: {
      grade: 'watch',
      zh: '数据目录曾退回到以前的状态，本次启动已换用新的编号段；换过卡或恢复过备份吗？否则更换存储卡',
      en: 'the data folder went back to an earlier state, and this start began a new epoch: was a card changed or an image restored? If not, replace the card.',
    },
    filling: { grade: 'watch', zh: '记录库空间将满', en: 'the room for the journal is nearly used up.' },
    dropping: {
      grade: 'act',
      zh: `记录库已满，正在舍弃普通记录（${journal.droppedRecords} 条）`,
      en: `the journal is full and gives up routine records (${journal.droppedRecords} so far).`,
    },
  }
  return [
    states[journal.state],
    ...(quarantine.count > 0
      ? [
          {
            grade: 'watch' as const,
            zh: `隔离区有 ${quarantine.count} 条读不懂的消息`,
            en: `${quarantine.count} unreadable messages are in quarantine.`,
          },
        ]
      : []),
    ...quarantine.latest.slice(0, quarantineShown).map((entry): Finding => {
      const excerpt = entry.excerpt === undefined ? `${entry.bytes} bytes` : entry.excerpt.slice(0, 80)
      return { grade: 'watch', zh: '', en: `  ${entry.topic}: ${entry.problem} (${excerpt})` }
    }),
  ]
}
