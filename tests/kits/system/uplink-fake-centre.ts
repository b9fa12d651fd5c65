// A town centre reduced to its guarantee: stores the records of a Report and answers Receipts, with knobs for every
// fault.
import net, { type AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { Aedes } from 'aedes'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { encodeJson, parseHeartbeat, parseReport } from '../../../protocols/uplink/codec.ts'
import type { Heartbeat } from '../../../protocols/uplink/heartbeat.ts'
import { type LaneReceipt, type Receipt, reportForms } from '../../../protocols/uplink/receipt.ts'
import { downTopic, parseUpTopic } from '../../../protocols/uplink/topics.ts'

export interface CentreKnobs {
  /** Chance that a Report is lost although the broker acknowledged it. */
  loseReports: number
  /** Chance that a Receipt is lost. */
  loseReceipts: number
  /** Chance that the connection is cut at a Report. */
  cut: number
  /** Largest delay of a Receipt; different delays put Receipts out of order. */
  delayMs: number
  /** Takes Reports and answers nothing. */
  isDeaf: boolean
  /** Keeps the sockets open and reads nothing from them. */
  isFrozen: boolean
}

export interface FakeCentre {
  readonly port: number
  readonly knobs: CentreKnobs
  readonly heartbeats: Heartbeat[]
  /** The stored records, in order of storing. */
  readonly stored: { lane: Lane; number: number; body: unknown }[]
  /** Stored numbers of a lane, in order. */
  numbers(lane: Lane): number[]
  readonly connections: number
  readonly repeats: number
  readonly wireBytes: number
  publish(box: string, channel: 'receipt' | 'stage' | 'command', message: object): void
  cutAll(): void
  close(): Promise<void>
}

interface LaneStore {
  seen: Set<number>
  storedTo: number
  highest: number
}

export async function createFakeCentre(
  random: Random,
  knobs: Partial<CentreKnobs> = {},
  port = 0,
): Promise<FakeCentre> {
  const state: CentreKnobs = {
    loseReports: 0,
    loseReceipts: 0,
    cut: 0,
    delayMs: 0,
    isDeaf: false,
    isFrozen: false,
    ...knobs,
  }
  const broker = await Aedes.createBroker()
  const sockets = new Set<net.Socket>()
  const stored: FakeCentre['stored'] = []
  const heartbeats: Heartbeat[] = []
  const stores = new Map<string, LaneStore>()
  let connections = 0
  let repeats = 0
  let wireBytes = 0

  const storeOf = (lane: Lane): LaneStore => {
    const store = stores.get(lane) ?? { seen: new Set(), storedTo: 0, highest: 0 }
    stores.set(lane, store)
    return store
  }
  const publish = (box: string, channel: 'receipt' | 'stage' | 'command', message: object): void => {
    broker.publish(
      {
        cmd: 'publish',
        topic: downTopic(box, channel),
        payload: Buffer.from(encodeJson(message)),
        qos: 0,
        retain: false,
        dup: false,
      },
      () => undefined,
    )
  }
  const receiptOf = (epoch: string, lane: Lane): Receipt => {
    const { seen, storedTo, highest } = storeOf(lane)
    const missing: LaneReceipt['missing'] = []
    for (let number = storedTo + 1; number <= highest && missing.length < 100; number++) {
      if (seen.has(number)) continue
      const open = missing.at(-1)
      if (open && open[1] === number - 1) open[1] = number
      else missing.push([number, number])
    }
    return {
      v: 1,
      epoch,
      lanes: { [lane]: { storedTo, missing } },
      centreTimeMs: Date.now(),
      forms: [...reportForms],
    }
  }
  const store = (box: string, bytes: Uint8Array): void => {
    const report = parseReport(bytes, (packed, max) => gunzipSync(packed, { maxOutputLength: max }))
    if (!report.ok) throw new Error(`unreadable Report: ${JSON.stringify(report.problems)}`)
    const { lane, first, records, skipped, epoch } = report.value
    const lanes = storeOf(lane)
    const take = (number: number, body: unknown): void => {
      if (lanes.seen.has(number)) repeats++
      else {
        lanes.seen.add(number)
        stored.push({ lane, number, body })
      }
      lanes.highest = Math.max(lanes.highest, number)
    }
    for (const { from, to } of skipped ?? [])
      for (let number = from; number <= to; number++) take(number, 'skipped')
    for (const [index, record] of records.entries()) take(first + index, record)
    while (lanes.seen.has(lanes.storedTo + 1)) lanes.storedTo++
    if (state.isDeaf || random.next() < state.loseReceipts) return
    const receipt = receiptOf(epoch, lane)
    if (state.delayMs === 0) publish(box, 'receipt', receipt)
    else setTimeout(() => publish(box, 'receipt', receipt), random.next() * state.delayMs)
  }
  broker.authorizePublish = (client, packet, done) => {
    const topic = parseUpTopic(packet.topic)
    const bytes = Buffer.from(packet.payload)
    if (topic?.channel === 'heartbeat') {
      const heartbeat = parseHeartbeat(bytes)
      if (!heartbeat.ok) throw new Error('unreadable heartbeat')
      heartbeats.push(heartbeat.value)
    } else if (topic && topic.channel !== 'result') {
      wireBytes += bytes.length
      if (random.next() < state.cut) return void client?.conn.destroy()
      if (random.next() >= state.loseReports) store(topic.box, bytes)
    }
    done(null)
  }
  const server = net.createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    if (state.isFrozen) socket.pause()
    else broker.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    knobs: state,
    heartbeats,
    stored,
    numbers: (lane) => stored.filter((entry) => entry.lane === lane).map((entry) => entry.number),
    get connections() {
      return connections
    },
    get repeats() {
      return repeats
    },
    get wireBytes() {
      return wireBytes
    },
    publish,
    cutAll: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => broker.close(() => server.close(() => resolve())))
    },
  }
}
