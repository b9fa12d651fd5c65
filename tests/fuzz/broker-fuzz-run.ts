// Throws mutated MQTT packets at a real broker while honest devices publish, and reports what became of everybody.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { generate, type Packet } from 'mqtt-packet'
import { createSeededRandom, type Random } from '../../protocols/kit/random.ts'
import { startTestBroker, type TestBroker } from '../broker-kit/test-broker.ts'
import { connectPacket, WireClient } from '../broker-kit/wire-client.ts'

export interface FuzzPlan {
  /** Mutated packets to send in all. */
  packets: number
  /** Connections that send them at the same time. */
  hostile: number
  /** Devices that publish events and count their PUBACKs meanwhile. */
  honest: number
  seed: number
  access?: 'strict' | 'open'
}

export interface FuzzReport {
  packetsSent: number
  connections: number
  honestKept: number
  /** Events with a PUBACK that never reached the intake: must be none. */
  honestLost: string[]
  /** Times an honest device lost its connection: must be 0. */
  honestDropped: number
  connectionsLeft: number
  heapBytesBefore: number
  heapBytesAfter: number
  errors: string[]
}

/** Longest burst written to one connection, in packets. */
const burstMax = 40
/** A connection that the broker has not closed by then is given up, and reported. */
const stuckMs = 10_000

const goodbye = generate({ cmd: 'disconnect' })

export async function runFuzz(plan: FuzzPlan): Promise<FuzzReport> {
  const test = await startTestBroker({
    settings: { access: plan.access ?? 'strict', limits: { retainedMessages: 500, sessions: 200 } },
  })
  // The test keeps what it accepts; what the fuzz managed to get accepted is not interesting.
  const seen = new Set<string>()
  test.accepted.push = (...messages) => {
    for (const { device, payload } of messages)
      if (device.startsWith('honest-')) seen.add(Buffer.from(payload).toString())
    return 0
  }
  test.log.push = () => 0
  const report: FuzzReport = {
    packetsSent: 0,
    connections: 0,
    honestKept: 0,
    honestLost: [],
    honestDropped: 0,
    connectionsLeft: 0,
    heapBytesBefore: 0,
    heapBytesAfter: 0,
    errors: [],
  }
  const noteError = (error: unknown): void => void report.errors.push(String(error))
  process.on('uncaughtException', noteError)
  process.on('unhandledRejection', noteError)
  try {
    await attackAll(
      test,
      { ...plan, packets: Math.min(plan.packets / 10, 2000), seed: plan.seed + 1 },
      report,
    )
    report.packetsSent = 0
    report.heapBytesBefore = await settledHeap()
    const ending = { isOver: false }
    const honest = Array.from({ length: plan.honest }, (_, i) =>
      beHonest(test, `honest-${i}`, ending, report, seen),
    )
    await attackAll(test, plan, report)
    ending.isOver = true
    await Promise.all(honest)
    for (let i = 0; i < 300 && (await test.count('gengfu_broker_connections')) > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    report.connectionsLeft = await test.count('gengfu_broker_connections')
    seen.clear()
    report.heapBytesAfter = await settledHeap()
  } finally {
    process.off('uncaughtException', noteError)
    process.off('unhandledRejection', noteError)
    await test.broker.stop()
  }
  return report
}

async function attackAll(test: TestBroker, plan: FuzzPlan, report: FuzzReport): Promise<void> {
  const random = createSeededRandom(plan.seed)
  const attacker = async (): Promise<void> => {
    while (report.packetsSent < plan.packets) await attack(test.port, random, report)
  }
  await Promise.all(Array.from({ length: plan.hostile }, attacker))
}

/** One connection: often a proper CONNECT, then a burst of packets of which many are broken. */
async function attack(port: number, random: Random, report: FuzzReport): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const closed = once(socket, 'close')
  socket.on('error', (error) => {
    if (error.message === 'stuck') report.errors.push('the broker did not close a connection that had ended')
    socket.destroy()
  })
  socket.resume()
  report.connections++
  const clientId = `evil-${random.between(0, 60)}`
  const parts: Buffer[] = []
  if (random.next() < 0.8)
    parts.push(
      generate(connectPacket({ clientId, clean: random.next() < 0.7, keepalive: random.between(0, 3) })),
    )
  const burst = random.between(1, burstMax)
  for (let i = 0; i < burst; i++) {
    const packet = generate(samplePacket(random, clientId))
    parts.push(random.next() < 0.5 ? packet : mutate(packet, random))
  }
  const bytes = Buffer.concat(parts)
  const cut = random.between(0, bytes.length)
  socket.write(bytes.subarray(0, cut))
  await new Promise(setImmediate)
  socket.write(bytes.subarray(cut))
  // Only what the broker has read counts: it ends the connection at the violation or the goodbye. Sooner, a socket
  // would be gone before it is accepted.
  socket.end(goodbye)
  const cancel = setTimeout(() => socket.destroy(new Error('stuck')), stuckMs)
  await closed
  clearTimeout(cancel)
  report.packetsSent += burst
}

function samplePacket(random: Random, clientId: string): Packet {
  const messageId = random.between(1, 300)
  const topic = random.pick([
    `gengfu/v1/${clientId}/event`,
    `gengfu/v1/${clientId}/presence`,
    `gengfu/v1/${clientId}/#`,
    'a/b',
    '$SYS/x',
    '#',
    '/'.repeat(random.between(1, 150)),
    '\u0000',
    '__proto__',
  ])
  const name = topic.replaceAll(/[#+]/g, 'x')
  const qos = random.pick([0, 1, 2] as const)
  const payload = Buffer.alloc(random.between(0, 300), random.between(0, 255))
  const id = qos > 0 ? { messageId } : {}
  return random.pick<() => Packet>([
    () => connectPacket({ clientId, will: { topic: name, payload, qos, retain: true } }),
    () => ({
      cmd: 'publish',
      topic: name,
      payload,
      qos,
      retain: random.next() < 0.3,
      dup: qos > 0 && random.next() < 0.3,
      ...id,
    }),
    () => ({
      cmd: 'publish',
      topic: `gengfu/v1/${clientId}/event`,
      payload,
      qos,
      retain: false,
      dup: false,
      ...id,
    }),
    () => ({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos }] }) as Packet,
    () => ({ cmd: 'unsubscribe', messageId, unsubscriptions: [topic] }),
    () => ({ cmd: 'puback', messageId }),
    () => ({ cmd: 'pubrec', messageId }),
    () => ({ cmd: 'pubrel', messageId }),
    () => ({ cmd: 'pubcomp', messageId }),
    () => ({ cmd: 'pingreq' }),
    () => ({ cmd: 'disconnect' }),
    () => ({ cmd: 'connack', returnCode: 0, sessionPresent: false }),
    () => ({ cmd: 'suback', messageId, granted: [0] }),
  ])()
}

function mutate(packet: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(packet)
  const at = random.between(0, bytes.length - 1)
  return random.pick<() => Buffer>([
    () => {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7))
      return bytes
    },
    () => {
      bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff])
      return bytes
    },
    () => bytes.subarray(0, at),
    () =>
      Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(random.hex(random.between(1, 8)), 'hex'),
        bytes.subarray(at),
      ]),
    () =>
      Buffer.concat([
        bytes.subarray(0, 1),
        Buffer.from([random.between(0, 255), random.between(0, 255)]),
        bytes.subarray(2),
      ]),
    () => Buffer.from(random.hex(random.between(1, 60)), 'hex'),
  ])()
}

async function beHonest(
  test: TestBroker,
  device: string,
  ending: { isOver: boolean },
  report: FuzzReport,
  seen: Set<string>,
): Promise<void> {
  const client = await WireClient.connect(test.port, { clientId: device })
  for (let i = 0; !ending.isOver; i++) {
    const payload = JSON.stringify({ id: `${i}`, device, button: 'pressed' })
    if (await client.publishKept(`gengfu/v1/${device}/event`, payload)) {
      report.honestKept++
      if (!seen.delete(payload)) report.honestLost.push(payload)
    } else {
      report.honestDropped++
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  client.cut()
}

async function settledHeap(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    collect()
  }
  return process.memoryUsage().heapUsed
}
