// The walk test as the console shows it: when each device was heard first, and when the centre's Receipt covered that message. The engine
// itself keeps who was heard; the times are stored beside it for the handover sheet.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import { lanes } from '../../../protocols/domain/colour.ts'
import type { WalkTestAnswer, WalkTestDevice } from '../../../protocols/console/installing.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'
import type { StoredRecord } from '../../journal/port.ts'

/** The maintenance of the engine: a zone, or `box` for all. */
export interface TestNow {
  place: string
  by: string
  sinceMs: number
  untilMs: number
  heard: readonly string[]
}

export interface TestedDevice {
  id: string
  name?: string | undefined
  kind: string
  zone?: string | undefined
}

export interface WalkTestOptions {
  dataDir: string
  clock: Clock
  steadyMs: () => number
  wallMs: () => number
  hasUplink: boolean
  devices: readonly TestedDevice[]
  now: () => TestNow | undefined
  receiptedOf: (lane: Lane) => number
  vitalsOf: (device: string) => { signalDbm?: number; batteryPercent?: number }
}

const timesSchema = z.object({
  heardAfterMs: z.number(),
  lane: z.enum(lanes),
  number: z.int(),
  atMs: z.number(),
  receiptMs: z.number().optional(),
})
const storedSchema = z.object({
  v: z.literal(1),
  place: z.string(),
  by: z.string(),
  sinceMs: z.number(),
  atMs: z.number(),
  heard: z.record(z.string(), timesSchema),
})
type Stored = z.infer<typeof storedSchema>

export const walkTestFile = 'walk-test.json'
const bodyBytesMax = 256 * 1024
const lookEveryMs = 150
/** Commits are many: whether a test is on is asked this often. */
const askEveryMs = 200
const writeAfterMs = 2000

export class WalkTest {
  readonly #options: WalkTestOptions
  #stored: Stored | undefined
  #cancel = (): void => undefined
  #cancelWrite: (() => void) | undefined
  #asked: { atMs: number; test: TestNow | undefined } = { atMs: -Infinity, test: undefined }

  constructor(options: WalkTestOptions) {
    this.#options = options
    this.#stored = readStored(join(options.dataDir, walkTestFile))
  }

  stop(): void {
    this.#cancel()
    if (this.#cancelWrite) this.#write()
  }

  /** The records of a commit. Read only while a test is on. */
  committed(records: readonly StoredRecord[]): void {
    const test = this.#now(askEveryMs)
    if (!test) return
    const stored = this.#of(test)
    for (const { lane, number, body } of records) {
      const device = deviceOf(body)
      if (device === undefined || stored.heard[device] || !this.#isTested(test, device)) continue
      const nowMs = this.#options.steadyMs()
      stored.heard[device] = { heardAfterMs: nowMs - test.sinceMs, lane, number, atMs: nowMs }
      this.#writeSoon()
      this.#look()
    }
  }

  answer(): WalkTestAnswer {
    const { steadyMs, hasUplink, devices } = this.#options
    const test = this.#now(0)
    const stored = test ? this.#of(test) : this.#stored
    if (!stored) return { v: 1, isOn: false, hasUplink, devices: [] }
    const tested = devices.filter(({ zone }) => stored.place === 'box' || zone === stored.place)
    return {
      v: 1,
      isOn: test !== undefined,
      by: stored.by,
      atMs: stored.atMs,
      zone: stored.place,
      ...(test ? { leftMs: Math.max(0, test.untilMs - steadyMs()) } : {}),
      hasUplink,
      devices: tested.map((device) => this.#line(device, stored, test?.heard ?? [])),
    }
  }

  #now(ageMsMax: number): TestNow | undefined {
    const atMs = this.#options.clock.monotonicMs()
    if (atMs - this.#asked.atMs >= ageMsMax) this.#asked = { atMs, test: this.#options.now() }
    return this.#asked.test
  }

  #line(
    { id, name, kind, zone }: TestedDevice,
    { heard }: Stored,
    heardByEngine: readonly string[],
  ): WalkTestDevice {
    const times = heard[id]
    const { signalDbm, batteryPercent } = this.#options.vitalsOf(id)
    return {
      id,
      kind,
      ...(name === undefined ? {} : { name }),
      ...(zone === undefined ? {} : { zone }),
      isHeard: times !== undefined || heardByEngine.includes(id),
      ...(times ? { heardAfterMs: Math.max(0, times.heardAfterMs) } : {}),
      ...(times?.receiptMs === undefined ? {} : { receiptMs: times.receiptMs }),
      ...(signalDbm === undefined ? {} : { signalDbm }),
      ...(batteryPercent === undefined ? {} : { batteryPercent }),
    }
  }

  /** A test that began while this program ran, or goes on from before. */
  #of(test: TestNow): Stored {
    const known = this.#stored
    if (known && known.sinceMs === test.sinceMs && known.place === test.place) return known
    const { steadyMs, wallMs } = this.#options
    const atMs = wallMs() - (steadyMs() - test.sinceMs)
    this.#stored = { v: 1, place: test.place, by: test.by, sinceMs: test.sinceMs, atMs, heard: {} }
    return this.#stored
  }

  #isTested({ place }: TestNow, id: string): boolean {
    const device = this.#options.devices.find((one) => one.id === id)
    return device !== undefined && (place === 'box' || device.zone === place)
  }

  /** Receipts come for whole lanes: a message is at the centre when its number is covered. */
  #look(): void {
    this.#cancel()
    const waiting = Object.values(this.#stored?.heard ?? {}).filter(
      ({ receiptMs }) => receiptMs === undefined,
    )
    for (const times of waiting)
      if (this.#options.receiptedOf(times.lane) >= times.number) {
        times.receiptMs = Math.max(0, this.#options.steadyMs() - times.atMs)
        this.#writeSoon()
      }
    if (this.#options.hasUplink && waiting.some(({ receiptMs }) => receiptMs === undefined))
      this.#cancel = this.#options.clock.after(lookEveryMs, () => this.#look())
  }

  #writeSoon(): void {
    this.#cancelWrite ??= this.#options.clock.after(writeAfterMs, () => this.#write())
  }

  #write(): void {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    try {
      replaceFileSync(join(this.#options.dataDir, walkTestFile), JSON.stringify(this.#stored), 0o600)
    } catch {
      // The page still shows it; only a restart loses the times.
    }
  }
}

function readStored(file: string): Stored | undefined {
  try {
    const read = fromZod(storedSchema, JSON.parse(readFileSync(file, 'utf8')))
    return read.ok ? read.value : undefined
  } catch {
    return undefined
  }
}

/** Of an event or an alarm. */
function deviceOf(body: string): string | undefined {
  const read = parseJson(body, bodyBytesMax)
  if (!read.ok || !isObject(read.value)) return undefined
  const { type, device } = read.value
  return type === 'event' && typeof device === 'string' ? device : undefined
}
