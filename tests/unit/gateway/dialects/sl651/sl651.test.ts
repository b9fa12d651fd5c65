// SL 651 frames: published examples (toymoban.com/news/detail-686475), our own answers, and bytes that are no frame.
import { describe, expect, it } from 'vitest'
import type { Decoded } from '../../../../../gateway/dialects/port.ts'
import {
  control,
  crcOf,
  cutFrame,
  encodeFrame,
  type Frame,
} from '../../../../../gateway/dialects/sl651/frame.ts'
import { Packets } from '../../../../../gateway/dialects/sl651/packets.ts'
import { sl651 } from '../../../../../gateway/dialects/sl651/sl651.ts'

const decode = (payload: Uint8Array, password?: string): Decoded =>
  sl651.decode(
    { topic: 'sl651', payload, isRetained: false, atMs: 0 },
    { get: () => undefined },
    { password },
  ) as Decoded
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const upper = (bytes: Uint8Array | undefined): string =>
  Buffer.from(bytes ?? [])
    .toString('hex')
    .toUpperCase()

const test30 =
  '7E7E010012345678123430002B020003591011154947F1F1001234567848F0F0591011154920190000052619000005392300000127381211150320FA'
const fixed32 =
  '7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421'

describe('published frames', () => {
  it('reads a test report, and confirms it as the published centre does', () => {
    const { results, reply } = decode(hex(test30))
    expect(results).toMatchObject([
      {
        device: '0012345678',
        readings: { rainMm: 0.5, rainTotalMm: 0.5, waterLevelMm: 127, batteryVolts: 11.15 },
      },
    ])
    expect(upper(reply)).toBe('7E7E00123456780112343080080200035910111549471B75D4')
  })

  it('reads a report at a fixed time: 10.49 m, in the time of China', () => {
    const { results, reply } = decode(hex(fixed32))
    expect(results).toMatchObject([
      {
        device: '0011223344',
        readings: { rainMm: 4, rainTotalMm: 4, waterLevelMm: 10_490, batteryVolts: 10.99 },
        deviceAtMs: Date.parse('2017-07-18T11:00:00+08:00'),
      },
    ])
    expect(upper(reply)).toBe('7E7E00112233440503E83280080200341707181100161BE5D4')
  })

  it('takes a link report as a sign of life that needs no answer', () => {
    const decoded = decode(hex('7E7E01001234567812342F0008020003591011155111036BCA'))
    expect(decoded.results).toMatchObject([{ device: '0012345678', readings: {}, presence: 'online' }])
    expect(decoded.reply).toBeUndefined()
  })
})

const frame = {
  isText: false,
  centre: 1,
  station: '0012345678',
  password: '1234',
  code: 0x32,
  isDown: false,
  end: control.etx,
}
const body = (elements: string): Buffer =>
  hex(`0003 260701080000 F1F1 0012345678 48 F0F0 2607010800 ${elements}`)

describe('elements', () => {
  it('knows below zero, no value, and series that it passes over', () => {
    const more = `39 23 FF000500 26 19 AAAAAA F4 60 ${'00'.repeat(12)} 38 12 1250`
    expect(decode(encodeFrame({ ...frame, body: body(more) })).results).toMatchObject([
      { readings: { waterLevelMm: -500, rainTotalMm: null, batteryVolts: 12.5 } },
    ])
  })

  it('keeps a report raw whose last element is cut off, and does not confirm it', () => {
    const decoded = decode(encodeFrame({ ...frame, body: body('39 23 0001') }))
    expect(decoded).toMatchObject({ results: [], quarantinedDevice: '0012345678' })
    expect(decoded.reply).toBeUndefined()
  })

  it('reads the ASCII form', () => {
    const text = '0007260701080000ST 0012345678 H TT 2607010800 PJ 1.5 PT 20.0 Z 12.345 VT 12.31 '
    const { results, reply } = decode(
      encodeFrame({ ...frame, isText: true, body: Buffer.from(text, 'latin1') }),
    )
    expect(results).toMatchObject([
      {
        device: '0012345678',
        readings: { rainMm: 1.5, rainTotalMm: 20, waterLevelMm: 12_345, batteryVolts: 12.31 },
      },
    ])
    expect(cutFrame(reply ?? new Uint8Array())).toMatchObject({
      frame: { isText: true, isDown: true, station: '0012345678', centre: 1 },
    })
  })
})

/** By the tables of the standard: 6.6.4.4, 6.6.4.7, 6.6.2.7, table 58, annex C. */
describe('reports after the standard', () => {
  const said = (elements: string, code = 0x32): Decoded =>
    decode(encodeFrame({ ...frame, code, body: body(elements) }))
  const inText = (text: string, code = 0x32): Decoded =>
    decode(encodeFrame({ ...frame, code, isText: true, body: Buffer.from(text, 'latin1') }))
  const at = (time: string): number => Date.parse(`2026-07-01T${time}:00+08:00`)

  it('takes the newest known value of a series, with its own time', () => {
    expect(said('0418 000005 39 23 00001049 00001050 FFFFFFFF', 0x31).results).toMatchObject([
      { readings: { waterLevelMm: 1050 }, deviceAtMs: at('08:05') },
    ])
    const text = '0007260701080000ST 0012345678 H TT 2607010800 DRN05 Z PJ 1.049 0.5 1.051 M 1.052 1.5 '
    expect(inText(text, 0x31).results).toMatchObject([
      { readings: { waterLevelMm: 1052, rainMm: 1.5 }, deviceAtMs: at('08:10') },
    ])
  })

  it('reads an hourly report: the rain of its twelve parts, and the level at its own time', () => {
    const series = `0418 000000 F460 ${'01'.repeat(11)} FF F5C0 ${'0001'.repeat(12)}`
    expect(
      said(`${series} 26 19 000123 F0F0 2607010900 39 23 00012345 38 12 1225`, 0x34).results,
    ).toMatchObject([
      {
        readings: { rainHourMm: 1.1, rainTotalMm: 12.3, waterLevelMm: 12_345, batteryVolts: 12.25 },
        deviceAtMs: at('09:00'),
      },
    ])
  })

  it('reads the state of a station, whose faults end with the next one', () => {
    expect(said('39 23 00001000 45 20 000000C3').results).toMatchObject([
      {
        readings: { hasMains: false, batteryLow: true, cabinet: 'closed', isLevelOverLimit: false },
        faults: ['level-gauge'],
      },
    ])
    expect(said('45 20 00000080', 0x46).results).toMatchObject([{ readings: { hasMains: true }, faults: [] }])
  })

  it('keeps the stations of one report apart, and reads more elements', () => {
    const other = 'F1F1 0087654321 4B F0F0 2607010810 3B 23 00099000 3A 23 00012000 27 2B 000012345'
    const { results } = said(`39 23 00001000 18 19 000655 ${other}0`)
    expect(results).toMatchObject([
      { device: '0012345678', readings: { waterLevelMm: 1000, humidityPercent: 65.5 } },
      {
        device: '0087654321',
        readings: { waterLevelMm: 99_000, waterLevelBelowMm: 12_000, flowM3PerSecond: 123.45 },
      },
    ])
  })

  it('takes what a person wrote at the station as text, and guesses no level from it', () => {
    const text = Buffer.from('ST 00123 Z 12.3').toString('hex')
    const manual = encodeFrame({ ...frame, code: 0x35, body: hex(`0003 260701080000 F2F2 ${text}`) })
    expect(decode(manual).results).toMatchObject([{ readings: { manualText: 'ST 00123 Z 12.3' } }])
  })

  it('answers ACK while frames follow, ESC at the end, and in mode M3 with the number of packets', () => {
    const whole = body('39 23 00001000')
    const endOf = (bytes: Uint8Array): unknown => {
      const { frame: answer } = cutFrame(decode(bytes).reply ?? new Uint8Array())
      return answer && [answer.end, answer.isMulti, answer.packets, answer.packet]
    }
    expect(endOf(encodeFrame({ ...frame, body: whole, end: control.etb }))).toEqual([
      control.ack,
      false,
      1,
      1,
    ])
    expect(endOf(encodeFrame({ ...frame, body: whole }))).toEqual([control.esc, false, 1, 1])
    const parts = [whole.subarray(0, 20), whole.subarray(20)].map((part, place) =>
      encodeFrame({
        ...frame,
        packets: 2,
        packet: place + 1,
        body: part,
        end: place ? control.etx : control.etb,
      }),
    )
    expect(endOf(Buffer.concat(parts))).toEqual([control.esc, true, 2, 2])
  })
})

/** Clause 6.3.1.2 c. */
describe('packets of mode M3', () => {
  const whole = body('39 23 00012345 38 12 1200')
  const packetOf = (packet: number, end: number): [Frame, Buffer] => {
    const part = whole.subarray((packet - 1) * 8, packet === 3 ? undefined : packet * 8)
    const bytes = Buffer.from(encodeFrame({ ...frame, packets: 3, packet, body: part, end }))
    return [cutFrame(bytes).frame as Frame, bytes]
  }
  const asked = (taken: object): unknown =>
    'answers' in taken
      ? (taken.answers as Uint8Array[]).map((bytes) => {
          const { frame: answer } = cutFrame(bytes)
          return answer && [answer.end, answer.packet, upper(answer.body)]
        })
      : taken

  it('asks for each missing packet by its number with NAK, and reads the report when they are here', () => {
    const packets = new Packets()
    expect(asked(packets.take(...packetOf(1, control.etb)))).toEqual([])
    expect(asked(packets.take(...packetOf(3, control.etx)))).toEqual([[control.nak, 2, '0003260701080000']])
    const taken = packets.take(...packetOf(2, control.etx))
    expect('whole' in taken && decode(taken.whole).results).toMatchObject([
      { readings: { waterLevelMm: 12_345 } },
    ])
    expect(packets.size).toBe(0)
  })

  it('asks twice, and then gives the report up', () => {
    const packets = new Packets()
    expect(asked(packets.take(...packetOf(3, control.etx)))).toHaveLength(2)
    expect(asked(packets.take(...packetOf(3, control.etx)))).toHaveLength(2)
    expect(packets.take(...packetOf(3, control.etx))).toMatchObject({
      problem: expect.stringContaining('twice') as string,
    })
    expect(packets.size).toBe(0)
  })
})

describe('frames', () => {
  it('joins the packets of one report in any order, and misses none', () => {
    const whole = body('39 23 00012345 38 12 1200')
    const packetOf = (packet: number, part: Uint8Array, end: number): Uint8Array =>
      encodeFrame({ ...frame, packets: 2, packet, body: part, end })
    const one = packetOf(1, whole.subarray(0, 20), control.etb)
    const two = packetOf(2, whole.subarray(20), control.etx)
    expect(decode(Buffer.concat([two, one])).results).toMatchObject([{ readings: { waterLevelMm: 12_345 } }])
    expect(decode(one).quarantined).toBe('packets are missing')
  })

  it('keeps raw what has another password or a wrong checksum', () => {
    expect(decode(hex(fixed32), '1234').quarantined).toContain('password')
    expect(decode(hex(fixed32), '03e8').results).toHaveLength(1)
    const broken = hex(fixed32)
    broken[40] = (broken[40] ?? 0) ^ 1
    expect(decode(broken)).toMatchObject({ results: [], quarantined: 'the checksum is wrong' })
    expect(crcOf(Buffer.from('123456789'))).toBe(0x4b37)
  })

  it('never throws and always goes on, whatever the bytes', () => {
    let seed = 7
    const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff)
    for (let round = 0; round < 3000; round++) {
      const bytes = round % 2 ? hex(fixed32) : hex(test30)
      for (let change = 0; change < 3; change++) bytes[next() % bytes.length] = next() & 0xff
      const decoded = decode(bytes.subarray(0, next() % (bytes.length + 1)))
      expect(decoded.results.length + (decoded.quarantined ?? decoded.ignored ?? '').length).toBeGreaterThan(
        0,
      )
      const cut = cutFrame(bytes)
      expect(cut.problem === undefined || cut.size > 0).toBe(true)
    }
  })
})
