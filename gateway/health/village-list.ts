// Writes the box's zones and devices into the journal for the town's registry: when the list has changed since the last
// time, and once a week, so that a centre that was set up anew learns it too.
import { createHash } from 'node:crypto'
import {
  cutVillageList,
  villageList,
  type ListedDevice,
  type ListedZone,
  type VillageListPart,
} from '../../protocols/uplink/village-list.ts'
import { waterStages, type StageLevel } from '../../protocols/domain/places/water-stages.ts'
import type { PlanPoint } from '../../protocols/domain/places/coordinates.ts'
import type { AlarmJudge } from '../intake/port.ts'

/** The journal's document that says which list was written last, and when. */
export const villageListKey = 'village-list'
const againAfterMs = 7 * 86_400_000
const hashDigits = 16

export interface ReportedList {
  hash: string
  atMs: number
}

interface Place {
  zones: readonly {
    id: string
    name?: string | undefined
    grade: ListedZone['grade']
    place?: { plan?: PlanPoint | undefined } | { text: string } | undefined
  }[]
  devices: readonly {
    id: string
    name?: string | undefined
    kind: string
    zone?: string | undefined
    plan?: PlanPoint | undefined
    water?: StageSettings | undefined
  }[]
  cameras: readonly { id: string; name?: string | undefined; zone: readonly string[] }[]
}

/** The levels of a gauge as they are configured. */
interface StageSettings {
  nearWarningMm?: number | undefined
  warningMm?: number | undefined
  guaranteeMm?: number | undefined
  historicMm?: number | undefined
}

/** An entry without a level has no key for it: the list of a box without gauges stays as it was, and so does its hash. */
function stagesOf(water: StageSettings | undefined): { stages?: StageLevel[] } {
  const levels = [water?.nearWarningMm, water?.warningMm, water?.guaranteeMm, water?.historicMm]
  const stages = waterStages.flatMap((stage, at) => {
    const mm = levels[at]
    return mm === undefined ? [] : [{ stage, mm }]
  })
  return stages.length > 0 ? { stages } : {}
}

const planOf = (plan: PlanPoint | undefined): { plan?: PlanPoint } => (plan ? { plan } : {})

/** The list in parts; the same configuration gives the same hash. */
export function villageListOf({ zones, devices, cameras }: Place): VillageListPart[] {
  const listedZones = zones.map(({ id, name, grade, place }): ListedZone => ({
    id,
    name,
    grade,
    ...planOf(place && 'plan' in place ? place.plan : undefined),
  }))
  const listedDevices = [
    ...devices.map(({ id, name, kind, zone, plan, water }): ListedDevice => ({
      id,
      name,
      kind,
      zone,
      ...planOf(plan),
      ...stagesOf(water),
    })),
    ...cameras.map(({ id, name, zone: [zone] }): ListedDevice => ({ id, name, kind: 'camera', zone })),
  ]
  const text = JSON.stringify([listedZones, listedDevices])
  const hash = createHash('sha256').update(text).digest('hex').slice(0, hashDigits)
  return cutVillageList(hash, listedZones, listedDevices)
}

/** The parts to write now; none when the same list was written within the week. A clock that went back writes again. */
export function listToReport(
  parts: readonly VillageListPart[],
  reported: ReportedList | undefined,
  nowMs: number,
): readonly VillageListPart[] {
  const isFresh = reported !== undefined && reported.atMs <= nowMs && nowMs - reported.atMs < againAfterMs
  return isFresh && reported.hash === parts[0]?.hash ? [] : parts
}

/** One commit: a list is in the journal as a whole, and noted as written. */
export async function reportList(
  judge: Pick<AlarmJudge, 'judgeTogether'>,
  parts: readonly VillageListPart[],
  atMs: number,
): Promise<void> {
  const [first] = parts
  if (!first) return
  const reported: ReportedList = { hash: first.hash, atMs }
  await judge.judgeTogether([], () => ({
    logs: parts.map((part) => ({ what: villageList, facts: { ...part } })),
    state: [[villageListKey, reported]],
    documents: [],
  }))
}
