// Do the reports of alarm panels become readings, by the public examples of SIA DC-09?
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { panelEvents } from '../../../../../gateway/dialects/dc09/dc09-events.ts'
import { dc09 } from '../../../../../gateway/dialects/dc09/dc09.ts'
import { LearnedDocuments } from '../../../../../gateway/dialects/session/knowledge.ts'
import type { Decoded, Knowledge } from '../../../../../gateway/dialects/port.ts'
import { encodeFrame, parseFrame } from '../../../../../platform/dc09/dc09-frame.ts'

const known: Knowledge = { get: () => undefined }
const decode = (payload: Uint8Array, listed: readonly string[] = []): Decoded =>
  dc09.decode({ topic: 'dc09', payload, isRetained: false, atMs: 0 }, known, {
    isListed: (address) => listed.includes(address),
  }) as Decoded
const replyOf = ({ reply }: Decoded): string => Buffer.from(reply ?? []).toString()

describe('frames of others, with their CRC', () => {
  // The first two stand in the standard; the others were recorded from panels.
  it.each<[string, string, unknown, string]>([
    [
      'CE110032"SIA-DCS"9876R579BDFL789ABC#12345A[#12345A|NFA129]',
      '12345A',
      { fire: true, panelZone: '129' },
      'ACK',
    ],
    [
      '87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]',
      '12345A',
      { fire: true, panelZone: '129' },
      'ACK',
    ],
    ['D730002F"NULL"0000R7896L7896#3456[]_17:01:26,07-26-2024', '3456', {}, 'ACK'],
    [
      'F92F0043"ADM-CID"0020R7896L7896#3456[#3456|1407 00 001]_17:01:14,07-26-2024',
      '3456',
      { panelArmed: false },
      'ACK',
    ],
    ['B4330036"SIA-DCS"0442L000#36214[36214|NRP]_00:00:00,02-21-2024', '36214', { panelEvent: 'RP' }, 'ACK'],
    [
      'F68B003B"ADM-CID"0028L0#9757[#9757|1602 00 000]_20:59:45,02-20-2024',
      '9757',
      { panelEvent: '602' },
      'ACK',
    ],
  ])('reads %s', (frame, device, readings, reply) => {
    const decoded = decode(Buffer.from(`\n${frame}\r`))
    expect(decoded.results).toMatchObject([{ device, readings }])
    expect(replyOf(decoded)).toBe(reply)
    // One changed digit of the CRC.
    const broken = frame.replace(/^(.)/, (digit) => (digit === '0' ? '1' : '0'))
    expect(decode(Buffer.from(broken)).quarantined).toContain('crc')
  })
})

it.each<['ADM-CID' | 'SIA-DCS', string, unknown]>([
  ['ADM-CID', '#1|1100 00 001', { zone: '001', momentary: { button: 'pressed' } }],
  ['ADM-CID', '#1|1122 00 001', { momentary: { button: 'duress' } }],
  ['ADM-CID', '#1|1130 01 015', { zone: '015', readings: { contact: 'open' } }],
  ['ADM-CID', '#1|3130 01 015', { zone: '015', readings: { contact: 'closed' } }],
  ['ADM-CID', '#1|6111 01 002', { readings: { smoke: true } }],
  ['ADM-CID', '#1|1154 01 002', { readings: { leak: true } }],
  ['ADM-CID', '#1|1301 00 000', { zone: '', readings: { mains: 'off' } }],
  ['ADM-CID', '#1|3301 00 000', { readings: { mains: 'on' } }],
  ['ADM-CID', '#1|1384 01 004', { zone: '004', readings: { batteryLow: true } }],
  ['ADM-CID', '#1|1380 01 004', { fault: { name: 'contact-id-380', isOver: false } }],
  ['ADM-CID', '#1|3380 01 004', { fault: { name: 'contact-id-380', isOver: true } }],
  ['ADM-CID', '#1|1406 01 001', { momentary: { button: 'cancel' } }],
  ['ADM-CID', '#1|3401 01 001', { readings: { panelArmed: true } }],
  ['ADM-CID', '#1|3441 01 001', { readings: { panelArmed: true } }],
  // It could not arm; a wrong code; a door stays open.
  ['ADM-CID', '#1|1454 01 001', { readings: { panelEvent: '454' } }],
  ['ADM-CID', '#1|1461 01 001', { readings: { panelEvent: '461' } }],
  ['ADM-CID', '#1|3426 01 001', { readings: { panelEvent: '426' } }],
  // A code that is in no list.
  ['ADM-CID', '#1|1199 01 001', { momentary: { button: 'pressed' } }],
  ['SIA-DCS', '#1|Nri1/BA015', { zone: '015', readings: { contact: 'open' } }],
  ['SIA-DCS', '#1|Nti10:23/ri2/BR15', { zone: '015', readings: { contact: 'closed' } }],
  ['SIA-DCS', '#1|Nri0/MA002', { momentary: { button: 'pressed' } }],
  ['SIA-DCS', '#1|Nri0/HA002', { momentary: { button: 'duress' } }],
  ['SIA-DCS', '#1|Nri0/CL501', { readings: { panelArmed: true } }],
  ['SIA-DCS', '#1|Nri0/OP001^a name^', { readings: { panelArmed: false } }],
  ['SIA-DCS', '#1|Nri0/YC000', { fault: { name: 'sia-YC', isOver: false } }],
  ['SIA-DCS', '#1|Nri0/YK000', { fault: { name: 'sia-YC', isOver: true } }],
  // An expander and a sensor that work again.
  ['SIA-DCS', '#1|Nri0/ER000', { fault: { name: 'sia-ET', isOver: true } }],
  ['SIA-DCS', '#1|Nri0/BJ003', { zone: '003', fault: { name: 'sia-BT', isOver: true } }],
  ['SIA-DCS', '#1|Nri0/QR001', { readings: { panelEvent: 'QR' } }],
  // An alarm whose letters are in no list.
  ['SIA-DCS', '#1|Nri0/PA003', { momentary: { button: 'pressed' } }],
])('reads %s %s', (id, data, event) => {
  expect(panelEvents(id, data)).toMatchObject([event])
})

it('reads several events of one frame, each for its zone', () => {
  const bytes = encodeFrame({
    id: 'SIA-DCS',
    sequence: 7,
    line: '0',
    account: '1234',
    more: '',
    data: '#1234|Nri1/BA001/FA002',
  })
  const { results } = decode(bytes, ['1234', '1234.002'])
  expect(results).toMatchObject([
    { device: '1234', readings: { contact: 'open', panelZone: '001' } },
    { device: '1234.002', readings: { fire: true } },
  ])
})

/** Reports of a panel one after the other; what was learned of one is there for the next. */
function panel() {
  const documents = new LearnedDocuments()
  return (data: string, listed: readonly string[] = ['1234']): Decoded['results'] => {
    const payload = encodeFrame({ id: 'ADM-CID', sequence: 1, line: '0', account: '1234', more: '', data })
    const settings = { isListed: (address: string) => listed.includes(address) }
    const message = { topic: 'dc09', payload, isRetained: false, atMs: 0 }
    const decoded = dc09.decode(message, documents, settings) as Decoded
    documents.take(decoded.learned ?? [])
    return decoded.results
  }
}

it('ends a reading when all zones without a device of their own are restored, and only then', () => {
  const says = panel()
  says('#1234|1110 00 015')
  says('#1234|1110 00 016')
  expect(says('#1234|3110 00 016')[0]?.readings).toEqual({ panelEvent: 'fire-restored', panelZone: '016' })
  // The same restore once more.
  expect(says('#1234|3110 00 016')[0]?.readings).not.toHaveProperty('fire')
  expect(says('#1234|3110 00 015')[0]?.readings).toEqual({ fire: false, panelZone: '015' })
  // Twin: a zone with a device of its own ends its own reading.
  says('#1234|1110 00 016')
  says('#1234|1110 00 017', ['1234', '1234.017'])
  expect(says('#1234|3110 00 017', ['1234', '1234.017'])).toMatchObject([
    { device: '1234.017', readings: { fire: false } },
  ])
})

it('names the faults that still stand, and an empty list when none does', () => {
  const says = panel()
  expect(says('#1234|1380 01 004')[0]?.faults).toEqual(['contact-id-380 004'])
  expect(says('#1234|1330 01 000')[0]?.faults).toEqual(['contact-id-380 004', 'contact-id-330'])
  expect(says('#1234|3380 01 004')[0]?.faults).toEqual(['contact-id-330'])
  expect(says('#1234|3330 01 000')[0]?.faults).toEqual([])
  // A fault from before the box knew the panel.
  expect(says('#1234|3381 01 000')[0]?.faults).toEqual([])
})

it('marks each new alarm as new: a panel may send no restore', () => {
  const says = panel()
  const isNew = (data: string): unknown => says(data)[0]?.readings['isNewAlarm']
  expect(['#1|1110 00 015', '#1|1130 00 015', '#1|1110 00 015'].map(isNew)).toEqual([true, true, true])
  // It stands still; it is over; and a level that counts no beginnings.
  expect(['#1|6110 00 015', '#1|3110 00 015', '#1|1137 00 015'].map(isNew)).toEqual(Array(3).fill(undefined))
})

it('answers with "not understood" what it can not read, and keeps it', () => {
  const bytes = encodeFrame({
    id: 'ADM-CID',
    sequence: 7,
    line: '0',
    account: '1234',
    data: '#1234|what',
    more: '',
  })
  const decoded = decode(bytes)
  expect([replyOf(decoded), decoded.quarantinedDevice]).toEqual(['DUH', '1234'])
  const ack = encodeFrame({ id: 'ACK', sequence: 7, account: '1234', data: '', more: '' })
  expect(decode(ack)).toMatchObject({ results: [], ignored: expect.any(String) as string })
})

it('reads any bytes and any data without failing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.stringMatching(/^[ -~]{0,60}$/), (bytes, data) => {
      decode(bytes)
      panelEvents('ADM-CID', data)
      panelEvents('SIA-DCS', data)
      const frame = encodeFrame({
        id: 'SIA-DCS',
        sequence: 1,
        account: '1',
        data: data.replace(/\]/g, ''),
        more: '',
      })
      const isFrame = typeof parseFrame(frame) !== 'string'
      expect([isFrame, replyOf(decode(frame)) !== '']).toEqual([isFrame, isFrame])
    }),
    { numRuns: 500 },
  )
  expect(panelEvents('SIA-DCS', `#1|N${'ri1'.repeat(300)}`)).toBe('no event of SIA')
  expect(panelEvents('SIA-DCS', `#1|N${'/BA1'.repeat(300)}`)).toBe('more than 20 events')
})
