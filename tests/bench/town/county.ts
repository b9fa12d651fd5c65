// What do 20,000 boxes cost four centres over PostgreSQL, and how quick is a red press at a desk of another centre in a storm of as many
// alarms in a minute? Beside one SQLite centre with a tenth of the boxes, in the same run. Plain TCP on loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'
import { Cluster } from '../../kits/postgres/cluster.ts'
import { freePort, Program, runCommand } from '../../kits/system/programs.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { processorSeconds, residentMegabytes } from '../figures/kernel-figures.ts'
import { pause, readOptions } from '../options.ts'
import { beat, idAt, mix } from './boxes.ts'
import { LightBox } from './light-box.ts'
import { StormDesk } from './storm-desk.ts'

/** Connections at once at each centre while the fleet grows. */
const openAtOnce = 25
/** Behind the storm until the last alarm is at the desk. */
const lateMsMax = 300_000
/** Records of one box, up to the storm, in its routine lane. */
const routineEveryMs = 20

interface Side {
  name: string
  centres: { program: Program; http: number; uplink: number }[]
  token: string
  boxes: LightBox[]
  emptyMegabytes: number
  close: () => Promise<void>
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
const megabytesOf = ({ centres }: Side): number =>
  sum(centres.map(({ program }) => residentMegabytes(program.pid)))
const secondsOf = ({ centres }: Side): number =>
  sum(centres.map(({ program }) => processorSeconds(program.pid)))

async function openSide(name: string, count: number, url: string): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-county-bench-'))
  const centres: Side['centres'] = []
  const fileOf = (at: number): string => join(folder, `centre-${at}.json`)
  for (let at = 0; at < count; at++) {
    const [http, uplink] = [await freePort(), await freePort()]
    const config = {
      dataDir: join(folder, `data-${at}`),
      storage: { url, ...(count > 1 ? { sharedDir: join(folder, 'shared') } : {}) },
      http: { host: '127.0.0.1', port: http },
      uplink: { listeners: [{ host: '127.0.0.1', port: uplink }], anonymous: true },
      clock: { isKept: true },
    }
    writeFileSync(fileOf(at), JSON.stringify(config))
    const program = new Program(['centre', '--config', fileOf(at)])
    await program.said('centre is listening')
    centres.push({ program, http, uplink })
  }
  const flags = ['--config', fileOf(0), '--role', 'operator', '--name', 'bench']
  const token = await runCommand(['centre', 'token', ...flags])
  const side: Side = { name, centres, token, boxes: [], emptyMegabytes: 0, close }
  side.emptyMegabytes = megabytesOf(side)
  return side

  async function close(): Promise<void> {
    for (const box of side.boxes) box.end()
    await Promise.all(centres.map(({ program }) => program.end('SIGKILL')))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Seconds until all are connected. */
async function grow({ boxes, centres }: Side, count: number): Promise<number> {
  const startMs = performance.now()
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) {
      const at = next++
      const centre = centres[at % centres.length]
      if (centre) boxes.push(await LightBox.open(centre.uplink, idAt(at)))
    }
  }
  await Promise.all(Array.from({ length: openAtOnce * centres.length }, one))
  return (performance.now() - startMs) / 1000
}

/** Each box sends one record of routine within `seconds`. */
function sendRoutine(boxes: readonly LightBox[], seconds: number): { stop: () => void; sent: () => number } {
  const startMs = performance.now()
  let at = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / (seconds * 1000)) * boxes.length
    for (; at < due; at++) {
      const number = Math.floor(at / boxes.length) + 1 + base
      boxes[at % boxes.length]?.report('routine', number, [makeEvent(number)]).catch(() => undefined)
    }
  }, routineEveryMs)
  const base = routineBase
  const stop = (): void => {
    clearInterval(timer)
    routineBase += Math.ceil(at / boxes.length)
  }
  return { stop, sent: () => at }
}
let routineBase = 0

interface Load {
  share: number
  megabytes: number
  redMs: number[]
  otherMs: number[]
}

async function storm(side: Side, seconds: number, routineSeconds: number): Promise<Load> {
  const { boxes, centres, token } = side
  const desk = await StormDesk.open(centres[0]?.http ?? 0, token)
  const [stopBeat, routine] = [beat(boxes), sendRoutine(boxes, routineSeconds)]
  const [before, startMs] = [secondsOf(side), performance.now()]
  for (const [at, box] of boxes.entries()) {
    await pause(startMs + (at / boxes.length) * seconds * 1000 - performance.now())
    const colour = mix[at % mix.length] ?? 'red'
    const id = `storm-${at}`
    desk.expects(`${box.id}.${id}`, colour)
    const part = { id, device: `d-${at}`, colour, latchedColour: colour }
    box.report(colour, 1, [makeAlarm(at + 1, 'raised', part)]).catch(() => undefined)
  }
  await desk.end(lateMsMax)
  const share = (secondsOf(side) - before) / ((performance.now() - startMs) / 1000)
  const megabytes = megabytesOf(side)
  stopBeat()
  routine.stop()
  return { redMs: desk.redMs, otherMs: desk.otherMs, share, megabytes }
}

async function idle(side: Side, seconds: number, routineSeconds: number): Promise<Load> {
  const [stopBeat, routine] = [beat(side.boxes), sendRoutine(side.boxes, routineSeconds)]
  await pause(3000)
  const [before, startMs] = [secondsOf(side), performance.now()]
  await pause(seconds * 1000)
  const share = (secondsOf(side) - before) / ((performance.now() - startMs) / 1000)
  stopBeat()
  routine.stop()
  await pause(2000)
  return { share, megabytes: megabytesOf(side), redMs: [], otherMs: [] }
}

async function measure(
  side: Side,
  count: number,
  options: Record<'seconds' | 'idleSeconds' | 'routineSeconds', number>,
) {
  routineBase = 0
  const connectSeconds = await grow(side, count)
  const calm = await idle(side, options.idleSeconds, options.routineSeconds)
  const stormy = await storm(side, options.seconds, options.routineSeconds)
  return { side, connectSeconds, calm, stormy }
}

function print(results: readonly Awaited<ReturnType<typeof measure>>[]): void {
  printTable(
    'boxes: heartbeats and routine alone',
    ['', 'boxes', 'connected in s', 'MB', 'KB a box', '% of a core', 'us a box and second'],
    results.map(({ side, connectSeconds, calm }) => [
      side.name,
      String(side.boxes.length),
      short(connectSeconds),
      short(calm.megabytes),
      short(((calm.megabytes - side.emptyMegabytes) * 1024) / side.boxes.length),
      short(calm.share * 100),
      short((calm.share * 1e6) / side.boxes.length),
    ]),
  )
  printTable(
    'storm: one alarm of each box, press to desk',
    ['', 'red p50 ms', 'red p99 ms', 'red worst ms', 'others p99 ms', '% of a core', 'MB'],
    results.map(({ side, stormy }) => [
      side.name,
      ...[0.5, 0.99, 1].map((at) => short(percentile(stormy.redMs, at))),
      short(percentile(stormy.otherMs, 0.99)),
      short(stormy.share * 100),
      short(stormy.megabytes),
    ]),
  )
}

export async function runCounty(args: readonly string[]): Promise<void> {
  const defaults = { boxes: 20_000, centres: 4, seconds: 60, idleSeconds: 20, routineSeconds: 24 }
  const options = readOptions(args, defaults)
  const primary = await Cluster.create()
  await primary.query('CREATE DATABASE town')
  await primary.query("ALTER SYSTEM SET synchronous_standby_names = 'county'")
  await primary.query('SELECT pg_reload_conf()')
  const standby = await Cluster.create({ standbyOf: primary, name: 'county' })
  const sides: Side[] = []
  try {
    sides.push(await openSide('one SQLite centre', 1, 'sqlite:'))
    const small = await measure(sides[0] as Side, Math.round(options.boxes / 10), options)
    await sides[0]?.close()
    sides.push(await openSide(`${options.centres} centres, PostgreSQL`, options.centres, primary.url('town')))
    const large = await measure(sides[1] as Side, options.boxes, options)
    print([small, large])
    const cost = large.calm.share / large.side.boxes.length / (small.calm.share / small.side.boxes.length)
    printVerdict('processor time a box, beside SQLite with a tenth', cost, cost <= 2, 'at most 2')
    const [row] = await primary.query(
      "SELECT pg_total_relation_size('records') / greatest(1, (SELECT count(*) FROM records)) AS bytes",
      'town',
    )
    console.log(`bytes of the table of records and its indexes for each record: ${row?.['bytes'] as number}`)
  } finally {
    for (const side of sides) await side.close()
    await standby.drop()
    await primary.drop()
  }
}
