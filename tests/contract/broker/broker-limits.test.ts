// Does every limit of the broker hold, is each one counted, and do other clients stay unaffected?
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'
import { afterEach, describe, expect, it } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import type { Credentials } from '../../../gateway/broker/port.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { startTestBroker, type TestBroker, type TestBrokerOptions } from '../../kits/broker/test-broker.ts'
import { WireClient, connectPacket } from '../../kits/broker/wire-client.ts'

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

const open = { access: 'open' as const }
const refused = (test: TestBroker, cause: string): Promise<number> =>
  test.count('gengfu_broker_refusals_total', { cause })
const dropped = (test: TestBroker, place: string): Promise<number> =>
  test.count('gengfu_broker_dropped_total', { place })

async function waitFor(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await isTrue()); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await isTrue()).toBe(true)
}

describe('connections', () => {
  it('above the limit are refused, but for the device that comes back itself; places become free again', async () => {
    const test = await start({ settings: { limits: { connections: 2 } } })
    const [a, b] = [
      await WireClient.connect(test.port, { clientId: 'a' }),
      await WireClient.connect(test.port, { clientId: 'b' }),
    ]
    expect(await (await WireClient.open(test.port)).connect({ clientId: 'c' })).toBe(3)
    expect(await refused(test, 'connection-limit')).toBe(1)
    const again = await WireClient.open(test.port)
    expect(await again.connect({ clientId: 'b' })).toBe(0)
    await b.closed()
    a.cut()
    await waitFor(async () => (await test.count('gengfu_broker_connections')) === 1)
    const fourth = await WireClient.open(test.port)
    expect(await fourth.connect({ clientId: 'd' })).toBe(0)
    for (const client of [again, fourth]) client.cut()
  })

  it('above the limit of one address are refused', async () => {
    const test = await start({ settings: { limits: { connectionsPerAddress: 1 } } })
    const first = await WireClient.connect(test.port)
    expect(await (await WireClient.open(test.port)).connect({ clientId: 'b' })).toBe(3)
    expect(await refused(test, 'address-limit')).toBe(1)
    await first.settle()
    first.cut()
  })

  it('that do not sign in keep no device out, and end none that is in', async () => {
    const test = await start({
      settings: { limits: { connections: 4, strangers: 5, strangersPerAddress: 4 } },
    })
    const known = await WireClient.connect(test.port, { clientId: 'a' })
    const crowd = async (from: string) => {
      const socket = connect({ port: test.port, host: '127.0.0.1', localAddress: from })
      socket.on('error', () => undefined)
      // Above the limit of new connections it is reset at once.
      await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
      return socket
    }
    const sockets: Socket[] = []
    for (let i = 0; i < 20; i++) sockets.push(await crowd(`127.0.0.${2 + (i % 2)}`))
    for (const clientId of ['b', 'c']) {
      const client = await WireClient.open(test.port)
      expect(await client.connect({ clientId })).toBe(0)
    }
    await known.settle()
    const turnedAway = (await refused(test, 'made-room')) + (await refused(test, 'too-many-new'))
    expect(turnedAway).toBeGreaterThanOrEqual(15)
    expect(await test.count('gengfu_broker_connections')).toBeLessThanOrEqual(3 + 5)
    for (const socket of sockets) socket.destroy()
    known.cut()
  })

  it('that guess passwords from several addresses keep no new device out', async () => {
    const verify: Credentials['verify'] = (_, password) =>
      Promise.resolve(Buffer.from(password).toString() === 'x' ? 'right' : 'wrong')
    const test = await start({
      credentials: { has: () => true, verify },
      settings: { limits: { strangers: 60, strangersPerAddress: 40 } },
    })
    let isOver = false
    let guesses = 0
    const guess = async (from: string) => {
      while (!isOver) {
        const socket = connect({ port: test.port, host: '127.0.0.1', localAddress: from })
        socket.on('error', () => undefined)
        socket.resume()
        socket.write(generate(connectPacket({ clientId: 'g', username: 'device-1', password: 'w' })))
        await new Promise((resolve) => socket.once('close', resolve))
        guesses++
      }
    }
    const crowd = Array.from({ length: 80 }, (_, i) => guess(`127.0.0.${2 + (i % 4)}`))
    await waitFor(() => guesses > 100)
    for (let i = 0; i < 10; i++) {
      const socket = connect({ port: test.port, host: '127.0.0.1', localAddress: `127.0.1.${1 + i}` })
      await once(socket, 'connect')
      const device = new WireClient(socket)
      expect(await device.connect({ clientId: 'b', username: 'device-2', password: 'x' })).toBe(0)
      device.cut()
    }
    isOver = true
    await Promise.all(crowd)
  })

  it('of one device are few: the newest makes the most silent one leave, others are left alone', async () => {
    const clock = new VirtualClock()
    const credentials: Credentials = { has: () => true, verify: () => Promise.resolve('right') }
    const test = await start({ clock, credentials, settings: { limits: { connectionsPerDevice: 2 } } })
    const dial = (clientId: string, username: string) =>
      WireClient.connect(test.port, { clientId, username, password: 'x' })
    const other = await dial('b', 'device-2')
    const [silent, busy] = [await dial('1', 'device-1'), await dial('2', 'device-1')]
    clock.advance(10)
    await busy.settle()
    const newest = await dial('3', 'device-1')
    await silent.closed()
    await Promise.all([busy.settle(), newest.settle(), other.settle()])
    expect(await refused(test, 'device-limit')).toBe(1)
    const storm = await Promise.all(Array.from({ length: 30 }, (_, i) => dial(`s${i}`, 'device-1')))
    await waitFor(async () => (await test.count('gengfu_broker_connections')) <= 3)
    await other.settle()
    for (const client of [...storm, busy, newest, other]) client.cut()
  })

  it('together have a bounded number of bytes in hand, and each goes on', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    const limits = { inHandBytesOfAll: 2000, inHandMessages: 100 }
    const test = await start({ settings: { limits }, accept: () => gate })
    const clients: WireClient[] = []
    for (const clientId of ['a', 'b', 'c']) clients.push(await WireClient.connect(test.port, { clientId }))
    const kept: Promise<unknown>[] = []
    for (const [i, client] of clients.entries()) {
      for (let n = 0; n < 20; n++) {
        const id = client.publish(
          `gengfu/v1/${'abc'[i]}/event`,
          JSON.stringify({ id: `1-${n}`, x: 'y'.repeat(900) }),
        )
        kept.push(client.next('puback', (packet) => packet.messageId === id))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    await waitFor(() => test.accepted.length >= 4)
    expect(test.accepted.length).toBeLessThan(12)
    release()
    await Promise.all(kept)
    expect(test.accepted).toHaveLength(60)
    for (const client of clients) client.cut()
  })

  it('without keepalive that fall silent end at the idle limit, busy ones stay', async () => {
    const clock = new VirtualClock()
    const test = await start({ clock, settings: { limits: { idleMs: 60_000 } } })
    const [silent, busy] = [
      await WireClient.connect(test.port, { clientId: 'a' }),
      await WireClient.connect(test.port, { clientId: 'b' }),
    ]
    const kept = await WireClient.connect(test.port, { clientId: 'c', keepalive: 3600 })
    clock.advance(50_000)
    await busy.settle()
    clock.advance(12_000)
    await silent.closed()
    await busy.settle()
    await kept.settle()
    expect(test.broker.sightingOf('a')).toMatchObject({
      state: 'disconnected',
      reason: 'idle',
      lastHeardMs: 0,
    })
    for (const client of [busy, kept]) client.cut()
  })
})

describe('frames', () => {
  it.each([
    ['of 256 MiB announced before CONNECT', [0x10, 0xff, 0xff, 0xff, 0x7f]],
    ['a little above the limit before CONNECT', [0x10, 0x81, 0x08]],
  ])('%s end the connection without waiting for them', async (_title, bytes) => {
    const test = await start()
    const client = await WireClient.open(test.port)
    client.stream.write(Buffer.from(bytes))
    await client.closed()
    expect(await refused(test, 'frame-too-large')).toBe(1)
  })

  it('above the limit after CONNECT end the connection, also when they come in small pieces', async () => {
    const test = await start()
    const client = await WireClient.connect(test.port)
    for (const byte of [0x32, 0x80, 0x80, 0x08]) {
      client.stream.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    await client.closed()
    expect(await refused(test, 'frame-too-large')).toBe(1)
  })

  it('cut anywhere are put together again', async () => {
    const test = await start()
    const client = await WireClient.open(test.port)
    const { generate } = await import('mqtt-packet')
    const bytes = Buffer.concat([
      generate(connectPacket({ clientId: 'device-1' })),
      ...[1, 2, 3].map((messageId) =>
        generate({
          cmd: 'publish',
          topic: 'gengfu/v1/device-1/event',
          payload: `{"id":"1-${messageId}"}`,
          qos: 1,
          messageId,
          dup: false,
          retain: false,
        }),
      ),
    ])
    for (const byte of bytes) {
      client.stream.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    expect(await client.next('connack')).toMatchObject({ returnCode: 0 })
    for (const messageId of [1, 2, 3]) expect(await client.next('puback')).toMatchObject({ messageId })
    client.cut()
  })

  it('of SUBSCRIBE above their own limit end the connection before a filter is looked at', async () => {
    const test = await start({ settings: open })
    const client = await WireClient.connect(test.port)
    const filters = Array.from({ length: 400 }, (_, i) => [`bomb/${i}`, 0] as [string, 0])
    expect(await client.subscribe(...filters)).toBeUndefined()
    expect(await refused(test, 'frame-too-large')).toBe(1)
  })
})

describe('topics', () => {
  it('too long or too deep end the connection', async () => {
    const test = await start({ settings: { ...open, limits: { topicLength: 50, topicDepth: 4 } } })
    for (const topic of ['x'.repeat(51), 'a/b/c/d/e']) {
      expect(await (await WireClient.connect(test.port)).publishKept(topic, 'x')).toBe(false)
      expect(await (await WireClient.connect(test.port)).subscribe([topic, 0])).toBeUndefined()
    }
    expect(await refused(test, 'topic-malformed')).toBe(4)
    const good = await WireClient.connect(test.port)
    expect(await good.publishKept('x'.repeat(50), 'x')).toBe(true)
    good.cut()
  })
})

describe('a payload above the limit', () => {
  it('ends the connection, one at the limit passes', async () => {
    const test = await start({ settings: { limits: { payloadBytes: 100 } } })
    const topic = 'gengfu/v1/device-1/event'
    const client = await WireClient.connect(test.port)
    expect(await client.publishKept(topic, 'x'.repeat(100))).toBe(true)
    expect(await client.publishKept(topic, 'x'.repeat(101))).toBe(false)
    expect(await refused(test, 'payload-too-large')).toBe(1)
  })
})

describe('client ids', () => {
  it('too long or malformed are refused with return code 2', async () => {
    const test = await start({ settings: { ...open, limits: { clientIdLength: 30 } } })
    const codes: number[] = []
    for (const clientId of ['x'.repeat(31), 'a\u0001b', 'x'.repeat(30)]) {
      const client = await WireClient.open(test.port)
      codes.push(await client.connect({ clientId }))
      client.cut()
    }
    expect(codes).toEqual([2, 2, 0])
  })

  it('named like a prototype are ordinary ids', async () => {
    const test = await start({ settings: open })
    for (const clientId of ['constructor', '__proto__', 'toString']) {
      const client = await WireClient.connect(test.port, { clientId, clean: false })
      expect(await client.subscribe(['__proto__', 1], ['constructor', 1])).toEqual([1, 1])
      expect(await client.publishKept('__proto__', 'x')).toBe(true)
      expect((await client.message()).text).toBe('x')
      client.cut()
    }
  })

  it('that two live devices fight over: one keeps its place after a few takeovers', async () => {
    const clock = new VirtualClock()
    const test = await start({ clock })
    const codes: number[] = []
    const clients: WireClient[] = []
    for (let i = 0; i < 12; i++) {
      const client = await WireClient.open(test.port)
      codes.push(await client.connect({ clientId: 'device-1' }))
      clients.push(client)
    }
    expect(codes.filter((code) => code === 0)).toHaveLength(6)
    expect(codes.slice(6)).toEqual([2, 2, 2, 2, 2, 2])
    expect(test.log.filter(({ cause }) => cause === 'two-devices-one-id')).toHaveLength(1)
    // The holder falls silent: half-open. Its own reconnect is accepted.
    clock.advance(2500)
    const again = await WireClient.open(test.port)
    expect(await again.connect({ clientId: 'device-1' })).toBe(0)
    for (const client of [...clients, again]) client.cut()
  })
})

describe('subscriptions', () => {
  it('above the limit of a connection get 0x80, and the old ones go on', async () => {
    const test = await start({ settings: { ...open, limits: { subscriptionsPerConnection: 3 } } })
    const client = await WireClient.connect(test.port)
    expect(await client.subscribe(['a', 0], ['b', 0], ['c', 0], ['d', 0])).toEqual([0, 0, 0, 128])
    expect(await client.subscribe(['a', 1])).toEqual([1])
    client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['b'] })
    await client.next('unsuback')
    expect(await client.subscribe(['d', 0])).toEqual([0])
    client.cut()
  })

  it('that were refused do not come back with the kept session', async () => {
    const test = await start()
    let client = await WireClient.connect(test.port, { clean: false })
    expect(
      await client.subscribe(['gengfu/v1/device-1/command', 1], ['gengfu/v1/device-2/command', 1]),
    ).toEqual([1, 128])
    await client.disconnect()
    await test.broker.publish('gengfu/v1/device-2/command', 'not yours')
    await test.broker.publish('gengfu/v1/device-1/command', 'yours')
    client = await WireClient.connect(test.port, { clean: false })
    await test.broker.publish('gengfu/v1/device-2/command', 'not yours')
    expect((await client.message()).text).toBe('yours')
    await client.settle()
    expect(client.received).toEqual([])
    client.cut()
  })
})

describe('what waits for a device that is away', () => {
  it('is bounded: the newest is dropped, the oldest arrive', async () => {
    const test = await start({ settings: { limits: { outboundMessages: 5 } } })
    let client = await WireClient.connect(test.port, { clean: false })
    await client.subscribe(['gengfu/v1/device-1/command', 1])
    await client.disconnect()
    for (let i = 0; i < 9; i++) await test.broker.publish('gengfu/v1/device-1/command', String(i))
    expect(await dropped(test, 'outbound')).toBe(4)
    expect(await test.count('gengfu_broker_waiting_messages')).toBe(5)
    client = await WireClient.connect(test.port, { clean: false })
    for (let i = 0; i < 5; i++) expect((await client.message()).text).toBe(String(i))
    client.cut()
  })

  it('is forgotten with the oldest session when there are too many sessions', async () => {
    const test = await start({ settings: { limits: { sessions: 3 } } })
    const present: boolean[] = []
    for (const id of ['a', 'b', 'c', 'd', 'a', 'd']) {
      const client = await WireClient.open(test.port)
      client.send(connectPacket({ clientId: id, clean: false }))
      const answer = await client.next('connack')
      present.push(answer?.cmd === 'connack' && answer.sessionPresent)
      await client.disconnect()
      await waitFor(() => test.broker.sightingOf(id).state === 'disconnected')
    }
    expect(present).toEqual([false, false, false, false, false, true])
    expect(await dropped(test, 'session')).toBe(2)
  })
})

describe('retained messages', () => {
  it('are bounded in number and bytes, and make room when cleared', async () => {
    const test = await start({ settings: { ...open, limits: { retainedMessages: 3, retainedBytes: 2000 } } })
    const client = await WireClient.connect(test.port)
    for (const topic of ['a', 'b', 'c', 'd']) client.publish(topic, 'x', 0, true)
    await client.settle()
    expect(await test.count('gengfu_broker_retained_messages')).toBe(3)
    client.publish('a', '', 0, true)
    client.publish('b', 'x'.repeat(3000), 0, true)
    client.publish('d', 'x', 0, true)
    await client.settle()
    expect(await test.count('gengfu_broker_retained_messages')).toBe(3)
    expect(await dropped(test, 'retained')).toBe(2)
    client.cut()
  })
})

describe('a device that sends too fast', () => {
  const topic = 'gengfu/v1/device-1/event'
  const limits = { publishesPerSecond: 10, publishBurst: 5, slowDownMs: 1000 }

  it('has its routine messages acknowledged later', async () => {
    const clock = new VirtualClock()
    const test = await start({ clock, settings: { limits } })
    const device = await WireClient.connect(test.port)
    for (let i = 0; i < 8; i++) device.publish(topic, `{"id":"1-${i}","batteryPercent":80}`)
    await device.settle()
    expect(test.accepted).toHaveLength(5)
    for (const expected of [6, 7, 8]) {
      clock.advance(100)
      await device.settle()
      expect(test.accepted).toHaveLength(expected)
    }
    expect(await test.count('gengfu_broker_slowed_total')).toBe(3)
    device.cut()
  })

  it.each([
    '{"id":"x","button":"pressed"}',
    '{"id":"x","smoke":true}',
    '{"id":"x","waterLevelMm":2100}',
    '{"id":"x","gas":true}',
  ])('has %s accepted at once, with what was held before it', async (payload) => {
    const clock = new VirtualClock()
    const test = await start({ clock, settings: { limits } })
    const device = await WireClient.connect(test.port)
    for (let i = 0; i < 8; i++) device.publish(topic, `{"id":"1-${i}","batteryPercent":80}`)
    device.publish(topic, payload)
    await waitFor(() => test.accepted.length === 9)
    expect(Buffer.from(test.accepted.at(-1)?.payload ?? []).toString()).toBe(payload)
    device.cut()
  })

  it('does not hold up the end of the broker, whatever was read of it and not judged yet', async () => {
    const clock = new VirtualClock()
    let stopped: Promise<void> | undefined
    const test = await start({
      clock,
      settings: { limits },
      accept: async () => void (stopped ??= test.broker.stop()),
    })
    const device = await WireClient.connect(test.port)
    for (let i = 0; i < 8; i++) device.publish(topic, `{"id":"1-${i}","batteryPercent":80}`)
    await device.closed()
    await stopped
    expect(test.accepted).toHaveLength(8)
  })

  it('does not slow down another', async () => {
    const clock = new VirtualClock()
    const test = await start({ clock, settings: { limits } })
    const [fast, other] = [
      await WireClient.connect(test.port),
      await WireClient.connect(test.port, { clientId: 'other' }),
    ]
    for (let i = 0; i < 500; i++) fast.publish(topic, `{"id":"1-${i}","batteryPercent":80}`)
    expect(await other.publishKept('gengfu/v1/other/event', '{"id":"1","batteryPercent":80}')).toBe(true)
    fast.cut()
    other.cut()
  })
})

describe('what a foreign dialect is granted', () => {
  it('goes through the intake; a topic it was not granted does not', async () => {
    const test = await start({
      grants: {
        mayPublish: (device, topic) => device === 'bridge' && topic.startsWith('zigbee2mqtt/'),
        maySubscribe: (device, filter) => device === 'bridge' && filter === 'zigbee2mqtt/+/set',
      },
    })
    const bridge = await WireClient.connect(test.port, { clientId: 'bridge' })
    expect(await bridge.subscribe(['zigbee2mqtt/+/set', 1], ['zigbee2mqtt/#', 1])).toEqual([1, 128])
    expect(await bridge.publishKept('zigbee2mqtt/door', '{"contact":false}')).toBe(true)
    await test.broker.publish('zigbee2mqtt/siren/set', 'ON')
    expect((await bridge.message()).text).toBe('ON')
    expect(await bridge.publishKept('tasmota/door', 'x')).toBe(false)
    expect(test.accepted.map(({ device, topic }) => [device, topic])).toEqual([
      ['bridge', 'zigbee2mqtt/door'],
    ])
  })
})

describe('a refusal', () => {
  it('is said once per device and cause, with the remedy in both languages, and counted every time', async () => {
    const test = await start()
    for (const clientId of ['a', 'a', 'a', 'b'])
      await (await WireClient.connect(test.port, { clientId })).publishKept('elsewhere', 'x')
    const said = test.log.filter(({ cause }) => cause === 'topic-not-own')
    expect(said.map(({ device }) => device)).toEqual(['a', 'b'])
    expect(said[0]).toMatchObject({
      topic: 'elsewhere',
      remedy: expect.stringContaining('gengfu/v1/'),
      zh: expect.stringContaining('主题'),
    })
    expect(await refused(test, 'topic-not-own')).toBe(4)
  })
})

describe('WebSocket', () => {
  const listeners = [{ host: '127.0.0.1', port: 0, webSocket: true }]
  const dial = (port: number, protocol = 'mqtt', origin?: string): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${port}/mqtt`, protocol, origin === undefined ? {} : { origin })

  it('carries MQTT, with the same gate in front', async () => {
    const test = await start({ settings: { listeners } })
    const socket = dial(test.port)
    await once(socket, 'open')
    const device = new WireClient(createWebSocketStream(socket))
    expect(await device.connect()).toBe(0)
    expect(await device.publishKept('gengfu/v1/device-1/event', '{"id":"1-1"}')).toBe(true)
    expect(await device.publishKept('elsewhere', 'x')).toBe(false)
    await device.closed()
  })

  it('without the subprotocol, or from a page of another site, is refused', async () => {
    const test = await start({ settings: { listeners } })
    for (const socket of [dial(test.port, 'chat'), dial(test.port, 'mqtt', 'http://evil.example')]) {
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error.message).toMatch(/40[03]/)
    }
  })

  it('from a page of its own address is taken, and under a name that was made to point here it is not', async () => {
    const test = await start({ settings: { listeners } })
    const own = dial(test.port, 'mqtt', `http://127.0.0.1:${test.port}`)
    await once(own, 'open')
    own.terminate()
    const host = `evil.example:${test.port}`
    const rebound = new WebSocket(`ws://127.0.0.1:${test.port}/mqtt`, 'mqtt', {
      origin: `http://${host}`,
      headers: { host },
    })
    // This listener has no TLS, so a page of its own address by https comes from another program on that address.
    const otherScheme = dial(test.port, 'mqtt', `https://127.0.0.1:${test.port}`)
    for (const socket of [rebound, otherScheme]) {
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error.message).toMatch(/403/)
    }
  })

  it('with a message above the limit closes, and the broker goes on', async () => {
    const test = await start({ settings: { listeners } })
    const socket = dial(test.port)
    await once(socket, 'open')
    socket.send(Buffer.alloc(200_000))
    await once(socket, 'close')
    const plain = connect(test.port, '127.0.0.1')
    plain.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    const [answer] = (await once(plain, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 426/)
    plain.destroy()
  })
})

describe('start and stop', () => {
  it('refuses new connections, lets what is in hand be acknowledged, then closes', async () => {
    const keep: (() => void)[] = []
    const test = await start({ accept: () => new Promise((resolve) => keep.push(resolve)) })
    const device = await WireClient.connect(test.port)
    device.publish('gengfu/v1/device-1/event', '{"id":"1-1","button":"pressed"}')
    await waitFor(() => keep.length === 1)
    const stopping = test.broker.stop()
    const late = connect(test.port, '127.0.0.1')
    await once(late, 'error')
    keep[0]?.()
    expect(await device.next('puback')).toMatchObject({ messageId: 1 })
    await stopping
    await device.closed()
    await test.broker.stop()
  })

  it('rejects when a port is taken, and leaves nothing bound', async () => {
    const first = await start()
    const listeners = [
      { host: '127.0.0.1', port: 0, webSocket: false },
      { host: '127.0.0.1', port: first.port, webSocket: false },
    ]
    await expect(start({ settings: { listeners } })).rejects.toThrow('EADDRINUSE')
  })
})

describe('sightings', () => {
  it('start unknown, follow connection and last will, and tell changes only', async () => {
    const test = await start()
    const changes: unknown[] = []
    test.broker.onSighting(({ device, state, saysOnline, reason }) =>
      changes.push([device, state, saysOnline, reason]),
    )
    expect(test.broker.sightingOf('device-1')).toMatchObject({ state: 'unknown', lastHeardMs: undefined })
    const ready: string[] = []
    test.broker.onDeviceReady((device) => ready.push(device))
    const topic = 'gengfu/v1/device-1/presence'
    const device = await WireClient.connect(test.port, {
      will: { topic, payload: Buffer.from('offline'), qos: 1, retain: true },
    })
    await device.publishKept(topic, 'online')
    await device.publishKept(topic, 'online')
    device.cut()
    await waitFor(() => changes.length === 4)
    expect(changes.slice(0, 2)).toEqual([
      ['device-1', 'connected', undefined, undefined],
      ['device-1', 'connected', true, undefined],
    ])
    expect(changes.at(-1)).toEqual(['device-1', 'disconnected', false, 'connection lost'])
    expect(ready).toEqual(['device-1'])
    // A PUBACK for presence also means stored, and so does a last will.
    expect(test.accepted.map(({ payload }) => Buffer.from(payload).toString())).toEqual([
      'online',
      'online',
      'offline',
    ])
  })
})
