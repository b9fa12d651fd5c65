// Does the centre's broker close the connection on every violation of MQTT 3.1.1, like the box's own, and log it once?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { generate } from 'mqtt-packet'
import { UplinkBroker } from '../../../../centre/receiver/uplink-broker.ts'
import {
  strangerFrameBytesMax,
  subscribeFrameBytesMax,
} from '../../../../centre/receiver/connections/uplink-frames.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { bytes, frame, otherVersions, text, violations } from '../../../kits/broker/violations.ts'
import { WireClient } from '../../../kits/broker/wire-client.ts'

const box = 'upper-brook'
const log: Record<string, unknown>[] = []
const registry = new Registry()
const reports: string[] = []
let broker: UplinkBroker
let port: number

beforeAll(async () => {
  const nothing = (): void => undefined
  broker = new UplinkBroker({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    isAnonymousAllowed: true,
    clock: createSystemClock(),
    logger: pino({}, { write: (line: string) => void log.push(JSON.parse(line)) }),
    registry,
    onReport: (_box, channel, _topic, _payload, done) => {
      reports.push(channel)
      done()
    },
    onResult: () => Promise.resolve(),
    onUnstored: () => Promise.resolve(),
    onShutOut: nothing,
    onSpoke: nothing,
    onHeartbeat: nothing,
    onPicture: nothing,
    onSubscribed: nothing,
  })
  await broker.start()
  port = Number(new URL(broker.urls[0]?.replace('mqtt', 'http') ?? '').port)
})
afterAll(() => broker.stop())

const connect = (): Promise<WireClient> => WireClient.connect(port, { clientId: box })
const refused = async (reason: string): Promise<number> => {
  const metric = await registry.getSingleMetric('gengfu_centre_uplink_refused_total')?.get()
  return metric?.values.find(({ labels }) => labels['reason'] === reason)?.value ?? 0
}

/** Sends the bytes on a new connection (after a CONNECT, unless they are one) and waits for its end. */
async function answersTo(packet: Buffer): Promise<unknown[]> {
  const client = packet[0] === 0x10 ? await WireClient.open(port) : await connect()
  client.stream.write(packet)
  await client.closed()
  return client.received
}

it.each([...violations])(
  '%s closes without an answer and is named [MQTT-%s]',
  async (_name, clause, packet) => {
    const before = await refused('malformed')
    expect(await answersTo(packet)).toEqual([])
    expect(await refused('malformed')).toBe(before + 1)
    const said = log.filter(
      (line) => line['msg'] === 'a box was refused' && line['clause'] === `MQTT-${clause}`,
    )
    expect(said.length).toBeGreaterThan(0)
    expect(new Set(said.map((line) => line['detail'])).size).toBe(said.length)
  },
)

it.each([...otherVersions])(
  '%s gets CONNACK 1, and the log says what to set',
  async (_name, cause, packet) => {
    expect(await answersTo(packet)).toMatchObject([{ cmd: 'connack', returnCode: 1 }])
    expect(log.find(({ reason }) => reason === cause)?.['remedy']).toContain('MQTT 3.1.1')
  },
)

it('keeps the good packets of a segment that ends in a violation', async () => {
  const client = await connect()
  const report = {
    cmd: 'publish',
    topic: `up/${box}/red`,
    payload: '{}',
    qos: 1,
    dup: false,
    retain: false,
  } as const
  client.stream.write(
    Buffer.concat([
      generate({ ...report, messageId: 1 }),
      generate({ ...report, messageId: 2 }),
      bytes('a2 02 1234'),
    ]),
  )
  await client.closed()
  expect(reports).toEqual(['red', 'red'])
})

it('takes a PUBACK that comes late, and closes on an acknowledgement of QoS 2, which it never sends', async () => {
  const client = await connect()
  client.stream.write(bytes('40 02 0007'))
  await client.settle()
  expect(client.isClosed).toBe(false)
  client.stream.write(bytes('50 02 0007'))
  await client.closed()
})

it('answers each filter of a SUBSCRIBE, also one that comes twice [MQTT-3.8.4-5]', async () => {
  const client = await connect()
  const [receipt, stage] = [`down/${box}/receipt`, `down/${box}/stage`]
  expect(await client.subscribe([receipt, 1], [stage, 1], [receipt, 0])).toEqual([1, 1, 0])
  client.cut()
})

it('refuses by the header: what a stranger announces, and a subscription that is too long', async () => {
  const length = (count: number): Buffer => Buffer.from([(count & 127) | 128, count >> 7])
  const before = await refused('frame-too-large')
  const stranger = Buffer.concat([Buffer.from([0x10]), length(strangerFrameBytesMax + 1)])
  expect(await answersTo(stranger)).toEqual([])
  const long = Buffer.concat([Buffer.from([0x82]), length(subscribeFrameBytesMax + 1)])
  expect(await answersTo(long)).toEqual([])
  expect(await refused('frame-too-large')).toBe(before + 2)
  const client = await WireClient.open(port)
  for (const byte of frame(0x10, text('MQTT'), bytes('04 02 003c'), text(box)))
    client.stream.write(Buffer.from([byte]))
  expect(await client.next('connack')).toMatchObject({ returnCode: 0 })
  client.cut()
})
