// The part of `gengfu check` about the running program: link, devices, cameras, journal, quarantine.
import type { HealthAnswer, HealthDevice } from '../../../protocols/console/api.ts'
import type { Fault } from '../../../protocols/health/faults.ts'
import { batteryLowPercent, faultsOfVitals } from '../../../protocols/health/vitals-faults.ts'
import { refusedDevices } from '../../health/file-findings.ts'
import { allVitalsOf } from '../../health/vitals.ts'
import type { CheckReport, Note } from './check-report.ts'
import type { RunningBox } from './check-world.ts'

const devicesShown = 40
const namesShown = 10
const signalWatchDbm = -110

const named = (ids: readonly string[]): string =>
  ids.slice(0, namesShown).join(', ') + (ids.length > namesShown ? ' …' : '')

export function checkRunning(running: RunningBox | undefined, nowMs: number): CheckReport {
  if (!running) return { faults: [{ code: 'gateway-stopped', grade: 'act', facts: {} }], notes: [] }
  const { health } = running
  // Files are read here as they are now, and so is what is certain of the certificate.
  const { findings: _findings, ...rest } = health
  const { certificate: _certificate, ...vitals } = allVitalsOf(rest)
  const { offsetMs } = health.clock
  const basis = { nowMs, ...(offsetMs === undefined ? {} : { clockOffsetMs: offsetMs }) }
  return {
    faults: [...faultsOfVitals(vitals, basis), ...linkFaults(health), ...refusedDevices(running.knocking)],
    notes: [
      {
        grade: 'good',
        zh: `网关正在运行，版本 ${health.box.version}`,
        en: `the gateway runs, version ${health.box.version}.`,
      },
      ...linkNotes(health),
      ...deviceNotes(health),
      ...auditNotes(health),
    ],
  }
}

function linkFaults({ link }: HealthAnswer): Fault[] {
  if (link.state === 'connected' || link.state === 'none') return []
  const why = link.problem?.en ?? link.state
  return [{ code: 'not-linked', grade: 'act', facts: { why } }]
}

function linkNotes({ link, lanes }: HealthAnswer): Note[] {
  const waiting = Object.values(lanes).reduce((sum, { last, receipted }) => sum + last - receipted, 0)
  const linked: Note[] =
    link.state === 'connected' ? [{ grade: 'good', zh: '与镇中心已连接', en: 'linked to the centre.' }] : []
  const grade = waiting > 1000 ? 'watch' : 'good'
  return [
    ...linked,
    {
      grade,
      zh: `等待上送的记录 ${waiting} 条`,
      en: `${waiting} ${waiting === 1 ? 'record waits' : 'records wait'} for the centre.`,
    },
  ]
}

function deviceNotes({ devices }: HealthAnswer): Note[] {
  const away = devices.list
    .filter(({ presence }) => presence !== 'present' && presence !== 'silent')
    .map(({ id }) => id)
  const [zhAway, enAway] =
    away.length > 0
      ? [`；尚未听到或迟到：${named(away)}`, `; late, or not heard since the start: ${named(away)}`]
      : ['', '']
  return [
    {
      grade: devices.present < devices.known ? 'watch' : 'good',
      zh: `设备 ${devices.known} 台，在线 ${devices.present} 台${zhAway}`,
      en: `${devices.present} of ${devices.known} devices are present${enAway}.`,
    },
    ...devices.list
      .filter(({ batteryPercent, signalDbm, repeats, refused }) =>
        [batteryPercent, signalDbm, repeats, refused].some((known) => known !== undefined),
      )
      .slice(0, devicesShown)
      .map(deviceNote),
  ]
}

/** Last battery with the month in which it ends, signal, repeats and unreadable messages of one device. */
function deviceNote({ id, batteryPercent, flatAtMs, signalDbm, repeats, refused }: HealthDevice): Note {
  const month = flatAtMs === undefined ? undefined : new Date(flatAtMs).toISOString().slice(0, 7)
  const zh = [
    ...(batteryPercent === undefined ? [] : [`电量 ${batteryPercent}%`]),
    ...(month === undefined ? [] : [`约 ${month} 用完`]),
    ...(signalDbm === undefined ? [] : [`信号 ${signalDbm} dBm`]),
    ...(repeats === undefined ? [] : [`重复 ${repeats} 条`]),
    ...(refused === undefined ? [] : [`无法识别 ${refused} 条`]),
  ]
  const en = [
    ...(batteryPercent === undefined ? [] : [`battery ${batteryPercent} %`]),
    ...(month === undefined ? [] : [`flat in ${month}`]),
    ...(signalDbm === undefined ? [] : [`signal ${signalDbm} dBm`]),
    ...(repeats === undefined ? [] : [`${repeats} messages repeated`]),
    ...(refused === undefined ? [] : [`${refused} messages not readable`]),
  ]
  const isWeak =
    (batteryPercent ?? 100) < batteryLowPercent || (signalDbm ?? 0) < signalWatchDbm || refused !== undefined
  return { grade: isWeak ? 'watch' : 'good', zh: `${id}：${zh.join('，')}`, en: `${id}: ${en.join(', ')}.` }
}

/** A box proves later that nothing was taken out of the centre's trail. */
function auditNotes({ auditHeads = [] }: HealthAnswer): Note[] {
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
