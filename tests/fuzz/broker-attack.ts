// One hostile connection: a valid or broken CONNECT, then packets of every kind, many of them mutated.
import { connect } from 'node:net'
import { generate, type Packet } from 'mqtt-packet'
import type { Random } from '../../protocols/kit/random.ts'
import { connectPacket } from '../kits/broker/wire-client.ts'

/** Longest burst written to one connection, in packets. */
const burstMax = 40
/** A connection that the broker has not closed by then is closed here, and reported. */
const stuckMs = 10_000

const goodbye = generate({ cmd: 'disconnect' })

export interface AttackReport {
  packetsSent: number
  connections: number
  errors: string[]
}

/** Resolves when the broker has closed the connection; `from` is the loopback address it comes from. */
export async function attack(
  port: number,
  random: Random,
  report: AttackReport,
  from = '127.0.0.1',
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  const closed = new Promise((resolve) => socket.once('close', resolve))
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
  // Only bytes that the broker has read count: it ends the connection at the violation or the DISCONNECT. Earlier, a
  // socket would be closed before it is accepted.
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
