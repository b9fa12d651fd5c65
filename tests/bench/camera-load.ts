// Eight cameras with every fault, alone and together, under a stream of alarms: figures for latency, memory, files, processes.
// Run: npx tsx tests/bench/camera-load.ts [minutes] [seconds between alarms] [good camera's answer in ms]
import { readdirSync, readFileSync } from 'node:fs'
import { SimulatedCamera } from '../../firmware-sim/camera/simulated-camera.ts'
import { noFaults, type CameraKnobs } from '../../firmware-sim/camera/knobs.ts'
import { openCameraBench, redAlarm } from '../system/camera-bench.ts'

const [minutes = 2, gapSeconds = 3, answerMs = 300] = process.argv.slice(2).map(Number)
const faults: Partial<CameraKnobs>[] = [
  { isHung: true },
  { hasWrongAuth: true },
  { endless: 'flood' },
  { endless: 'drip', isStreamStalled: true },
  { garbage: 'cut', isSloppy: true },
  { garbage: 'noise', clockOffsetMs: -1e12 },
  { hasNoSnapshot: true },
  { hasNoSnapshot: true, isStreamStalled: true },
  { reset: 'in-picture' },
  { garbage: 'not-http' },
  { isFrozen: true, slowMs: 1000 },
  { isSnapshotMissing: true, foreignHost: '203.0.113.9' },
  {},
]
const cameras = Array.from({ length: 8 }, () => new SimulatedCamera())
for (const camera of cameras) await camera.start()
const bench = await openCameraBench(
  cameras.map((camera, i) => ({
    id: `cam-${i}`,
    host: '127.0.0.1',
    port: camera.port,
    // The last two stay good and are measured.
    zone: i < 6 ? 'bad' : 'good',
    healthSeconds: 10,
    ringSeconds: i < 3 ? 5 : 0,
  })),
  { pictures: { quotaMegabytes: 20 } },
)
for (const camera of cameras.slice(6)) camera.knobs.slowMs = answerMs

const children = (): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid)
      )
    } catch {
      return false
    }
  }).length
const quantile = (values: number[], q: number): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? 0)

let worstLoopMs = 0
let tickMs = performance.now()
const lag = setInterval(() => {
  worstLoopMs = Math.max(worstLoopMs, performance.now() - tickMs - 20)
  tickMs = performance.now()
}, 20)
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const endsAt = performance.now() + minutes * 60_000
for (let i = 0; performance.now() < endsAt; i++) {
  cameras.slice(0, 6).forEach((camera, j) => {
    const one = faults[(i + j) % faults.length]
    const two = i % 2 === 0 ? {} : faults[(i * 7 + j * 3) % faults.length]
    Object.assign(camera.knobs, noFaults(), one, two)
  })
  bench.cameras.onAlarm('raised', redAlarm(`a-${i}`, 'bad'))
  bench.cameras.onAlarm('raised', redAlarm(`b-${i}`, 'good'))
  await sleep(gapSeconds * 1000)
  if (i % Math.max(1, Math.round(30 / gapSeconds)) === 0) {
    const { rss, heapUsed } = process.memoryUsage()
    process.stdout.write(
      `${i} alarms, rss ${rss >> 20} MB, heap ${heapUsed >> 20} MB, files ${readdirSync('/proc/self/fd').length}, ` +
        `children ${children()}, pictures ${bench.snapshots.length}, worst loop ${Math.round(worstLoopMs)} ms\n`,
    )
    worstLoopMs = 0
  }
}
const first = bench.snapshots.filter((one) => one.moment === 'at-once' && one.camera >= 'cam-6')
process.stdout.write(
  `at once, good cameras: ${first.length}; answer p50 ${quantile(
    first.map((one) => one.answerMs),
    0.5,
  )} ms, ` +
    `ready p50 ${quantile(
      first.map((one) => one.readyMs),
      0.5,
    )} p99 ${quantile(
      first.map((one) => one.readyMs),
      0.99,
    )} ms, ` +
    `ready / answer p50 ${(
      quantile(
        first.map((one) => (one.readyMs / one.answerMs) * 100),
        0.5,
      ) / 100
    ).toFixed(2)}\n`,
)
const reasons = new Map<string, number>()
for (const fact of bench.facts.filter((one) => one.what === 'snapshot-failed')) {
  const { code } = fact.facts['reason'] as { code: string }
  reasons.set(code, (reasons.get(code) ?? 0) + 1)
}
process.stdout.write(`failures: ${JSON.stringify(Object.fromEntries(reasons))}\n`)
process.stdout.write(`one at a time: ${cameras.map((camera) => camera.busyMax).join(' ')}\n`)
clearInterval(lag)
await bench.stop()
for (const camera of cameras) await camera.stop()
await sleep(500)
process.stdout.write(`after stop: children ${children()}, files ${readdirSync('/proc/self/fd').length}\n`)
