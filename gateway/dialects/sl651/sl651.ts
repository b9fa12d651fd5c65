// SL 651-2014: water and rain recorders that connect over TCP. One message is one frame, or all packets of one report
// in sequence; the reply is the centre's confirmation, sent once everything is stored.
import { parseBody, parseText, timeOf, type Report, type Section } from './elements.ts'
import { control, cutFrame, encodeFrame, type Frame } from './frame.ts'
import { nothing, unreadable, type Decoded, type Dialect, type DeviceResult } from '../port.ts'

/**
 * Annex B. 2F keeps the link open, 30 tests, 31 to 35 are reports: even intervals, fixed times, extra, hourly, by hand; 36
 * is a picture. 37, 3A and 46 are a station's answers to questions (mode M4) about its newest values and its state.
 */
const linkCode = 0x2f
const pictureCode = 0x36
const reportCodes = new Set([0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x37, 0x3a, 0x46])

/** A downlink frame about this uplink: in mode M3 with the number of the packet that it is about (tables 19 and 23). */
export function answerTo(
  frame: Frame,
  { serial, sentAt }: Pick<Report, 'serial' | 'sentAt'>,
  end: number,
  packet = frame.packets,
): Uint8Array {
  const { isText, centre, station, password, code, isMulti, packets } = frame
  const body = Buffer.from(`${serial}${sentAt}`, isText ? 'latin1' : 'hex')
  const about = isMulti ? { isMulti, packets, packet } : {}
  return encodeFrame({ isText, centre, station, password, code, isDown: true, body, end, ...about })
}

/**
 * Modes M2 and M4: ACK where frames follow (ETB); ESC at the end: the station stays connected. In mode M1 a station
 * listens for no answer, and one does no harm.
 */
const confirmationOf = (frame: Frame, report: Report): Uint8Array =>
  answerTo(frame, report, !frame.isMulti && frame.end === control.etb ? control.ack : control.esc)

/** All frames of a message as one; the packets may arrive in any order, each once. */
function framesOf(payload: Uint8Array): Frame | string {
  const parts = new Map<number, Frame>()
  let first: Frame | undefined
  let at = 0
  while (at < payload.length) {
    const cut = cutFrame(payload.subarray(at))
    if (!cut.frame) return cut.problem ?? 'the frame is cut off'
    const { frame } = cut
    if (parts.size > 4095) return 'more packets than a report has'
    const { station, code, packets } = (first ??= frame)
    if (frame.station !== station || frame.code !== code || frame.packets !== packets)
      return 'frames of two messages'
    parts.set(frame.packet, frame)
    at += cut.size
  }
  if (!first) return 'empty'
  if (parts.size < first.packets) return 'packets are missing'
  const bodies = [...parts].toSorted(([one], [other]) => one - other).map(([, { body }]) => body)
  return { ...first, body: Buffer.concat(bodies) }
}

function resultOf(frame: Frame, { serial, sentAt }: Report, section: Section): DeviceResult {
  const { station = frame.station, observedAtMs, readings, faults, kind } = section
  const deviceAtMs = observedAtMs ?? timeOf(sentAt)
  const id = `s${frame.code.toString(16)}-${serial}-${observedAtMs ?? sentAt}`
  const isEmpty = Object.keys(readings).length === 0
  return {
    device: station,
    readings,
    messageId: id,
    ...(faults ? { faults } : {}),
    ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
    ...(isEmpty ? { presence: 'online' as const } : {}),
    about: { model: `SL 651 ${kind ?? ''}`.trim(), readings: Object.keys(readings) },
  }
}

function decodeFrame(frame: Frame, password: string | undefined): Decoded {
  const { station, code, isDown, isText, body } = frame
  if (isDown) return nothing('a downlink')
  if (!/^[0-9A-F]{10}$/.test(station)) return unreadable('no address of a station')
  if (password !== undefined && frame.password !== password.toUpperCase())
    return unreadable('the password of the recorder is wrong', station)
  const report = isText ? parseText(body) : parseBody(body)
  if (typeof report === 'string') return unreadable(report, station)
  if (report.problem !== undefined) return unreadable(report.problem, station)
  const reply = confirmationOf(frame, report)
  // The standard requires no answer to a keep-alive frame.
  if (code === linkCode || code === pictureCode)
    return {
      results: [{ ...resultOf(frame, report, { readings: {} }), presence: 'online' }],
      ...(code === linkCode ? {} : { reply }),
    }
  if (!reportCodes.has(code))
    return { ...unreadable(`function ${code.toString(16)} is no report`, station), reply }
  const sections = report.sections.length > 0 ? report.sections : [{ readings: {} }]
  return { results: sections.map((section) => resultOf(frame, report, section)), reply }
}

export const sl651: Dialect = {
  name: 'sl651',
  repeats: { by: 'counter' },
  topics: () => ({ publish: [], subscribe: [] }),
  claims: (topic) => /^sl651(\/|$)/.test(topic),
  decode: ({ payload }, _known, { password }) => {
    const frame = framesOf(payload)
    return typeof frame === 'string' ? unreadable(frame) : decodeFrame(frame, password)
  },
  encode: () => ({ cannot: 'a recorder takes no commands from the box' }),
}
