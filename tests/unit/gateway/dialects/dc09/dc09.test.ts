// Do the reports of alarm panels become readings, by the public examples of SIA DC-09?
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { panelEvents } from '../../../../../gateway/dialects/dc09/dc09-events.ts'
import { dc09 } from '../../../../../gateway/dialects/dc09/dc09.ts'
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
  ['ADM-CID', '#1|1380 01 004', { faults: ['contact-id-380'] }],
  ['ADM-CID', '#1|3380 01 004', { faults: [] }],
  ['ADM-CID', '#1|1406 01 001', { momentary: { button: 'cancel' } }],
  ['ADM-CID', '#1|3401 01 001', { readings: { panelArmed: true } }],
  // A code that is in no list.
  ['ADM-CID', '#1|1199 01 001', { momentary: { button: 'pressed' } }],
  ['SIA-DCS', '#1|Nri1/BA015', { zone: '015', readings: { contact: 'open' } }],
  ['SIA-DCS', '#1|Nti10:23/ri2/BR15', { zone: '015', readings: { contact: 'closed' } }],
  ['SIA-DCS', '#1|Nri0/MA002', { momentary: { button: 'pressed' } }],
  ['SIA-DCS', '#1|Nri0/HA002', { momentary: { button: 'duress' } }],
  ['SIA-DCS', '#1|Nri0/CL501', { readings: { panelArmed: true } }],
  ['SIA-DCS', '#1|Nri0/OP001^a name^', { readings: { panelArmed: false } }],
  ['SIA-DCS', '#1|Nri0/YC000', { faults: ['sia-YC'] }],
  ['SIA-DCS', '#1|Nri0/YK000', { faults: [] }],
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
