// Does red stay fast, and does the backlog drain, on 64 kbit/s and 300 ms with a million records and 200 pictures
// waiting? Real processes in two network namespaces, the kernel's own token bucket, and a Mosquitto bridge on the same
// link in the same run.
import type { WebSocket } from 'ws'
import type { PicturesAnswer } from '../../../protocols/desk/api.ts'
import { createTownAcross, type BoxAcross, type TownAcross } from '../../kits/network/town-across.ts'
import { createTwoPlaces, placesProblem, type TwoPlaces } from '../../kits/network/two-places.ts'
import { countStored, type StoredCount } from '../figures/count-stored.ts'
import { median, percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { fillJournal } from '../fill-journal.ts'
import { deadCamera, fillPictures } from '../fill-pictures.ts'
import { pause, readOptions } from '../options.ts'
import { openDesk, press } from '../press-to-desk.ts'
import { RawDevice } from '../load/raw-device.ts'
import { measureBridge, type Wire } from './thin-link-peer.ts'
import { villageDevices } from '../village.ts'

const minuteMs = 60_000
const warmUpMs = 20_000
const finishMsMax = 20 * minuteMs
const linkDownMsMax = 60_000

interface Presses {
  device: RawDevice
  stream: WebSocket
  made: number
}

/** Presses every one to two seconds for this long; milliseconds until the desk got each. */
async function pressFor(presses: Presses, ms: number): Promise<number[]> {
  const tookMs: number[] = []
  const endMs = performance.now() + ms
  while (performance.now() < endMs) {
    tookMs.push(await press(presses.device, presses.stream, `9-${++presses.made}`))
    await pause(600 + Math.random() * 1000)
  }
  return tookMs
}

async function start(box: BoxAcross, stream: WebSocket) {
  const gateway = await box.start()
  const device = new RawDevice('bench-button')
  await device.connect(box.ports.mqtt)
  return { gateway, presses: { device, stream, made: 0 } }
}

const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

const receiptedRoutine = async (box: BoxAcross): Promise<number> =>
  (await box.lanes()).routine?.receipted ?? Number.NaN

async function measureDrain(places: TwoPlaces, box: BoxAcross, presses: Presses, ms: number) {
  await pressFor(presses, warmUpMs)
  const [from, fromBytes, fromMs] = [await receiptedRoutine(box), await places.wireBytes(), performance.now()]
  const tookMs = await pressFor(presses, ms)
  const [to, toBytes] = [await receiptedRoutine(box), await places.wireBytes()]
  const wire: Wire = {
    seconds: (performance.now() - fromMs) / 1000,
    records: to - from,
    upBytes: toBytes.up - fromBytes.up,
    downBytes: toBytes.down - fromBytes.down,
  }
  return { tookMs, wire }
}

/**
 * Cuts the link until the box has noticed, and some seconds more; then the link returns and a button is pressed at
 * once.
 */
async function firstReds(
  places: TwoPlaces,
  box: BoxAcross,
  presses: Presses,
  outages: number,
): Promise<number[]> {
  const tookMs: number[] = []
  for (let i = 0; i < outages; i++) {
    await places.set({ cut: 'both' })
    const sinceMs = performance.now()
    while (await isUp(box)) {
      if (performance.now() - sinceMs > linkDownMsMax)
        throw new Error('the box does not notice that its link is gone')
      await pause(200)
    }
    await pause(2000 + Math.random() * 8000)
    await places.set({ cut: 'none' })
    tookMs.push(await press(presses.device, presses.stream, `9-${++presses.made}`))
    await pause(5000)
  }
  return tookMs
}

async function isUp(box: BoxAcross): Promise<boolean> {
  return /^gengfu_uplink_state\{state="up"\} 1/m.test(await metricsOf(box))
}

async function metricsOf(box: BoxAcross): Promise<string> {
  return (await fetch(`http://127.0.0.1:${box.ports.console}/metrics`)).text()
}

/** Picture files that the centre does not have; a snapshot has two. */
async function waitingPictures(box: BoxAcross): Promise<number> {
  return Number(/^gengfu_uplink_waiting_pictures (\d+)/m.exec(await metricsOf(box))?.[1])
}

/** Complete at the centre, in both sizes; read in pages of 200. */
async function arrivedPictures(across: TownAcross, box: BoxAcross): Promise<number> {
  const path = `/api/v1/boxes/${box.id}/pictures?limit=200`
  const { pictures } = await across.town.get<PicturesAnswer>(path)
  return pictures.filter(({ full, preview }) => full.state === 'here' && preview.state === 'here').length
}

async function finish(places: TwoPlaces, box: BoxAcross): Promise<number> {
  await places.limit(undefined)
  await places.set({ delayMs: 0 })
  const startMs = performance.now()
  for (;;) {
    const lanes = Object.values(await box.lanes())
    if (lanes.every(({ last, receipted }) => last === receipted) && (await waitingPictures(box)) === 0)
      return lanes.reduce((sum, { last }) => sum + last, 0)
    if (performance.now() - startMs > finishMsMax) throw new Error(`not drained: ${JSON.stringify(lanes)}`)
    await pause(1000)
  }
}

export async function runThinLink(args: readonly string[]): Promise<void> {
  const options = readOptions(args, {
    minutes: 10,
    records: 1_000_000,
    pictures: 200,
    idleMinutes: 5,
    outages: 5,
    bits: 64_000,
    tripMs: 300,
    peer: 1,
  })
  const problem = await placesProblem()
  if (problem !== undefined) throw new Error(problem)
  const { minutes, idleMinutes, records, pictures, bits, tripMs } = options
  const places = await createTwoPlaces({ seed: 1 })
  const across = await createTownAcross(places, 2, {
    devices: villageDevices(500),
    cameras: [deadCamera],
  })
  try {
    const [idleBox, fullBox] = across.boxes
    if (!idleBox || !fullBox) throw new Error('two boxes were asked for')
    await fillJournal(fullBox.dataDir, records, await fillPictures(fullBox.dataDir, pictures))
    await places.set({ delayMs: tripMs / 2 })
    await places.limit(bits)
    const centre = await across.startCentre()
    const stream = await openDesk(across.town)

    say(`the idle link, ${idleMinutes} minutes`)
    const idle = await start(idleBox, stream)
    await pause(5000)
    const idleMs = await pressFor(idle.presses, idleMinutes * minuteMs)
    await idle.gateway.end()

    say(`${records} records and ${pictures} pictures waiting, ${minutes} minutes`)
    const full = await start(fullBox, stream)
    const waitingFiles = await waitingPictures(fullBox)
    if (waitingFiles !== 2 * pictures) throw new Error(`${waitingFiles} files of pictures wait`)
    const { tookMs: busyMs, wire } = await measureDrain(places, fullBox, full.presses, minutes * minuteMs)
    const floorMs = 4 * tripMs + (across.certificateBytes * 8 * 1000) / bits
    say(`${options.outages} outages`)
    const firstMs = await firstReds(places, fullBox, full.presses, options.outages)

    say('the limit is lifted')
    const written = await finish(places, fullBox)
    const arrived = await arrivedPictures(across, fullBox)
    await full.gateway.end()
    stream.terminate()
    await centre.end()
    const stored = countStored(`${across.town.folder}/centre`, fullBox.id, written)

    say('the bridge')
    const peer =
      options.peer > 0
        ? await measureBridge(places, across.tls, {
            bits,
            tripMs,
            minutes: Math.min(2, minutes),
            records: 20_000,
          })
        : undefined
    print(options, { idleMs, busyMs, wire, firstMs, floorMs, stored, written, arrived }, peer)
  } finally {
    await across.close()
    await places.close()
  }
}

interface Measured {
  idleMs: number[]
  busyMs: number[]
  wire: Wire
  firstMs: number[]
  floorMs: number
  stored: StoredCount
  written: number
  /** Pictures complete at the centre at the end. */
  arrived: number
}

type Peer = Awaited<ReturnType<typeof measureBridge>>

function print(
  options: Record<'minutes' | 'records' | 'pictures' | 'bits' | 'tripMs', number>,
  ours: Measured,
  peer: Peer | undefined,
): void {
  const { minutes, records, pictures, bits, tripMs } = options
  const { idleMs, busyMs, wire, firstMs, floorMs, stored, written, arrived } = ours
  const perSecond = wire.records / wire.seconds
  const peerPerSecond = peer ? peer.wire.records / peer.wire.seconds : Number.NaN
  const times = (a: number, b: number): string => short(a / b)
  const use = ({ upBytes, seconds }: Wire): string => `${short((upBytes * 800) / bits / seconds)} %`
  const row = (name: string, own: number, other: number): string[] => [
    name,
    short(own),
    short(other),
    times(own, other),
  ]
  const peerWire = peer?.wire ?? {
    seconds: Number.NaN,
    records: Number.NaN,
    upBytes: Number.NaN,
    downBytes: Number.NaN,
  }
  printTable(
    `thin-link: ${bits} bit/s, ${tripMs} ms, ${records} records and ${pictures} pictures waiting, ${minutes} minutes, ${busyMs.length} presses`,
    ['', 'Gengfu', 'Mosquitto bridge', 'ratio'],
    [
      row('press to desk, idle link, p50 ms', percentile(idleMs, 0.5), percentile(peer?.idleMs ?? [], 0.5)),
      row('press to desk, idle link, p99 ms', percentile(idleMs, 0.99), percentile(peer?.idleMs ?? [], 0.99)),
      row('press to desk while draining, p50 ms', percentile(busyMs, 0.5), peer?.redMs ?? Number.NaN),
      row('press to desk while draining, p99 ms', percentile(busyMs, 0.99), peer?.redMs ?? Number.NaN),
      row('drained, records/s', perSecond, peerPerSecond),
      row('bytes up a record', wire.upBytes / wire.records, peerWire.upBytes / peerWire.records),
      row('bytes down a record', wire.downBytes / wire.records, peerWire.downBytes / peerWire.records),
      ['share of the link up', use(wire), peer ? use(peerWire) : '-', ''],
      row('first red after link up, median ms', median(firstMs), Number.NaN),
    ],
  )
  console.log(
    `  floor of the first red: ${short(floorMs)} ms; worst of ${firstMs.length}: ${short(Math.max(...firstMs))} ms`,
  )
  if (peer && !peer.hasRedArrived)
    console.log(
      `  the bridge's press was still behind its backlog when the run ended, after ${short(peer.redMs)} ms`,
    )
  const ratio = percentile(busyMs, 0.99) / percentile(idleMs, 0.99)
  printVerdict('red while draining beside idle, p99', ratio, ratio <= 1.5, 'at most 1.5')
  const first = Math.max(...firstMs) / floorMs
  printVerdict('first new red beside its floor, worst', first, first <= 2, 'at most 2')
  const each = wire.upBytes / wire.records
  printVerdict('bytes on the wire a routine record', each, each <= 30, 'at most 30')
  if (peer) {
    const faster = perSecond / peerPerSecond
    printVerdict('drained beside the bridge', faster, faster >= 5, 'at least 5')
  }
  const wrong = stored.lost + stored.doubled
  console.log(`  stored ${stored.records} of ${written}, lost ${stored.lost}, doubled ${stored.doubled}`)
  printVerdict('lost or doubled', wrong, wrong === 0 && stored.records === written, '0')
  printVerdict('pictures whole at the centre', arrived, arrived === Math.min(200, pictures), `${pictures}`)
}
