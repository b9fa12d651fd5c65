// Does each alarm of GB/T 28181 become the reading that it means?
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { gb28181 } from '../../../../../gateway/dialects/gb28181/gb28181.ts'
import { LearnedDocuments } from '../../../../../gateway/dialects/session/knowledge.ts'
import type { Decoded, DialectSettings, Knowledge } from '../../../../../gateway/dialects/port.ts'

const known: Knowledge = { get: () => undefined }
const [camera, input] = ['34020000001320000001', '34020000001340000002']
const decode = (payload: Uint8Array, settings: DialectSettings = {}): Decoded =>
  gb28181.decode({ topic: `gb28181/${camera}`, payload, isRetained: false, atMs: 0 }, known, {
    isListed: (address) => [camera, input].includes(address),
    ...settings,
  }) as Decoded
const alarm = (method: number, type?: number, channel = camera): Buffer =>
  Buffer.from(
    `<Notify><CmdType>Alarm</CmdType><SN>1</SN><DeviceID>${channel}</DeviceID><AlarmMethod>${method}</AlarmMethod>${type === undefined ? '' : `<Info><AlarmType>${type}</AlarmType></Info>`}</Notify>`,
  )

it.each<[string, number, number | undefined, string, object]>([
  ['an input is a button', 2, undefined, input, { device: input, momentary: { button: 'pressed' } }],
  ['a camera sees motion', 5, 6, camera, { device: camera, readings: { motion: true } }],
  ['an input of a camera', 2, undefined, camera, { readings: { motion: true } }],
  ['it was opened', 2, 2, camera, { readings: { tamper: true } }],
  ['its picture is lost', 2, 1, camera, { faults: ['video-lost'] }],
  ['its disk is full', 2, 3, camera, { faults: ['disk-full'] }],
  ['it is faulty', 6, 1, camera, { faults: ['gb-fault-1'] }],
  ['a method of no list', 9, undefined, camera, { momentary: { button: 'pressed' } }],
  [
    'a channel that is not listed',
    5,
    2,
    '34020000001320000077',
    { device: camera, readings: { gbChannel: '34020000001320000077' } },
  ],
])('%s', (_title, method, type, channel, result) => {
  expect(decode(alarm(method, type, channel)).results).toMatchObject([result])
})

it('takes what the installer says is wired to an input', () => {
  const settings: DialectSettings = { inputs: { [input]: 'smoke' } }
  expect(decode(alarm(2, undefined, input), settings).results).toMatchObject([{ readings: { smoke: true } }])
})

it('marks each danger as a new alarm: there is no message for its end', () => {
  const settings: DialectSettings = { inputs: { [input]: 'fire' } }
  expect(decode(alarm(2, undefined, input), settings).results[0]?.readings).toEqual({
    fire: true,
    isNewAlarm: true,
  })
  // A camera sends motion again and again while it lasts.
  expect(decode(alarm(5)).results[0]?.readings).toEqual({ motion: true })
})

it('ends the fault of a keep-alive by the next good one, once, and no other fault', () => {
  const documents = new LearnedDocuments()
  const says = (payload: Buffer): unknown => {
    const message = { topic: `gb28181/${camera}`, payload, isRetained: false, atMs: 0 }
    const decoded = gb28181.decode(message, documents, {}) as Decoded
    documents.take(decoded.learned ?? [])
    return decoded.results[0]?.faults
  }
  const keepalive = (status: string): Buffer =>
    Buffer.from(`<Notify><CmdType>Keepalive</CmdType><Status>${status}</Status></Notify>`)
  expect(says(keepalive('OK'))).toBeUndefined()
  expect(says(keepalive('ERROR'))).toEqual(['keepalive-error'])
  expect(says(keepalive('OK'))).toEqual([])
  expect(says(keepalive('OK'))).toBeUndefined()
  says(alarm(2, 1))
  expect(says(keepalive('ERROR'))).toEqual(['video-lost', 'keepalive-error'])
  expect(says(keepalive('OK'))).toEqual(['video-lost'])
})

it('keeps what is no message, and passes over what is no alarm', () => {
  expect(decode(Buffer.from('hello')).quarantined).toContain('no message')
  expect(decode(Buffer.from('<Response><CmdType>Catalog</CmdType></Response>'))).toMatchObject({
    results: [],
  })
  expect(
    decode(Buffer.from('<Notify><CmdType>Keepalive</CmdType><Status>ERROR</Status></Notify>')).results,
  ).toMatchObject([{ presence: 'online', faults: ['keepalive-error'] }])
})

it('reads any change of a good message without failing', () => {
  const bytes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 12 }).map((changes) => {
    const changed = alarm(2, 2, input)
    for (const [at, value] of changes) changed[at % changed.length] = value
    return changed
  })
  fc.assert(
    fc.property(bytes, (payload) => {
      expect(decode(payload).results.length).toBeLessThan(2)
    }),
    { numRuns: 300 },
  )
})
