// From the health that a box reports to the faults in it, those to come included. Pure: the same at the box and at the centre.
import type { BoxVitals, VitalDevice, VitalFinding } from '../uplink/box-vitals.ts'
import type { Fault, FaultCode, FaultGrade } from './faults.ts'

const dayMs = 86_400_000
export const diskLowBytes = 200 * 1024 * 1024
const memoryLowShare = 0.06
const hotC = 80
const cardYearsMin = 2
const certificateSoonMs = 30 * dayMs
const simSoonMs = 30 * dayMs
const simWeakPercent = 25
const slowMs = 3000
const waitingMax = 1000
export const batteryLowPercent = 20
const batterySoonMs = 120 * dayMs
const signalWeakDbm = -110
const clockOffMs = 10_000

export interface FaultBasis {
  /** Undefined: the day is not known here, and dates are not compared. */
  nowMs: number | undefined
  isClockSynced?: boolean
  /** Box minus centre. */
  clockOffsetMs?: number
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024)

type Found = Fault | false | undefined

function fault(
  code: FaultCode,
  grade: FaultGrade,
  facts: Fault['facts'] = {},
  more: Partial<Fault> = {},
): Fault {
  return { code, grade, facts, ...more }
}

export function faultsOfVitals(vitals: BoxVitals, basis: FaultBasis): Fault[] {
  const found: Found[] = [
    ...clockFaults(basis),
    ...machineFaults(vitals, basis),
    ...linkFaults(vitals, basis),
    ...(vitals.devices ?? []).flatMap((device) => deviceFaults(device, basis)),
    unheardFault(vitals),
    ...(vitals.cameras ?? []).map(cameraFault),
    ...(vitals.bridges ?? []).map(({ id, name = id }) =>
      fault('bridge-down', 'act', { bridge: name }, { about: id }),
    ),
    ...(vitals.findings ?? []).map(foundByBox),
  ]
  return found.filter((one) => one !== undefined && one !== false)
}

function clockFaults({ isClockSynced, clockOffsetMs }: FaultBasis): Found[] {
  const seconds = Math.round(Math.abs(clockOffsetMs ?? 0) / 1000)
  return [
    isClockSynced === false && fault('clock-unsynced', 'watch'),
    seconds * 1000 > clockOffMs && fault('clock-differs', 'watch', { seconds }),
  ]
}

function machineFaults(vitals: BoxVitals, { nowMs }: FaultBasis): Found[] {
  const { disk, cardYears, memory, temperatureC, isUndervolted, isOnMains, journal } = vitals
  const isMemoryLow = memory && memory.totalBytes > 0 && memory.freeBytes / memory.totalBytes < memoryLowShare
  const years = cardYears === undefined ? undefined : Math.round(cardYears * 10) / 10
  return [
    disk &&
      disk.freeBytes < diskLowBytes &&
      fault('disk-low', disk.freeBytes < diskLowBytes / 4 ? 'act' : 'watch', {
        megabytes: megabytes(disk.freeBytes),
      }),
    years !== undefined &&
      years < cardYearsMin &&
      fault(
        'card-worn',
        'watch',
        { years },
        nowMs === undefined ? {} : { failsAtMs: Math.round(nowMs + (cardYears ?? 0) * 365.25 * dayMs) },
      ),
    isMemoryLow === true && fault('memory-low', 'watch', { megabytes: megabytes(memory?.freeBytes ?? 0) }),
    temperatureC !== undefined &&
      temperatureC >= hotC &&
      fault('hot', 'watch', { degrees: Math.round(temperatureC) }),
    isUndervolted === true && fault('undervoltage', 'act'),
    isOnMains === false && fault('on-battery', 'act'),
    journal === 'dropping' && fault('journal-dropping', 'act'),
    journal === 'filling' && fault('journal-filling', 'watch'),
    journal === 'salvaged' && fault('journal-salvaged', 'watch'),
    journal === 'rewound' && fault('journal-rewound', 'watch'),
  ]
}

function linkFaults({ certificate, link, waiting, sim }: BoxVitals, { nowMs }: FaultBasis): Found[] {
  const soon = (atMs: number, withinMs: number): boolean => nowMs !== undefined && atMs - nowMs < withinMs
  const simEndsMs = sim?.expiresOn === undefined ? undefined : Date.parse(`${sim.expiresOn}T23:59:59Z`)
  const roundTripMs = link?.roundTripMs ?? 0
  return [
    certificate &&
      soon(certificate.endsAtMs, certificateSoonMs) &&
      fault(
        'certificate-ends',
        certificate.endsAtMs < (nowMs ?? 0) ? 'act' : 'watch',
        { holder: certificate.holder, day: day(certificate.endsAtMs) },
        { failsAtMs: certificate.endsAtMs, about: certificate.holder },
      ),
    simEndsMs !== undefined &&
      soon(simEndsMs, simSoonMs) &&
      fault(
        'sim-expires',
        simEndsMs < (nowMs ?? 0) ? 'act' : 'watch',
        { card: sim?.card ?? '', day: sim?.expiresOn ?? '' },
        { failsAtMs: simEndsMs },
      ),
    sim?.signalPercent !== undefined &&
      sim.signalPercent < simWeakPercent &&
      fault('sim-weak', 'watch', { percent: Math.round(sim.signalPercent) }),
    roundTripMs > slowMs && fault('link-slow', 'watch', { ms: Math.round(roundTripMs) }),
    (waiting?.records ?? 0) > waitingMax &&
      fault('buffer-waits', 'watch', { records: waiting?.records ?? 0 }),
  ]
}

/** What only the box can find; any other code of a box is left out. */
const findingGrades: ReadonlyMap<string, readonly [FaultCode, FaultGrade]> = new Map(
  (
    [
      ['unreadable', 'watch'],
      ['device-refused', 'watch'],
      ['config-idle', 'watch'],
      ['secret-missing', 'watch'],
      ['certificate-wrong', 'act'],
    ] as const
  ).map((one) => [one[0], one]),
)

function foundByBox({ code, about, facts }: VitalFinding): Found {
  const known = findingGrades.get(code)
  return known && fault(...known, facts, about === undefined ? {} : { about })
}

const namesShown = 10

function unheardFault({ unheard }: BoxVitals): Found {
  if (!unheard || unheard.count === 0) return undefined
  const shown = unheard.devices.slice(0, namesShown).join(', ')
  return fault(
    'devices-unheard',
    // None of them was heard: most often their passwords were lost with the old box.
    unheard.count >= unheard.ofDevices ? 'act' : 'watch',
    { count: unheard.count, devices: unheard.count > namesShown ? `${shown} …` : shown },
  )
}

function cameraFault({ id, name = id, isFaulty, zh, en }: NonNullable<BoxVitals['cameras']>[number]): Fault {
  const facts = { camera: name, zhWhy: zh, why: en }
  return isFaulty
    ? fault('camera-faulty', 'watch', facts, { about: id })
    : fault('camera-dead', 'act', facts, { about: id })
}

function deviceFaults(device: VitalDevice, { nowMs }: FaultBasis): Found[] {
  const { id, name, presence, quietMs = 0, batteryPercent, flatAtMs, signalDbm } = device
  const about = { about: id }
  const named = name === undefined || name === id ? id : `${name} (${id})`
  const isLow = batteryPercent !== undefined && batteryPercent < batteryLowPercent
  return [
    presence === 'silent' &&
      fault('device-silent', 'act', { device: named, hours: Math.round(quietMs / 3_600_000) }, about),
    isLow &&
      fault(
        'battery-low',
        'watch',
        { device: named, percent: Math.round(batteryPercent) },
        { ...about, ...(flatAtMs === undefined ? {} : { failsAtMs: flatAtMs }) },
      ),
    !isLow &&
      flatAtMs !== undefined &&
      nowMs !== undefined &&
      flatAtMs - nowMs < batterySoonMs &&
      fault(
        'battery-ends',
        'watch',
        { device: named, month: day(flatAtMs).slice(0, 7) },
        { ...about, failsAtMs: flatAtMs },
      ),
    signalDbm !== undefined &&
      signalDbm < signalWeakDbm &&
      fault('signal-weak', 'watch', { device: named, dbm: Math.round(signalDbm) }, about),
  ]
}
