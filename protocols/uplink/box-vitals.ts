// What a box reports about its own health, with a heartbeat every few minutes: from it the centre finds what fails next.
import { z } from 'zod'
import { countMax, sinceBootMsMax, textLengths, wallMsMax } from '../domain/limits.ts'

/** Devices that need attention, the most urgent first; the counts beside the list are complete. */
export const vitalsDevicesMax = 40
export const vitalsListMax = 20
/** As JSON: a heartbeat is 16 KB at most, and the guard may need half of it. */
export const vitalsBytesMax = 6 * 1024
/** The time between two reports while nothing has changed. */
export const vitalsEveryMs = 300_000

const count = z.number().int().min(0).max(countMax)
const bytes = z.number().min(0).max(1e16)
const wall = z.number().min(-wallMsMax).max(wallMsMax)
const age = z.number().min(0).max(sinceBootMsMax)
const word = z.string().max(80)
const name = z.string().max(textLengths.name)

export const devicePresences = ['unknown', 'present', 'late', 'silent'] as const

const vitalDevice = z.looseObject({
  id: word,
  name: name.optional(),
  kind: word.optional(),
  presence: z.enum(devicePresences),
  quietMs: age.optional(),
  batteryPercent: z.number().min(0).max(100).optional(),
  /** When the battery will be flat at its present rate. */
  flatAtMs: wall.optional(),
  signalDbm: z.number().min(-200).max(50).optional(),
})

/** A fault that the box finds in its files and in refused messages: its code, and what its words name. */
const vitalFinding = z.looseObject({
  code: z.string().max(40),
  about: name.optional(),
  facts: z.record(z.string().max(40), z.union([z.string().max(200), count])),
})

export const boxVitalsSchema = z.looseObject({
  version: word,
  /** Of the board. */
  model: word.optional(),
  disk: z.looseObject({ freeBytes: bytes, totalBytes: bytes }).optional(),
  /** Of an ordinary card at the present rate. */
  cardYears: z.number().min(0).max(1e9).optional(),
  memory: z.looseObject({ freeBytes: bytes, totalBytes: bytes }).optional(),
  temperatureC: z.number().min(-80).max(200).optional(),
  isUndervolted: z.boolean().optional(),
  /** False on battery. */
  isOnMains: z.boolean().optional(),
  certificate: z.looseObject({ holder: word, endsAtMs: wall }).optional(),
  link: z
    .looseObject({
      roundTripMs: age.optional(),
      bytesPerSecond: bytes.optional(),
    })
    .optional(),
  waiting: z.looseObject({ records: count, oldestMs: age.optional() }).optional(),
  sim: z
    .looseObject({
      /** Of the installer's label or the card itself. */
      card: word.optional(),
      operator: word.optional(),
      signalPercent: z.number().min(0).max(100).optional(),
      trafficBytes: bytes.optional(),
      /** The last day that is paid, `2027-03-31`. */
      expiresOn: z
        .string()
        .regex(/^\d{4}-\d\d-\d\d$/)
        .optional(),
    })
    .optional(),
  journal: z.enum(['sound', 'filling', 'dropping', 'salvaged', 'rewound']).optional(),
  silentDevices: count.optional(),
  /** Listed devices that were not heard since the program started, although their time is over; the first of them by name. */
  unheard: z.looseObject({ count, ofDevices: count, devices: z.array(word).max(vitalsListMax) }).optional(),
  devices: z.array(vitalDevice).max(vitalsDevicesMax).optional(),
  cameras: z
    .array(
      z.looseObject({
        id: word,
        name: name.optional(),
        /** It answers and its pictures are not what they should be; absent: it does not answer. */
        isFaulty: z.literal(true).optional(),
        zh: z.string().max(200),
        en: z.string().max(200),
      }),
    )
    .max(vitalsListMax)
    .optional(),
  bridges: z
    .array(z.looseObject({ id: word, name: name.optional() }))
    .max(vitalsListMax)
    .optional(),
  findings: z.array(vitalFinding).max(vitalsListMax).optional(),
})

export type BoxVitals = z.infer<typeof boxVitalsSchema>
export type VitalFinding = z.infer<typeof vitalFinding>
export type VitalDevice = z.infer<typeof vitalDevice>

/** As much of it as a heartbeat has room for: devices that are least urgent are left out first. */
export function fitVitals(vitals: BoxVitals): BoxVitals {
  const { unheard } = vitals
  const fitted = {
    ...vitals,
    ...(unheard ? { unheard: { ...unheard, devices: unheard.devices.slice(0, vitalsListMax) } } : {}),
    devices: vitals.devices?.slice(0, vitalsDevicesMax),
    cameras: vitals.cameras?.slice(0, vitalsListMax),
    bridges: vitals.bridges?.slice(0, vitalsListMax),
    findings: vitals.findings?.slice(0, vitalsListMax),
  }
  const bytesOf = (): number => new TextEncoder().encode(JSON.stringify(fitted)).length
  while (bytesOf() > vitalsBytesMax) {
    const { devices, cameras, bridges, findings } = fitted
    const longest = [devices, cameras, bridges, findings, fitted.unheard?.devices].sort(
      (one, other) => (other?.length ?? 0) - (one?.length ?? 0),
    )[0]
    if (!longest?.pop()) break
  }
  return fitted
}
