// One hostile device with a valid password, in a separate process: every few seconds another attack that costs the box
// more than the device. Arguments: port, device, password, and the only attack to use, or -1 for all
// in turn. Ends with its parent.
import { constants, setPriority } from 'node:os'
import { connect, type MqttClient } from 'mqtt'
import { everyMutation } from '../../fuzz/structure/structural-mutations.ts'
import { deviceEvent, deviceResult } from '../../fuzz/structure/structure-device.ts'
import { pause } from '../options.ts'

const [port = '', device = '', password = '', only = '-1'] = process.argv.slice(2)
const modeMs = 5000
const topic = (channel: string): string => `gengfu/v1/${device}/${channel}`
const open = new Set<MqttClient>()
let sent = 0

function dial(clientId: string): Promise<MqttClient | undefined> {
  return new Promise((resolve) => {
    const options = { username: device, password, clientId, reconnectPeriod: 0, keepalive: 0 } as const
    const client = connect(`mqtt://127.0.0.1:${port}`, { ...options, protocolVersion: 4, clean: true })
    open.add(client)
    client.on('error', () => undefined)
    client.once('connect', () => resolve(client))
    client.once('close', () => {
      open.delete(client)
      resolve(undefined)
    })
  })
}

function endAll(): void {
  for (const client of open) client.stream.destroy()
}

/** Publishes as fast as the socket accepts, without waiting for answers. */
async function flood(
  client: MqttClient,
  untilMs: number,
  next: (at: number) => [string, string],
): Promise<void> {
  for (let at = 0; performance.now() < untilMs && !client.disconnecting && open.has(client); at++) {
    const [channel, payload] = next(at)
    client.publish(topic(channel), payload, { qos: 1 }, () => undefined)
    sent++
    if (at % 50 === 49) await pause(5)
  }
}

const run = Date.now()
const poisons = [deviceEvent, deviceResult].flatMap((message) =>
  [...everyMutation(message)].map(({ text }) => text),
)
/** The order of `modeNames` in the benchmark. */
const modes: ((untilMs: number) => Promise<void>)[] = [
  // Two hundred connections with one password, each with a session.
  async (untilMs) => {
    while (performance.now() < untilMs) {
      await Promise.race([
        Promise.all(Array.from({ length: 200 }, (_, at) => dial(`${device}-${at}`))),
        pause(modeMs / 2),
      ])
      endAll()
    }
  },
  // The largest payloads, never acknowledged.
  async (untilMs) => {
    const client = await dial(device)
    if (client)
      await flood(client, untilMs, (at) => ['event', `{"id":"${run}-${at}","note":"${'x'.repeat(60_000)}"}`])
  },
  // Alarms that are raised and cleared repeatedly.
  async (untilMs) => {
    const client = await dial(device)
    const next = (at: number): [string, string] => [
      'event',
      `{"id":"${run + 1}-${at}","button":"pressed","tamper":${at % 2 === 0}}`,
    ]
    if (client) await flood(client, untilMs, next)
  },
  // Every kind of invalid message.
  async (untilMs) => {
    const client = await dial(device)
    const next = (at: number): [string, string] => [
      at % 3 === 0 ? 'result' : 'event',
      poisons[at % poisons.length] ?? '',
    ]
    if (client) await flood(client, untilMs, next)
  },
  // Presence that flaps, results of unknown commands.
  async (untilMs) => {
    const client = await dial(device)
    const next = (at: number): [string, string] =>
      at % 2 ? ['presence', at % 4 === 1 ? 'online' : 'offline'] : ['result', `{"id":"c-${at}","ok":true}`]
    if (client) await flood(client, untilMs, next)
  },
  // Subscriptions by the hundred, and connections that open and close.
  async (untilMs) => {
    while (performance.now() < untilMs) {
      const client = await dial(device)
      const filters = Array.from({ length: 100 }, (_, at) => `gengfu/v1/${device}/command/${at}/${sent++}`)
      client?.subscribe(filters, { qos: 1 }, () => undefined)
      await pause(20)
      endAll()
    }
  },
]

// A device has a processor of its own: this process uses the time that the box leaves.
setPriority(constants.priority.PRIORITY_LOW)
process.on('disconnect', () => process.exit(0))
for (let at = 0; ; at++) {
  const mode = Number(only) < 0 ? at % modes.length : Number(only)
  process.send?.(mode)
  await modes[mode]?.(performance.now() + modeMs)
  endAll()
  await pause(100)
}
