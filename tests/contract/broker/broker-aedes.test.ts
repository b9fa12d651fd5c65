// Does aedes still behave as the broker relies on: PUBACK after accept, and only then?
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestBroker, type TestBroker, type TestBrokerOptions } from '../../kits/broker/test-broker.ts'
import { WireClient } from '../../kits/broker/wire-client.ts'

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

describe('PUBACK', () => {
  it('comes after accept has resolved, never before', async () => {
    let keep: () => void = () => undefined
    const { port, accepted } = await start({ accept: () => new Promise((resolve) => (keep = resolve)) })
    const device = await WireClient.connect(port)
    device.publish(topic, '{"id":"1-1","button":"pressed"}')
    await device.settle()
    expect(accepted).toHaveLength(1)
    expect(device.received).toEqual([])
    keep()
    expect(await device.next('puback')).toMatchObject({ messageId: 1 })
    device.cut()
  })

  it('never comes when accept rejects, and the connection is dropped', async () => {
    const { port, log } = await start({ accept: () => Promise.reject(new Error('disk full')) })
    const device = await WireClient.connect(port)
    expect(await device.publishKept(topic, '{"id":"1-1","button":"pressed"}')).toBe(false)
    expect(log.filter(({ cause }) => cause === 'not-kept')).toHaveLength(1)
  })

  it('does not come for PUBREC either when accept rejects at QoS 2', async () => {
    const { port } = await start({ accept: () => Promise.reject(new Error('disk full')) })
    const device = await WireClient.connect(port)
    device.publish(topic, '{"id":"1-1"}', 2)
    expect(await device.next('pubrec')).toBeUndefined()
  })

  it('does not come when accept throws instead of rejecting', async () => {
    const { port } = await start({
      accept: () => {
        throw new Error('a fault of ours')
      },
    })
    const device = await WireClient.connect(port)
    expect(await device.publishKept(topic, '{"id":"1-1"}')).toBe(false)
  })
})

describe('accept', () => {
  it('is called in order for every message of a burst without waiting for the first', async () => {
    const keep: (() => void)[] = []
    const { port, accepted } = await start({ accept: () => new Promise((resolve) => keep.push(resolve)) })
    const device = await WireClient.connect(port)
    for (let i = 0; i < 50; i++) device.publish(topic, `{"id":"1-${i}"}`)
    while (accepted.length < 50) await new Promise(setImmediate)
    expect(accepted.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()).id)).toEqual(
      Array.from({ length: 50 }, (_, i) => `1-${i}`),
    )
    for (const resolve of keep) resolve()
    for (let i = 1; i <= 50; i++) expect(await device.next('puback')).toMatchObject({ messageId: i })
    device.cut()
  })

  it('gets an alarm although routine messages before it still wait for their commit', async () => {
    const keep: (() => void)[] = []
    const { port, accepted } = await start({ accept: () => new Promise((resolve) => keep.push(resolve)) })
    const device = await WireClient.connect(port)
    device.stream.cork()
    for (let i = 0; i < 20; i++) device.publish(topic, `{"id":"1-${i}","batteryPercent":80}`)
    device.stream.uncork()
    await waitFor(() => accepted.length === 20)
    device.publish(topic, '{"id":"1-20","button":"pressed"}')
    await waitFor(() => accepted.length === 21)
    // Answers keep the order of the messages all the same. [MQTT-4.6.0-2]
    for (const resolve of keep.reverse()) resolve()
    for (let i = 1; i <= 21; i++) expect((await device.next('puback'))?.messageId).toBe(i)
    device.cut()
  })

  it('is not called for more than a connection may have in hand', async () => {
    const keep: (() => void)[] = []
    const { port, accepted } = await start({
      settings: { limits: { inHandMessages: 10 } },
      accept: () => new Promise((resolve) => keep.push(resolve)),
    })
    const device = await WireClient.connect(port)
    for (let i = 0; i < 200; i++) {
      device.publish(topic, `{"id":"1-${i}"}`)
      await new Promise(setImmediate)
    }
    await WireClient.connect(port, { clientId: 'device-2' }).then((other) => other.settle())
    expect(accepted.length).toBeLessThan(200)
    for (let i = 0; i < 200; i++) {
      await waitFor(() => keep.length > i)
      keep[i]?.()
    }
    expect(accepted).toHaveLength(200)
    device.cut()
  })

  it('is called again for a QoS 2 retransmission, and the device gets PUBREC again', async () => {
    const { port, accepted } = await start()
    const device = await WireClient.connect(port)
    const packet = {
      cmd: 'publish',
      topic,
      payload: '{"id":"1-1"}',
      qos: 2,
      messageId: 7,
      retain: false,
    } as const
    device.send({ ...packet, dup: false })
    await device.next('pubrec')
    device.send({ ...packet, dup: true })
    await device.next('pubrec')
    device.send({ cmd: 'pubrel', messageId: 7 })
    expect(await device.next('pubcomp')).toMatchObject({ messageId: 7 })
    expect(accepted).toHaveLength(2)
    device.cut()
  })

  it('gets the message when the device hangs up right after sending it', async () => {
    const { port, accepted } = await start()
    const device = await WireClient.connect(port)
    device.publish(topic, '{"id":"1-1","button":"pressed"}')
    device.send({ cmd: 'disconnect' })
    await device.closed()
    expect(accepted).toHaveLength(1)
  })
})

describe('a QoS 1 message that a QoS 0 message overtakes inside aedes', () => {
  it('still reaches the subscriber', async () => {
    const { broker, port } = await start()
    const device = await WireClient.connect(port)
    await device.subscribe(['gengfu/v1/device-1/command', 1])
    await Promise.all([
      broker.publish('gengfu/v1/device-1/command', 'one', { qos: 1 }),
      broker.publish('gengfu/v1/device-1/command', 'two', { qos: 0 }),
    ])
    const texts = [(await device.message()).text, (await device.message()).text]
    expect(texts.sort()).toEqual(['one', 'two'])
    device.cut()
  })
})

describe('packets sent before CONNACK', () => {
  it('wait for the decision, however many there are', async () => {
    const { port, accepted } = await start()
    const device = await WireClient.open(port)
    const answered = device.connect()
    for (let i = 0; i < 300; i++) device.publish(topic, `{"id":"1-${i}","contact":"open"}`)
    expect(await answered).toBe(0)
    for (let i = 1; i <= 300; i++) expect(await device.next('puback')).toMatchObject({ messageId: i })
    expect(accepted).toHaveLength(300)
    device.cut()
  })

  it('never reach the intake when the device is refused', async () => {
    const { port, accepted } = await start({ settings: { anonymous: false } })
    const device = await WireClient.open(port)
    const answered = device.connect()
    device.publish(topic, '{"id":"1-1","button":"pressed"}')
    await new Promise(setImmediate)
    device.publish(topic, '{"id":"1-2","button":"pressed"}')
    expect(await answered).toBe(5)
    await device.closed()
    expect(accepted).toEqual([])
  })
})

describe('taking over a client id', () => {
  it('leaves the registry right however the old connection ends', async () => {
    const { broker, port, count } = await start()
    let last: WireClient | undefined
    for (let round = 0; round < 60; round++) {
      const next = await WireClient.open(port)
      if (round % 3 === 0) last?.cut()
      if (round % 3 === 1) last?.stream.end()
      // Past the takeover limit: a holder heard this recently would keep its place.
      const code = await next.connect({ clientId: 'device-1' })
      if (code === 2) {
        next.cut()
        continue
      }
      last = next
    }
    await last?.settle()
    expect(broker.sightingOf('device-1')).toMatchObject({ state: 'connected' })
    expect(await count('gengfu_broker_devices_connected')).toBe(1)
    await last?.disconnect()
    await waitFor(() => broker.sightingOf('device-1').state === 'disconnected')
    expect(broker.sightingOf('device-1')).toMatchObject({ reason: 'disconnect' })
  })
})

describe('a frozen subscriber', () => {
  it('affects no other client and is closed once too much waits for it', async () => {
    const { broker, port, count } = await start({ settings: { limits: { unsentBytes: 65_536 } } })
    const frozen: Socket = connect(port, '127.0.0.1')
    await once(frozen, 'connect')
    const frozenClient = new WireClient(frozen)
    await frozenClient.connect({ clientId: 'frozen' })
    await frozenClient.subscribe(['gengfu/v1/frozen/command', 0])
    frozen.pause()
    const device = await WireClient.connect(port)
    const block = Buffer.alloc(50_000)
    const kept: boolean[] = []
    for (let i = 0; i < 400; i++) {
      await broker.publish('gengfu/v1/frozen/command', block, { qos: 0 })
      if (i % 100 === 0) kept.push(await device.publishKept(topic, '{"id":"1-1","button":"pressed"}'))
    }
    expect(kept).toEqual([true, true, true, true])
    await waitFor(() => broker.sightingOf('frozen').state === 'disconnected')
    expect(await count('gengfu_broker_refusals_total', { cause: 'not-reading' })).toBe(1)
    device.cut()
    frozen.destroy()
  })
})

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isTrue()).toBe(true)
}

describe('CONNACK', () => {
  const connects: [string, string, string][] = [
    ['MQTT 3.1', '10 13 0006 4d5149736470 03 00 003c 0005 6f6c642d31', '20020000'],
    ['MQTT 3.1.1', '10 11 0004 4d515454 04 00 003c 0005 6f6c642d31', '20020100'],
  ]
  it.each(connects)(
    'of %s says that a session was kept only where the version has a place for it',
    async (_, bytes, second) => {
      const { port } = await start()
      const connectOnce = async (): Promise<string> => {
        const socket = connect(port, '127.0.0.1')
        socket.write(Buffer.from(bytes.replaceAll(' ', ''), 'hex'))
        const heard: Buffer[] = []
        while (Buffer.concat(heard).length < 4) heard.push(...((await once(socket, 'data')) as [Buffer]))
        // SUBSCRIBE, so that there is a session to keep; its answer shows that the next packets are whole.
        socket.write(
          Buffer.from(`821c00010017${Buffer.from('gengfu/v1/old-1/command').toString('hex')}00`, 'hex'),
        )
        const [suback] = (await once(socket, 'data')) as [Buffer]
        expect(suback.subarray(0, 2).toString('hex')).toBe('9003')
        socket.destroy()
        await once(socket, 'close')
        return Buffer.concat(heard).toString('hex')
      }
      expect(await connectOnce()).toBe('20020000')
      expect(await connectOnce()).toBe(second)
    },
  )
})
