// The armed, bypassed, tested and shelved items and by whom, from the engine's memory; for console, heartbeat and
// desk.
import {
  guardBytesMax,
  guardHolds,
  guardListMax,
  type Guard,
  type GuardHold,
} from '../../protocols/domain/guard.ts'
import type { GatewayConfig } from '../config/config.ts'
import { alarmPrefix, readAlarm, readBox, readZone, type Maintenance } from './documents.ts'
import type { AlarmMemory } from './port.ts'
import { wholeBox } from './zones/maintenance.ts'

type Named = { id: string; name?: string | undefined }
const named = ({ id, name }: Named): Named => ({ id, ...(name === undefined ? {} : { name }) })

/** Zones without doors and motion sensors are left out until a person arms them. */
export function guardOf(
  memory: AlarmMemory,
  config: Pick<GatewayConfig, 'zones' | 'devices'>,
  steadyMs: number,
): Guard {
  const watched = new Set(
    config.devices.filter(({ kind }) => kind === 'contact' || kind === 'motion').map(({ zone }) => zone),
  )
  const guard: Guard = { zones: [], bypassed: [], maintenance: [], shelved: [] }
  const rest = (place: Named, maintenance: Maintenance | undefined): void => {
    if (maintenance && maintenance.untilMs > steadyMs)
      guard.maintenance.push({ ...named(place), by: maintenance.by, leftMs: maintenance.untilMs - steadyMs })
  }
  const box = readBox(memory)
  rest({ id: wholeBox }, box.maintenance)
  for (const zone of config.zones) {
    const document = readZone(memory, zone.id)
    rest(zone, document?.maintenance)
    if (!document && !watched.has(zone.id)) continue
    const isArmed = document?.isArmed ?? zone.armed
    // A zone that was only put on test has a default document.
    const forMs =
      document && document.by !== 'default' ? { forMs: Math.max(0, steadyMs - document.sinceMs) } : {}
    guard.zones.push({ ...named(zone), isArmed, by: document?.by ?? 'default', ...forMs })
  }
  for (const [id, { by, untilMs }] of Object.entries(box.bypasses ?? {})) {
    if (untilMs <= steadyMs) continue
    const device = config.devices.find((one) => one.id === id)
    guard.bypassed.push({ ...named(device ?? { id }), by, leftMs: untilMs - steadyMs })
  }
  for (const key of memory.keys(alarmPrefix)) {
    const document = readAlarm(memory, key)
    if (document?.alarm.state !== 'shelved' || document.shelvedUntilMs === undefined) continue
    const { alarm, shelvedUntilMs, shelvedBy = '' } = document
    const name = config.devices.find(({ id }) => id === alarm.device)?.name ?? alarm.device
    guard.shelved.push({ id: alarm.id, name, by: shelvedBy, leftMs: Math.max(0, shelvedUntilMs - steadyMs) })
  }
  return guard
}

/** As many items as fit into a heartbeat; the rest is counted. */
export function fitGuard(guard: Guard): Guard {
  let more = 0
  const cut = <T>(list: readonly T[], max: number): T[] => {
    more += Math.max(0, list.length - max)
    return list.slice(0, max)
  }
  const lists = ['zones', ...guardHolds] as const
  for (let max = guardListMax; ; max = Math.floor(max / 2)) {
    more = 0
    const fit = Object.fromEntries(lists.map((name) => [name, cut<GuardHold | object>(guard[name], max)]))
    const next = { ...fit, ...(more > 0 ? { more } : {}) } as unknown as Guard
    if (max === 0 || Buffer.byteLength(JSON.stringify(next)) <= guardBytesMax) return next
  }
}
