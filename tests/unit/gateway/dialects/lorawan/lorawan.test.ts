// LoRaWAN beyond the vectors: counters across restarts, commands as bytes, heights, and invalid input.
import { expect, test } from 'vitest'
import { countFrame } from '../../../../../gateway/dialects/lorawan/counters.ts'
import { chirpstack } from '../../../../../gateway/dialects/lorawan/envelopes/chirpstack.ts'
import { ttn } from '../../../../../gateway/dialects/lorawan/envelopes/ttn.ts'
import { lorawan } from '../../../../../gateway/dialects/lorawan/lorawan.ts'
import { readFrame } from '../../../../../gateway/dialects/lorawan/makers/answer.ts'
import { builtinOf, makers } from '../../../../../gateway/dialects/lorawan/makers/makers.ts'
import { LearnedDocuments } from '../../../../../gateway/dialects/session/knowledge.ts'
import { DialectSession } from '../../../../../gateway/dialects/session/session.ts'

const seedOf = (seed: number) => () => (seed = (seed * 1_103_515_245 + 12_345) >>> 0) / 2 ** 32

test('no frame makes a decoder throw, and what it answers is small', () => {
  const random = seedOf(19)
  const ports = [1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 50, 85, 100, 102, 106, 120, 122, 126, 127, 147]
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 24) }, () =>
      Math.floor(random() * (random() < 0.5 ? 8 : 256)),
    )
    for (const { decoder, models } of makers) {
      const names = Object.keys(models)
      const model = (names[i % names.length] ?? '').toLowerCase()
      const answer = readFrame(decoder, ports[i % ports.length] ?? 1, bytes, model)
      expect(JSON.stringify(answer).length).toBeLessThan(1000)
    }
  }
})

test('no message makes an envelope throw', async () => {
  const random = seedOf(7)
  const pieces = ['null', '[]', '{}', '"x"', '-1', '1e99', '{"devEui":1}', '[{"rssi":"x"}]', '"AQ=="', '"%%"']
  const keys = [
    'deviceInfo',
    'data',
    'object',
    'rxInfo',
    'fCnt',
    'fPort',
    'uplink_message',
    'end_device_ids',
    'objectJSON',
  ]
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  const topics = [
    'application/1/device/0102030405060708/event/up',
    'application/1/device/0102030405060708/event/status',
    'v3/a@t/devices/d/up',
  ]
  for (let i = 0; i < 1000; i++) {
    const fields = Array.from({ length: 4 }, () => `"${pick(keys)}":${pick(pieces)}`).join(',')
    for (const dialect of [chirpstack, ttn]) {
      const session = new DialectSession({ dialect })
      const heard = await session.take({
        topic: pick(topics),
        payload: Buffer.from(`{${fields}}`),
        isRetained: false,
        atMs: i,
      })
      expect(heard.results.length).toBeLessThan(2)
      expect(heard.quarantined ?? '').not.toContain('failed')
    }
  }
})

test('a frame told again has the id that it had; a counter that began anew has another, with and without times', () => {
  for (const hasTimes of [true, false]) {
    const known = new LearnedDocuments()
    const count = (fCnt: number, second: number, byte = 1): string => {
      const timeMs = hasTimes ? 1_700_000_000_000 + second * 1000 : undefined
      const { messageId, learned } = countFrame(known, 'd', {
        fCnt,
        session: 'a',
        timeMs,
        bytes: Uint8Array.of(byte, fCnt),
      })
      known.take(learned)
      return messageId
    }
    const first = count(5, 0)
    const second = count(6, 10)
    expect(count(5, 0)).toBe(first)
    expect(count(6, 10)).toBe(second)
    expect([first, second]).not.toContain(count(5, 600, 2))
  }
})

test('a siren gets the bytes of its maker in the message of its network server', async () => {
  const heard = async (dialect: typeof chirpstack, topic: string, message: object) => {
    const session = new DialectSession({ dialect })
    await session.take({ topic, payload: Buffer.from(JSON.stringify(message)), isRetained: false, atMs: 0 })
    return (seconds: number) =>
      dialect.encode('0102030405060708', { id: 'c-1', do: 'siren', seconds }, session.known, session.settings)
  }
  const siren = await heard(chirpstack, 'application/7/device/0102030405060708/event/join', {
    deviceInfo: { devEui: '0102030405060708', deviceProfileName: 'Netvox R602A' },
  })
  expect(siren(180)).toEqual({
    topic: 'application/7/device/0102030405060708/command/down',
    payload: '{"devEui":"0102030405060708","confirmed":true,"fPort":7,"data":"kGkBAQC0AAAAAAA="}',
    qos: 1,
    answer: { by: 'answer' },
  })
  expect(siren(0)).toMatchObject({ payload: expect.stringContaining('kGkAAAAAAAAAAAA=') as string })
  const other = await heard(ttn, 'v3/app@t/devices/s-1/join', {
    end_device_ids: { dev_eui: '0102030405060708' },
  })
  expect(other(60)).toHaveProperty('cannot')
})

test('a distance becomes a water level where the height of the sensor is known, and stays unknown where it is', async () => {
  const session = new DialectSession({
    dialect: lorawan,
    settings: { devices: { a840410000000001: { codec: 'LDDS75', mountingHeightMm: 5000 } } },
  })
  const take = (hex: string) =>
    session.take({
      topic: '',
      device: 'A840410000000001',
      fPort: 2,
      payload: Buffer.from(hex, 'hex'),
      isRetained: false,
      atMs: 0,
    })
  expect((await take('0ce407d000000001')).results[0]?.readings).toMatchObject({
    distanceMm: 2000,
    waterLevelMm: 3000,
  })
  expect((await take('0ce4000000000001')).results[0]?.readings).toMatchObject({
    distanceMm: null,
    waterLevelMm: null,
  })
})

test('a model is found in the names that people give, the longest first', () => {
  const modelOf = (name: string) => builtinOf(name)?.model
  expect(modelOf('Milesight WS101 EU868 Class A')).toBe('ws101')
  expect(modelOf('em300_mcs-868m')).toBe('em300mcs')
  expect(modelOf('netvox R718WA2')).toBe('r718wa2')
  expect(modelOf('DECENTLAB')).toBeUndefined()
  expect(builtinOf('milesight')?.maker.name).toBe('Milesight')
  expect(builtinOf('Milesight EM500-LGT')).toMatchObject({ maker: { name: 'Milesight' } })
  expect(builtinOf('em500-lgt')?.maker.name).toBe('Milesight')
  expect(builtinOf('my-ws1012-board')).toBeUndefined()
})

test('the same frame once more, by another gateway or later, has the same id; the next frame another', () => {
  const known = new LearnedDocuments()
  const idOf = (fCnt: number, timeMs: number): string => {
    const { messageId, learned } = countFrame(known, 'd', { fCnt, session: 's', timeMs, bytes: Buffer.of(1) })
    known.take(learned)
    return messageId
  }
  const first = idOf(7, 1000)
  expect([idOf(7, 1500), idOf(8, 2000), idOf(7, 1000)]).toEqual([
    first,
    expect.not.stringMatching(first),
    first,
  ])
})
