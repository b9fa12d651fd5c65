// SIA DC-09: alarm panels that call in. One message is one frame, decrypted, without its time, so that a repeat has the same bytes; the reply is
// the word of the answer, which the listener writes as a frame once everything is stored.
import { parseFrame } from '../../../platform/dc09/dc09-frame.ts'
import type { DeviceResult, Dialect } from '../port.ts'
import { nothing, unreadable } from '../port.ts'
import { panelEvents, type PanelEvent } from './dc09-events.ts'

/** A panel that hears no ACK sends the same frame again, several times in this time at most. */
const repeatMs = 120_000

/** The device of a zone, `1234.015`, where it is listed; else the panel. */
function resultOf(
  account: string,
  { zone, readings, momentary, faults }: PanelEvent,
  isListed: (address: string) => boolean,
): DeviceResult {
  const ofZone = `${account}.${zone}`
  const device = zone !== '' && isListed(ofZone) ? ofZone : account
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
  decode: ({ payload }, _known, { isListed = () => false }) => {
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
    return { results: events.map((event) => resultOf(account, event, isListed)), reply: Buffer.from('ACK') }
  },
  encode: () => ({ cannot: 'a panel takes no commands from the box' }),
}
