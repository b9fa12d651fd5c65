// Events that bypass aedes: are they stored, answered, ordered and bounded exactly like those through it?
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import mqtt from 'mqtt-packet'
import { afterEach, describe, expect, it } from 'vitest'
import { Connection } from '../../../gateway/broker/connections/connection.ts'
import { encodePuback, takeEvents } from '../../../gateway/broker/events/event-lane.ts'
import { Publishing } from '../../../gateway/broker/events/publishing.ts'
import type { StorageAnswer } from '../../../gateway/journal/port.ts'
import { PublishRate } from '../../../gateway/broker/events/publish-rate.ts'
import { brokerSettingsSchema, type BrokerSettings } from '../../../gateway/config/broker-settings.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { startTestBroker, type TestBroker, type TestBrokerOptions } from '../../kits/broker/test-broker.ts'
import { connectPacket, WireClient } from '../../kits/broker/wire-client.ts'

const topic = 'gengfu/v1/device-1/event'
let running: TestBroker[] = []

const start = async (options: TestBrokerOptions = {}): Promise<TestBroker> => {
  const test = await startTestBroker(options)
  running.push(test)
  return test
}

afterEach(async () => {
  await Promise.all(running.map(({ broker }) => broker.stop()))
  running = []
})

/** A device whose first event has gone through aedes, so that the next ones bypass it. */
async function warmDevice(
  port: number,
  choice: Parameters<typeof WireClient.connect>[1] = {},
): Promise<WireClient> {
  const device = await WireClient.connect(port, choice)
  expect(await device.publishKept(topic, '{"id":"1-0"}')).toBe(true)
  device.received.length = 0
  return device
}

const ids = (test: TestBroker): unknown[] =>
  test.accepted.map(({ payload }) => (JSON.parse(Buffer.from(payload).toString()) as { id: unknown }).id)

describe('an event on the lane', () => {
  it('gets its PUBACK after accept has resolved, never before', async () => {
    const keeps: (() => void)[] = []
    const { port, accepted } = await start({
      accept: () =>
        accepted.length === 1 ? Promise.resolve() : new Promise((resolve) => keeps.push(resolve)),
    })
    const device = await warmDevice(port)
    const id = device.publish(topic, '{"id":"1-1","button":"pressed"}')
    await device.settle()
    expect(accepted).toHaveLength(2)
    expect(device.received).toEqual([])
    keeps[0]?.()
    expect(await device.next('puback')).toMatchObject({ messageId: id })
    device.cut()
  })

  it('gets none when accept rejects or throws, and its connection is dropped', async () => {
    for (const refuse of [() => Promise.reject(new Error('disk full')), () => fail('a fault of ours')]) {
      const test: TestBroker = await start({
        accept: () => (test.accepted.length === 1 ? Promise.resolve() : refuse()),
      })
      const device = await warmDevice(test.port)
      expect(await device.publishKept(topic, '{"id":"1-1"}')).toBe(false)
      expect(test.log.filter(({ cause }) => cause === 'not-kept')).toHaveLength(1)
    }
  })

  it('is answered in the order of the messages, whatever becomes ready first [MQTT-4.6.0-2]', async () => {
    const keeps: (() => void)[] = []
    const test: TestBroker = await start({
      accept: () =>
        test.accepted.length === 1 ? Promise.resolve() : new Promise((resolve) => keeps.push(resolve)),
    })
    const device = await warmDevice(test.port)
    const sent = [1, 2, 3].map((n) => device.publish(topic, `{"id":"1-${n}"}`, 1, n === 2))
    await device.settle()
    for (const keep of keeps.reverse()) keep()
    const answered = []
    for (const _ of sent) answered.push((await device.next('puback'))?.messageId)
    expect(answered).toEqual(sent)
    expect(test.accepted[2]?.isRetained).toBe(true)
    device.cut()
  })

  it('keeps its place among messages that go through aedes [MQTT-4.6.0-5]', async () => {
    const test = await start()
    const device = await warmDevice(test.port)
    const qos = [1, 0, 1, 2, 1, 0, 1, 1] as const
    const frames = qos.map((level, n) =>
      mqtt.generate({
        cmd: 'publish',
        topic,
        payload: `{"id":"1-${n + 1}"}`,
        qos: level,
        retain: false,
        dup: false,
        ...(level === 0 ? {} : { messageId: 100 + n }),
      }),
    )
    device.stream.write(Buffer.concat(frames))
    await device.settle()
    expect(ids(test)).toEqual(Array.from({ length: 9 }, (_, n) => `1-${n}`))
    device.cut()
  })

  it('may come in pieces of any size', async () => {
    const test = await start()
    const device = await warmDevice(test.port)
    const bytes = Buffer.concat(
      [1, 2, 3, 4, 5].map((n) =>
        mqtt.generate({
          cmd: 'publish',
          topic,
          payload: `{"id":"1-${n}"}`,
          qos: 1,
          messageId: n + 9,
          retain: false,
          dup: n % 2 === 0,
        }),
      ),
    )
    for (let at = 0; at < bytes.length; at += 7) {
      device.stream.write(bytes.subarray(at, at + 7))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await device.settle()
    expect(ids(test)).toEqual(['1-0', '1-1', '1-2', '1-3', '1-4', '1-5'])
    expect(device.received.filter(({ cmd }) => cmd === 'puback')).toHaveLength(5)
    device.cut()
  })

  it('arrives byte for byte, as text too only where that is the same', async () => {
    const test = await start()
    const device = await warmDevice(test.port)
    const payloads = ['{"id":"1-1"}', '{"id":"1-2","note":"水位"}', '{"id":"1-3","note":"ü"}'].map((text) =>
      Buffer.from(text),
    )
    payloads.push(Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80, 0x7d]))
    for (const [n, payload] of payloads.entries()) {
      device.stream.write(
        mqtt.generate({
          cmd: 'publish',
          topic,
          payload,
          qos: 1,
          messageId: n + 9,
          retain: false,
          dup: false,
        }),
      )
      expect((await device.next('puback'))?.messageId).toBe(n + 9)
    }
    expect(test.accepted.slice(1).map(({ payload }) => payload)).toEqual(payloads)
    expect(test.accepted.slice(1).map(({ text }) => text)).toEqual([
      '{"id":"1-1"}',
      undefined,
      undefined,
      undefined,
    ])
    device.cut()
  })

  it('keeps the device alive, although aedes gets no packet of it', async () => {
    const test = await start()
    const device = await warmDevice(test.port, { keepalive: 1 })
    for (let n = 1; n <= 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(await device.publishKept(topic, `{"id":"1-${n}"}`)).toBe(true)
    }
    device.cut()
  })

  it('is not taken for another device, nor with packet id 0, nor above the limit of payloads', async () => {
    const test = await start({ settings: { limits: { payloadBytes: 100 } } })
    const wrong = [
      { topic: 'gengfu/v1/device-2/event', payload: '{"id":"1-1"}', cause: 'topic-not-own' },
      { topic, payload: `{"id":"${'x'.repeat(100)}"}`, cause: 'payload-too-large' },
    ]
    for (const { topic: to, payload, cause } of wrong) {
      const device = await warmDevice(test.port)
      expect(await device.publishKept(to, payload)).toBe(false)
      expect(test.log.filter((line) => line.cause === cause)).toHaveLength(1)
    }
    const device = await warmDevice(test.port)
    const frame = mqtt.generate({
      cmd: 'publish',
      topic,
      payload: '{"id":"1-1"}',
      qos: 1,
      messageId: 9,
      retain: false,
      dup: false,
    })
    frame.writeUInt16BE(0, 4 + topic.length)
    device.stream.write(frame)
    await device.closed()
    expect(test.log.filter((line) => line.cause === 'packet-id-zero')).toHaveLength(1)
    expect(test.accepted).toHaveLength(3)
  })

  it('is taken when the stream is read, in its order, and what follows it is left for aedes', () => {
    const { stream, taken } = openConnection()
    stream.push(Buffer.concat([event(1), event(2)]))
    expect(stream.read()).toBeNull()
    expect(taken).toEqual([1, 2])
    expect(stream.readableLength).toBe(0)
    const half = event(3).subarray(0, 9)
    stream.push(half)
    stream.push(Buffer.concat([event(3).subarray(9), event(4)]))
    expect(taken).toEqual([1, 2])
    expect(stream.read()).toBeNull()
    expect(taken).toEqual([1, 2, 3, 4])
    stream.push(Buffer.concat([event(5), Buffer.from([0xc0, 0x00])]))
    expect(stream.read()).toEqual(Buffer.from([0xc0, 0x00]))
    expect(taken).toEqual([1, 2, 3, 4, 5])
  })

  it('waits in the stream while the device has too much in hand, or is slowed down', () => {
    const { stream, connection, taken } = openConnection()
    connection.inFlight = 1_000_000
    stream.push(event(1))
    expect(taken).toEqual([])
    expect(stream.read()).toBeNull()
    connection.inFlight = 0
    stream.push(event(2))
    expect(taken).toEqual([])
    expect(stream.read()).toBeNull()
    expect(taken).toEqual([1, 2])
    connection.isSlowed = () => true
    const many = Buffer.concat(Array.from({ length: 300 }, (_, i) => event(i + 3)))
    stream.push(many)
    expect(taken).toEqual([1, 2])
    expect(stream.readableLength).toBe(many.length)
  })

  it('of a device that reads no answers goes to aedes again, which gives up on such devices', () => {
    const { stream, taken } = openConnection()
    stream.push(event(1))
    expect(stream.read()).toBeNull()
    expect(taken).toEqual([1])
    stream.write(Buffer.alloc(8000))
    stream.push(event(2))
    expect(stream.read()).toEqual(event(2))
    expect(taken).toEqual([1])
  })
})

it('what may be an alarm waits for what its own device said before, and not for others', async () => {
  const accepted: string[] = []
  const { settings } = openConnection()
  const publishing = new Publishing({
    settings,
    intake: {
      take: ({ payload }: { payload: Buffer }, told: StorageAnswer) => {
        accepted.push(payload.toString())
        told.kept()
        return false
      },
    },
    rate: new PublishRate(settings.limits, new VirtualClock()),
    refusals: { forget: () => undefined },
  } as unknown as ConstructorParameters<typeof Publishing>[0])
  const say = (connection: Connection, payload: string): void => {
    connection.lastRight = { topic, right: { device: 'any', purpose: 'intake' } }
    publishing.takeEvent(connection, 1, payload, false)
  }
  const own = openConnection().connection
  say(own, 'warm')
  say(own, 'button of a warm one')
  say(openConnection().connection, 'button')
  expect(accepted).toEqual(['button'])
  await publishing.settled()
  expect(accepted).toEqual(['button', 'warm', 'button of a warm one'])
})

/** A connection on a stream without a network, past its CONNECT, whose device has used its topic before. */
function openConnection(): {
  stream: Duplex
  connection: Connection
  taken: number[]
  settings: BrokerSettings
} {
  const taken: number[] = []
  const stream = new Duplex({ read: () => undefined, write: () => undefined })
  const settings = brokerSettingsSchema.parse({ listeners: [{ host: '127.0.0.1', port: 0 }] })
  const connection = new Connection({
    stream,
    socket: new Socket(),
    all: { bytes: 0 },
    address: '127.0.0.1',
    certificateName: undefined,
    certificateMarks: [],
    limits: settings.limits,
    clock: new VirtualClock(),
    onProblem: () => undefined,
  })
  connection.onEvent = (packetId) => taken.push(packetId)
  const hello = mqtt.generate(connectPacket({ clientId: 'device-1' }))
  stream.push(hello)
  expect(stream.read()).toEqual(hello)
  connection.open()
  connection.eventTopic = Buffer.from(topic)
  return { stream, connection, taken, settings }
}

const fail = (text: string): never => {
  throw new Error(text)
}

function event(messageId: number): Buffer {
  const payload = `{"id":"1-${messageId}"}`
  return mqtt.generate({ cmd: 'publish', topic, payload, qos: 1, messageId, retain: false, dup: false })
}

describe('takeEvents', () => {
  const name = Buffer.from(topic)
  const bytesMax = 1000
  type Taken = [packetId: number, payload: string, isRetained: boolean]
  const take = (chunk: Buffer): { taken: Taken[]; bytes: number } => {
    const taken: Taken[] = []
    const bytes = takeEvents(chunk, name, bytesMax, (id, payload, isRetained) =>
      taken.push([id, Buffer.from(payload, 'latin1').toString(), isRetained]),
    )
    return { taken, bytes }
  }
  const message = fc.record({
    messageId: fc.integer({ min: 1, max: 65535 }),
    payload: fc.string({ maxLength: 300, unit: 'grapheme' }),
    retain: fc.boolean(),
    dup: fc.boolean(),
  })

  it('reads what the encoder wrote, and leaves the first frame that is not whole', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.nat(), (messages, cut) => {
        const frames = messages.map((one) => mqtt.generate({ cmd: 'publish', topic, qos: 1, ...one }))
        const all = Buffer.concat(frames)
        const chunk = all.subarray(0, cut % (all.length + 1))
        let [whole, bytes] = [0, 0]
        for (const frame of frames) {
          if (bytes + frame.length > chunk.length) break
          whole++
          bytes += frame.length
        }
        const expected = messages
          .slice(0, whole)
          .map(({ messageId, payload, retain }): Taken => [messageId, payload, retain])
        expect(take(chunk)).toEqual({ taken: expected, bytes })
      }),
    )
  })

  it('never reads outside, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isLikely) => {
        const chunk = Buffer.from(bytes)
        if (isLikely && chunk.length > 0) chunk[0] = 0x32
        const { bytes: taken } = take(chunk)
        expect(taken).toBeLessThanOrEqual(chunk.length)
      }),
    )
  })

  it('answers with the PUBACKs that the encoder would have written', () => {
    const packetIds = [1, 255, 256, 65535]
    const expected = Buffer.concat(packetIds.map((messageId) => mqtt.generate({ cmd: 'puback', messageId })))
    expect(Buffer.from(packetIds.map(encodePuback).join(''), 'latin1')).toEqual(expected)
  })
})
