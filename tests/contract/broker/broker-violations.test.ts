// Does the broker close the connection on every violation of MQTT 3.1.1, log it once with the clause, and keep the
// clauses that aedes does not?
import { once } from 'node:events'
import { generate } from 'mqtt-packet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startTestBroker, type TestBroker } from '../../kits/broker/test-broker.ts'
import { bytes, otherVersions, violations } from '../../kits/broker/violations.ts'
import { WireClient } from '../../kits/broker/wire-client.ts'

let test: TestBroker
let run = 0
const fresh = (): string => `v${++run}`

beforeAll(async () => {
  const listeners = [
    { host: '127.0.0.1', port: 0, webSocket: false },
    { host: '127.0.0.1', port: 0, webSocket: true },
  ]
  test = await startTestBroker({ settings: { access: 'open', listeners } })
})
afterAll(() => test.broker.stop())

const connect = (clientId: string, choice = {}): Promise<WireClient> =>
  WireClient.connect(test.port, { clientId, ...choice })

/** Sends the bytes on a new connection (after a CONNECT, unless they are one) and waits for its end. */
async function closesOn(packet: Buffer): Promise<{ received: unknown[]; log: Record<string, unknown>[] }> {
  const client = packet[0] === 0x10 ? await WireClient.open(test.port) : await connect(fresh())
  const from = test.log.length
  client.stream.write(packet)
  await client.closed()
  return { received: client.received, log: test.log.slice(from) }
}

describe('a violation', () => {
  it.each([...violations])(
    '%s closes without an answer and is named [MQTT-%s]',
    async (_name, clause, packet) => {
      const before = await test.count('gengfu_broker_refusals_total', { cause: 'malformed' })
      const { received, log } = await closesOn(packet)
      expect(received).toEqual([])
      const fits = { msg: 'refused a device', cause: 'malformed', clause: `MQTT-${clause}` }
      // A device's fault of each kind is logged once; before its CONNECT its address is used, which is the same in all
      // cases.
      const said = packet[0] === 0x10 ? test.log.filter((line) => line.clause === fits.clause) : log
      expect(said.filter(({ msg }) => msg === fits.msg)).toContainEqual(expect.objectContaining(fits))
      expect(await test.count('gengfu_broker_refusals_total', { cause: 'malformed' })).toBe(before + 1)
    },
  )

  it('behind good packets of one segment leaves those good', async () => {
    const id = fresh()
    const client = await connect(id)
    const topic = `gengfu/v1/${id}/event`
    const event = generate({
      cmd: 'publish',
      topic,
      payload: '{"id":"1-1","button":"pressed"}',
      qos: 0,
      dup: false,
      retain: false,
    })
    client.stream.write(Buffer.concat([event, bytes('a2 02 1234')]))
    await client.closed()
    expect(test.accepted.filter((message) => message.topic === topic)).toHaveLength(1)
  })

  it('in an acknowledgement closes: another type than the message asks for', async () => {
    const cases: [qos: 1 | 2, answers: ('puback' | 'pubrec' | 'pubcomp')[]][] = [
      [1, ['pubrec']],
      [1, ['pubcomp']],
      [2, ['puback']],
      [2, ['pubcomp']],
      [2, ['pubrec', 'puback']],
    ]
    const publisher = await connect(fresh())
    for (const clean of [true, false])
      for (const [qos, answers] of cases) {
        const topic = fresh()
        const client = await connect(fresh(), { clean })
        await client.subscribe([topic, qos])
        publisher.publish(topic, 'm', qos)
        const { messageId = 0 } = await client.message()
        for (const cmd of answers) client.send({ cmd, messageId })
        await client.closed()
        expect(client.received.filter(({ cmd }) => cmd === 'pubcomp')).toEqual([])
      }
    publisher.cut()
  })

  it('is none in an acknowledgement that comes again, late, or after a reconnect', async () => {
    const [id, topic] = [fresh(), fresh()]
    const publisher = await connect(fresh())
    let client = await connect(id, { clean: false })
    await client.subscribe([topic, 2])
    publisher.publish(topic, 'm', 2)
    const { messageId = 0 } = await client.message()
    client.send({ cmd: 'pubrec', messageId })
    await client.next('pubrel')
    client.cut()
    client = await connect(id, { clean: false })
    await client.next('pubrel')
    for (const cmd of ['pubrec', 'pubcomp', 'pubcomp', 'puback'] as const) client.send({ cmd, messageId })
    await client.settle()
    expect(client.isClosed).toBe(false)
    client.cut()
    publisher.cut()
  })
})

describe('another version', () => {
  it.each([...otherVersions])(
    '%s gets CONNACK 1, and the log says what to set',
    async (_name, cause, packet) => {
      const { received } = await closesOn(packet)
      expect(received).toMatchObject([{ cmd: 'connack', returnCode: 1 }])
      expect(await test.count('gengfu_broker_refusals_total', { cause })).toBeGreaterThan(0)
      const said = test.log.filter((line) => line.cause === cause)
      expect(said).toHaveLength(1)
      expect(said[0]?.remedy).toContain('MQTT 3.1.1')
    },
  )
})

describe('what aedes leaves to us', () => {
  it('clears DUP on the way to subscribers [MQTT-3.3.1-3]', async () => {
    const publisher = await connect(fresh())
    for (const qos of [0, 1, 2] as const) {
      const topic = fresh()
      const client = await connect(fresh())
      await client.subscribe([topic, qos])
      publisher.send({ cmd: 'publish', topic, payload: 'm', qos: 1, dup: true, retain: false, messageId: 9 })
      expect(await client.message()).toMatchObject({ dup: false, qos: Math.min(1, qos) })
      client.cut()
    }
    publisher.cut()
  })

  it('answers each filter of a SUBSCRIBE, also one that comes twice [MQTT-3.8.4-5]', async () => {
    const topic = fresh()
    for (const clean of [true, false]) {
      const client = await connect(fresh(), { clean })
      expect(await client.subscribe([topic, 1], ['b', 2], [topic, 0], [topic, 2])).toEqual([1, 2, 0, 2])
      // The last one counts.
      const publisher = await connect(fresh())
      publisher.publish(topic, 'm', 2)
      await publisher.next('pubrec')
      publisher.send({ cmd: 'pubrel', messageId: 1 })
      expect(await client.message()).toMatchObject({ qos: 2 })
      await client.settle()
      expect(client.received.filter(({ cmd }) => cmd === 'publish')).toHaveLength(0)
      client.cut()
      publisher.cut()
    }
  })

  it('delivers a QoS 2 message once when its copy comes in the same segment [MQTT-4.3.3-2]', async () => {
    const topic = fresh()
    const [client, publisher] = [await connect(fresh()), await connect(fresh())]
    await client.subscribe([topic, 0])
    const packet = { cmd: 'publish', topic, payload: 'once', qos: 2, retain: false, messageId: 7 } as const
    publisher.stream.write(
      Buffer.concat([generate({ ...packet, dup: false }), generate({ ...packet, dup: true })]),
    )
    await publisher.next('pubrec')
    await publisher.next('pubrec')
    publisher.send({ cmd: 'pubrel', messageId: 7 })
    await publisher.next('pubcomp')
    // The id is free again.
    publisher.send({ ...packet, payload: 'another', dup: false })
    expect((await client.message()).text).toBe('once')
    expect((await client.message()).text).toBe('another')
    client.cut()
    publisher.cut()
  })

  it('gives a retained message once to a SUBSCRIBE in the same segment', async () => {
    for (const qos of [0, 1] as const) {
      const topic = fresh()
      const client = await connect(fresh())
      const packet = {
        cmd: 'publish',
        topic,
        payload: 'r',
        qos,
        retain: true,
        dup: false,
        messageId: 1,
      } as const
      const subscribe = generate({
        cmd: 'subscribe',
        messageId: 2,
        subscriptions: [{ topic, qos: 0 }],
      } as never)
      client.stream.write(Buffer.concat([generate(packet), subscribe]))
      await client.next('suback')
      expect(await client.message()).toMatchObject({ text: 'r', retain: true })
      await client.settle()
      expect(client.received.filter(({ cmd }) => cmd === 'publish')).toHaveLength(0)
      client.cut()
    }
  })

  it('closes on MQTT in a WebSocket text frame [MQTT-6.0.0-1]', async () => {
    const port = test.broker.addresses()[1]?.port ?? 0
    const socket = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, 'mqtt')
    const received: unknown[] = []
    socket.on('message', (data) => received.push(data))
    socket.on('error', () => undefined)
    await once(socket, 'open')
    socket.send('\u0010\u000d\u0000\u0004MQTT\u0004\u0002\u0000\u003c\u0000\u0001t')
    await once(socket, 'close')
    expect(received).toEqual([])
    expect(test.log.filter(({ cause }) => cause === 'websocket-refused')).toHaveLength(1)
  })
})
