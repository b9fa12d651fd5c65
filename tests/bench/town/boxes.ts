// What do 100 to 2,000 connected boxes cost a centre, and how quick is a red press at the desk in a storm of 2,000 alarms
// in a minute? The centre is a process of its own; all boxes are in this one.
import type { Colour } from '../../../protocols/domain/colour.ts'
import { heartbeatIntervalMs } from '../../../protocols/uplink/heartbeat.ts'
import { makeAlarm } from '../../contract/centre/centre-parts.ts'
import { createTown, type Program, type TestTown } from '../../kits/system/programs.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { processorSeconds, residentMegabytes } from '../figures/kernel-figures.ts'
import { pause, readOptions } from '../options.ts'
import { LightBox } from './light-box.ts'
import { StormDesk } from './storm-desk.ts'

/** Connections at once while the fleet grows. */
const openAtOnce = 20
const redP99MsMax = 100
/** Of ten alarms of the storm. */
export const mix: readonly Colour[] = [
  'red',
  'orange',
  'yellow',
  'blue',
  'yellow',
  'orange',
  'blue',
  'yellow',
  'blue',
  'blue',
]

export const idAt = (at: number): string => `320612${104_000 + at}`.padEnd(12, '0') + '-1'

async function grow(boxes: LightBox[], count: number, port: number): Promise<void> {
  while (boxes.length < count) {
    const some = Array.from({ length: Math.min(openAtOnce, count - boxes.length) }, (_, at) =>
      idAt(boxes.length + at),
    )
    boxes.push(...(await Promise.all(some.map((id) => LightBox.open(port, id)))))
  }
}

/** Every box sends its heartbeat in its own turn, evenly over the interval. */
export function beat(boxes: readonly LightBox[]): () => void {
  const startMs = performance.now()
  let at = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / heartbeatIntervalMs) * boxes.length
    for (; at < due; at++) boxes[at % boxes.length]?.heartbeat(performance.now() - startMs)
  }, 20)
  return () => clearInterval(timer)
}

interface Step {
  boxes: number
  megabytes: number
  /** Of one processor, with heartbeats alone. */
  share: number
}

async function idle(centre: Program, boxes: LightBox[], seconds: number): Promise<Step> {
  const stop = beat(boxes)
  await pause(3000)
  const [before, startMs] = [processorSeconds(centre.pid), performance.now()]
  await pause(seconds * 1000)
  const share = (processorSeconds(centre.pid) - before) / ((performance.now() - startMs) / 1000)
  stop()
  return { boxes: boxes.length, megabytes: residentMegabytes(centre.pid), share }
}

/** How long the last alarms of the storm may take. */
const lateMsMax = 60_000

interface Storm {
  redMs: number[]
  otherMs: number[]
  share: number
  megabytes: number
}

async function storm(
  town: TestTown,
  centre: Program,
  boxes: readonly LightBox[],
  { alarms, seconds }: { alarms: number; seconds: number },
): Promise<Storm> {
  const desk = await StormDesk.open(town.ports.http, await town.token())
  const stop = beat(boxes)
  const [before, startMs] = [processorSeconds(centre.pid), performance.now()]
  const numbers = new Map<string, number>()
  for (let at = 0; at < alarms; at++) {
    await pause(startMs + (at / alarms) * seconds * 1000 - performance.now())
    const box = boxes[(at * 7919) % boxes.length]
    const colour = mix[at % mix.length] ?? 'red'
    if (!box) break
    const key = `${box.id} ${colour}`
    const number = (numbers.get(key) ?? 0) + 1
    numbers.set(key, number)
    const id = `storm-${at}`
    desk.expects(`${box.id}.${id}`, colour)
    const record = makeAlarm(at + 1, 'raised', { id, device: `d-${at}`, colour, latchedColour: colour })
    box.report(colour, number, [record]).catch(() => undefined)
  }
  await desk.end(lateMsMax)
  const share = (processorSeconds(centre.pid) - before) / ((performance.now() - startMs) / 1000)
  const megabytes = residentMegabytes(centre.pid)
  stop()
  return { redMs: desk.redMs, otherMs: desk.otherMs, share, megabytes }
}

export async function runBoxes(args: readonly string[]): Promise<void> {
  const {
    boxes: most,
    alarms,
    seconds,
    idleSeconds,
  } = readOptions(args, {
    boxes: 2000,
    alarms: 2000,
    seconds: 60,
    idleSeconds: 20,
  })
  const town = await createTown()
  const boxes: LightBox[] = []
  try {
    const centre = await town.startCentre()
    const empty = residentMegabytes(centre.pid)
    const steps: Step[] = []
    for (const count of [most / 20, most / 4, most / 2, most]) {
      await grow(boxes, Math.round(count), town.ports.uplink)
      steps.push(await idle(centre, boxes, idleSeconds))
    }
    const { redMs, otherMs, share, megabytes } = await storm(town, centre, boxes, { alarms, seconds })
    printTable(
      `boxes: heartbeats alone; the empty centre has ${short(empty)} MB`,
      ['boxes', 'MB', 'KB a box', '% of a core', 'us a box and second'],
      steps.map((step) => [
        String(step.boxes),
        short(step.megabytes),
        short(((step.megabytes - empty) * 1024) / step.boxes),
        short(step.share * 100),
        short((step.share * 1e6) / step.boxes),
      ]),
    )
    printTable(
      `storm: ${alarms} alarms in ${seconds} s over ${boxes.length} boxes; ${short(share * 100)} % of a core, ${short(megabytes)} MB`,
      ['', 'p50 ms', 'p99 ms', 'worst ms'],
      [
        ['red press to desk', redMs],
        ['other colours', otherMs],
      ].map(([name, ms]) => {
        const values = ms as number[]
        return [name as string, ...[0.5, 0.99, 1].map((at) => short(percentile(values, at)))]
      }),
    )
    const [first, last] = [steps[0], steps.at(-1)]
    const cost = (last?.share ?? 0) / (last?.boxes ?? 1) / ((first?.share ?? 1) / (first?.boxes ?? 1))
    printVerdict(
      'processor time a box at the most boxes, beside the fewest',
      cost,
      cost <= 1.1,
      'linear or better',
    )
    const p99 = percentile(redMs, 0.99)
    printVerdict('red press to desk p99 in the storm, ms', p99, p99 <= redP99MsMax, `at most ${redP99MsMax}`)
  } finally {
    for (const box of boxes) box.end()
    await town.close()
  }
}
