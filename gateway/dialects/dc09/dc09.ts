// SIA DC-09: alarm panels that call in. One message is one frame, decrypted, without its time, so that a repeat has the same bytes; the reply is
// the word of the answer, which the listener writes as a frame once everything is stored.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import { parseFrame } from '../../../platform/dc09/dc09-frame.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { Standing } from '../meaning/standing.ts'
import type { DeviceResult, Dialect } from '../port.ts'
import { nothing, unreadable } from '../port.ts'
import { panelEvents, type PanelEvent } from './dc09-events.ts'

/** A panel that hears no ACK sends the same frame again, several times in this time at most. */
const repeatMs = 120_000

/** The readings that are over by a restore, with the value that says so. */
const overValues: Record<string, unknown> = lookup({
  contact: 'closed',
  mains: 'on',
  fire: false,
  smoke: false,
  gas: false,
  leak: false,
  carbonMonoxide: false,
  tamper: false,
  batteryLow: false,
})
/** Some panels send no restore: each report of these that is no repeat is a new alarm. */
const begins = new Set(['contact', 'fire', 'smoke', 'gas', 'leak', 'carbonMonoxide'])

/** Without an end that would also end what another zone still reports. */
function readingsOf(device: string, { zone, readings, isAgain }: PanelEvent, standing: Standing): Readings {
  const [name] = Object.keys(readings)
  if (name === undefined || overValues[name] === undefined) return readings
  if (readings[name] !== overValues[name]) {
    standing.begin(device, name, zone)
    return begins.has(name) && !isAgain ? { ...readings, isNewAlarm: true } : readings
  }
  const others = standing.end(device, name, zone)
  return others.length === 0 ? readings : { panelEvent: `${name}-restored` }
}

function faultsOf(
  device: string,
  { zone, fault }: PanelEvent,
  standing: Standing,
): readonly string[] | undefined {
  if (!fault) return undefined
  const name = zone === '' ? fault.name : `${fault.name} ${zone}`
  return fault.isOver ? standing.end(device, 'faults', name) : standing.begin(device, 'faults', name)
}

/** The device of a zone, `1234.015`, where it is listed; else the panel. */
function resultOf(
  account: string,
  event: PanelEvent,
  isListed: (address: string) => boolean,
  standing: Standing,
): DeviceResult {
  const { zone, momentary } = event
  const ofZone = `${account}.${zone}`
  const device = zone !== '' && isListed(ofZone) ? ofZone : account
  const readings = readingsOf(device, event, standing)
  const faults = faultsOf(device, event, standing)
  const isEmpty = Object.keys(readings).length === 0 && faults === undefined
  return {
    device,
    readings: zone === '' || device !== account ? readings : { ...readings, panelZone: zone },
    ...(momentary ? { momentary } : {}),
    ...(faults ? { faults } : {}),
    ...(isEmpty ? { presence: 'online' as const } : {}),
    about: { model: 'SIA DC-09' },
  }
}

export const dc09: Dialect = {
  name: 'dc09',
  repeats: { by: 'content', windowMs: repeatMs },
  topics: () => ({ publish: [], subscribe: [] }),
  claims: (topic) => /^dc09(\/|$)/.test(topic),
  decode: ({ payload }, known, { isListed = () => false }) => {
    const frame = parseFrame(payload)
    if (typeof frame === 'string') return unreadable(`no frame of DC-09: ${frame}`)
    const { id, account, data } = frame
    if (account === undefined) return unreadable('no account')
    if (id === 'NULL')
      return {
        results: [{ device: account, readings: {}, presence: 'online', about: { model: 'SIA DC-09' } }],
        reply: Buffer.from('ACK'),
      }
    if (id !== 'ADM-CID' && id !== 'SIA-DCS') return nothing(`${id} is no report`)
    const events = panelEvents(id, data)
    // DUH: the panel does not send it again.
    if (typeof events === 'string') return { ...unreadable(events, account), reply: Buffer.from('DUH') }
    const standing = new Standing(known)
    const results = events.map((event) => resultOf(account, event, isListed, standing))
    return { results, reply: Buffer.from('ACK'), ...standing.learned }
  },
  encode: () => ({ cannot: 'a panel takes no commands from the box' }),
}
