// One hostile box with a valid certificate: reads the name of an attack from stdin, one per line, and runs it until the
// next line. `calm` pauses.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { connect, type MqttClient } from 'mqtt'
import { encodeJson } from '../../../protocols/uplink/codec.ts'
import { makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'
import { randomMutations } from '../../fuzz/structure/structural-mutations.ts'
import { denseReport, report } from '../../fuzz/structure/structure-uplink.ts'
import { pause } from '../options.ts'

const [port = '', pki = '', id = 'evil-1'] = process.argv.slice(2)
const sessions = 4
const underWayMax = 16
const mutations = randomMutations([report, denseReport], 15)
let attack = 'calm'
let number = 1
let epoch = 0

type Message = [channel: string, payload: Uint8Array]

const records = (count: number, make: (sequence: number) => object): object[] =>
  Array.from({ length: count }, (_, i) => make(number + i))

function reportOf(lane: string, all: object[]): Message {
  const first = number
  number += all.length
  return [
    lane,
    encodeJson({ v: 1, epoch: `evil${String(epoch).padStart(8, '0')}`, lane, first, records: all }),
  ]
}

const alarm = (part: object) => (sequence: number) => makeAlarm(sequence, 'raised', part)

/** The next message of an attack. */
const attacks: Record<string, () => Message> = {
  'routine flood': () => reportOf('routine', records(1000, makeEvent)),
  'red flood': () => reportOf('red', records(1000, makeEvent)),
  'red alarms': () =>
    reportOf(
      'red',
      records(200, (n) => alarm({ id: `evil-${n}` })(n)),
    ),
  'packed text': () => {
    const pad = 'x'.repeat(20_000)
    const [lane, bytes] = reportOf(
      'red',
      records(44, (n) => ({ ...makeEvent(n), readings: { pad } })),
    )
    return [lane, gzipSync(bytes, { level: 1 })]
  },
  clocks: () => {
    const one = (n: number): object => {
      const { boot, sinceBootMs, atMs, clock } = makeEvent(n)
      const facts = { boot: 1, bootWallMs: 1.7e12 + n }
      return { type: 'log', sequence: n, boot, sinceBootMs, atMs, clock, what: 'clock-synced', facts }
    }
    return reportOf('routine', records(200, one))
  },
  poison: () => ['red', Buffer.from(mutations.next().value?.text ?? '{}')],
  epochs: () => {
    epoch += 1
    number = 1
    return reportOf('red', records(1, makeEvent))
  },
  heartbeats: () => ['heartbeat', Buffer.from('{"v":1,"lanes":{}}')],
}

async function session(of: number): Promise<void> {
  for (;;) {
    const client = open(of)
    let isClosed = false
    let underWay = 0
    client.on('close', () => (isClosed = true))
    while (!isClosed) {
      const next = client.connected && underWay < underWayMax ? attacks[attack]?.() : undefined
      if (!next) {
        await pause(client.connected ? 1 : 20)
        continue
      }
      underWay++
      client.publish(`up/${id}/${next[0]}`, Buffer.from(next[1]), { qos: 1 }, () => underWay--)
      await pause(0)
    }
    client.end(true)
    await pause(50)
  }
}

function open(of: number): MqttClient {
  const client = connect(`mqtts://localhost:${port}`, {
    ca: readFileSync(`${pki}/ca.crt`),
    cert: readFileSync(`${pki}/${id}.crt`),
    key: readFileSync(`${pki}/${id}.key`),
    clientId: `${id}-${of}`,
    reconnectPeriod: 0,
    protocolVersion: 4,
  })
  client.on('error', () => undefined)
  return client
}

for (let of = 0; of < sessions; of++) void session(of)
createInterface({ input: process.stdin })
  .on('line', (line) => (attack = line))
  .on('close', () => process.exit(0))
