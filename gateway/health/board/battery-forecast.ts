// When the battery of each device will be flat: a line through its readings since it was changed. A reading is written down when it
// differs, at most once a day, so that a card is not worn for it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'

const dayMs = 86_400_000
/** Sensors stop a little before nothing is left. */
const flatPercent = 5
/** A rise by this much is a new battery. */
const renewedBy = 20
/** A line through fewer days says nothing. */
const spanMsMin = 7 * dayMs
const pointsMax = 24
const devicesMax = 2000
const fileBytesMax = 4 * 1024 * 1024
/** Further away it is no date, only a good battery. */
const aheadMsMax = 5 * 365 * dayMs

export type BatteryPoint = [atMs: number, percent: number]

const fileSchema = z.record(z.string().max(80), z.array(z.tuple([z.number(), z.number()])).max(pointsMax))

/** The line of least squares; undefined when the battery does not get emptier, or is not known for long enough. */
export function flatAtMs(points: readonly BatteryPoint[]): number | undefined {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last[0] - first[0] < spanMsMin) return undefined
  const meanAt = points.reduce((sum, [at]) => sum + at, 0) / points.length
  const mean = points.reduce((sum, [, percent]) => sum + percent, 0) / points.length
  const above = points.reduce((sum, [at, percent]) => sum + (at - meanAt) * (percent - mean), 0)
  const below = points.reduce((sum, [at]) => sum + (at - meanAt) ** 2, 0)
  const slope = above / below
  if (!(slope < 0)) return undefined
  const flat = Math.max(last[0], meanAt + (flatPercent - mean) / slope)
  return flat - last[0] > aheadMsMax ? undefined : Math.round(flat)
}

/** The points with one more; those of an older battery are dropped, and so are the ones in the middle when there are too many. */
export function withPoint(points: readonly BatteryPoint[], atMs: number, percent: number): BatteryPoint[] {
  const last = points.at(-1)
  // A clock that went back, or a new battery.
  if (!last || atMs < last[0] || percent >= last[1] + renewedBy) return [[atMs, percent]]
  const next: BatteryPoint[] = [...points, [atMs, percent]]
  if (next.length > pointsMax) next.splice(1, 1)
  return next
}

export class BatteryForecast {
  readonly #file: string
  #points: Record<string, BatteryPoint[]>

  constructor(dataDir: string) {
    this.#file = join(dataDir, 'batteries.json')
    this.#points = readPoints(this.#file)
  }

  /** Of all devices at a known time. True when the file was written. */
  note(levels: ReadonlyMap<string, number>, atMs: number): boolean {
    let isNew = false
    for (const [device, percent] of [...levels].slice(0, devicesMax)) {
      const points = this.#points[device] ?? []
      const last = points.at(-1)
      const isSame = last !== undefined && atMs >= last[0] && (percent === last[1] || atMs - last[0] < dayMs)
      if (isSame) continue
      this.#points[device] = withPoint(points, atMs, percent)
      isNew = true
    }
    if (isNew) replaceFileSync(this.#file, `${JSON.stringify(this.#points)}\n`, 0o600)
    return isNew
  }

  /** The last reading still counts now: no other one was heard since. */
  flatAtMs(device: string, nowMs: number): number | undefined {
    const points = this.#points[device] ?? []
    const last = points.at(-1)
    return last && nowMs > last[0] ? flatAtMs([...points, [nowMs, last[1]]]) : flatAtMs(points)
  }
}

function readPoints(file: string): Record<string, BatteryPoint[]> {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    return {}
  }
  // A forecast that can not be read is made anew.
  const json = parseJson(bytes, fileBytesMax)
  const parsed = json.ok ? fromZod(fileSchema, json.value) : json
  return parsed.ok ? parsed.value : {}
}
