// The config keys of the alarm engine: zones, devices, local rules and limits, with their defaults.
import { z } from 'zod'
import { alarmKinds } from '../../protocols/domain/alarm.ts'
import { colours, zoneGrades } from '../../protocols/domain/colour.ts'
import { isTimeZone } from '../../protocols/domain/time-zone.ts'
import { deviceIdPattern } from '../../protocols/domain/names.ts'
import { codecName, dialectNames } from './bridge-settings.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import type { Problem, Result } from '../../protocols/kit/result.ts'

export const zonesMax = 500
export const devicesMax = 5000
export const rulesMax = 200

const id = z.string().regex(deviceIdPattern, 'letters, digits, dot, dash, underscore; 1 to 64')
const words = z.string().min(1).max(120)
/** Called from the desk with one press. */
const phone = z
  .string()
  .max(32)
  .regex(
    /^\+?[0-9][0-9 ()-]{1,30}$/,
    'a telephone number: digits, spaces, brackets and dashes, with + or not',
  )
const seconds = (max: number) => z.number().int().min(0).max(max)
/** 0 to 1 from the upper left corner of the village plan. */
const onPlan = z.strictObject({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) })
const levelMm = z.number().min(-100_000).max(1_000_000)
/** A text in both languages, or one sentence for both. */
const bilingual = z.union([
  z
    .string()
    .min(1)
    .max(300)
    .transform((text) => ({ zh: text, en: text })),
  z.strictObject({ zh: z.string().min(1).max(300), en: z.string().min(1).max(300) }),
])
const guidance = z.union([
  bilingual.transform((text) => ({ all: text }) as Guidance),
  z.partialRecord(z.enum([...alarmKinds, 'all']), bilingual).transform((texts) => texts as Guidance),
])
export type Guidance = Partial<Record<(typeof alarmKinds)[number] | 'all', { zh: string; en: string }>>

const deviceKindAliases = {
  button: 'button',
  'alarm-button': 'button',
  'sos-button': 'button',
  sos: 'button',
  contact: 'contact',
  door: 'contact',
  window: 'contact',
  'door-sensor': 'contact',
  'contact-sensor': 'contact',
  water: 'water',
  'water-level': 'water',
  'water-level-monitor': 'water',
  motion: 'motion',
  'motion-sensor': 'motion',
  pir: 'motion',
  smoke: 'smoke',
  'smoke-detector': 'smoke',
  gas: 'gas',
  'gas-detector': 'gas',
  leak: 'leak',
  'leak-sensor': 'leak',
  siren: 'siren',
  lamp: 'lamp',
  sign: 'sign',
  'led-sign': 'sign',
  loudspeaker: 'loudspeaker',
  hub: 'hub',
  camera: 'camera',
  other: 'other',
} as const
export type DeviceKind = (typeof deviceKindAliases)[keyof typeof deviceKindAliases]
/** Each kind once, without its other words. */
export const deviceKinds: readonly DeviceKind[] = [...new Set(Object.values(deviceKindAliases))]
const deviceKind = z
  .enum(
    Object.keys(deviceKindAliases) as [keyof typeof deviceKindAliases, ...(keyof typeof deviceKindAliases)[]],
  )
  .transform((word): DeviceKind => deviceKindAliases[word])

/** Levels of one water-level monitor, in millimetres on its own gauge. */
export const waterLimitsSchema = z.strictObject({
  nearWarningMm: levelMm.optional(),
  warningMm: levelMm.optional(),
  guaranteeMm: levelMm.optional(),
  /** Historic maximum, or the level at which people must move: red. */
  historicMm: levelMm.optional(),
  /** Below it neither a rise nor a flat line has a meaning. */
  drySeasonMm: levelMm.optional(),
  /** The lowest possible level, its bed: a lower value is a fault of the gauge, and a rise from below it is none. */
  minMm: levelMm.optional(),
  maxMm: levelMm.default(50_000),
  hysteresisMm: z.number().min(0).max(5000).optional(),
  isRiseJudged: z.boolean().default(true),
})

/** One entry of `devices[]`; `config.ts` may add keys of other parts. */
export const deviceShape = {
  id,
  kind: deviceKind.default('other'),
  zone: id.optional(),
  name: words.optional(),
  /** The hub through which it sends: while that is silent, its own silence is muted. */
  via: id.optional(),
  /** The hardware's own address, for a foreign dialect: IEEE address, DevEUI, MAC, serial number. */
  address: z.string().min(1).max(64).optional(),
  /** The name of the credential with which it connects to this box, where that is not its id: after a replacement. */
  connectsAs: id.optional(),
  /** The decoder of its LoRaWAN frames: a built-in model, or the full path of its maker's codec file. */
  codec: codecName.optional(),
  /**
   * The height of its distance sensor above the bed, or above the zero of its gauge: then a distance becomes a water
   * level.
   */
  mountingHeightMm: z.number().min(1).max(100_000).optional(),
  /** It connects to this box directly, under its own id, and uses only this dialect. */
  dialect: z.enum(dialectNames).optional(),
  /** The first levels of its topics, such as its configured name. */
  base: z.string().min(1).max(128).optional(),
  /** Its report interval without events; three missed reports are silence. */
  reportIntervalS: seconds(7 * 86_400)
    .min(10)
    .optional(),
  /** Always connected (mains): 180 s after its connection is lost it is silent. */
  isAlwaysConnected: z.boolean().optional(),
  /** On the way in: an opening starts the zone's entry delay. */
  isEntry: z.boolean().default(false),
  isPerimeter: z.boolean().default(false),
  /** The meaning of its button; duress stays duress. */
  emergency: z.enum(['general', 'medical', 'hostile', 'silent', 'assist']).default('general'),
  water: waterLimitsSchema.optional(),
  /** On the village plan, 0 to 1 from its upper left corner; default: its zone's. */
  plan: onPlan.optional(),
  guidance: guidance.optional(),
  /** Of the person responsible for it; default: its zone's. */
  phone: phone.optional(),
}
export const deviceSchema = z.strictObject(deviceShape)

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time like "22:30" with two digits each; midnight is "00:00"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
/** From `from` to `to` on `days` (all by default); past midnight when `to` is earlier. Minutes of the day. */
const span = z.strictObject({
  from: timeOfDay,
  to: timeOfDay,
  days: z.array(z.enum(weekdays)).min(1).optional(),
})
export type Span = z.infer<typeof span>

export const zoneSchema = z.strictObject({
  id,
  name: words.optional(),
  kind: z.string().max(40).optional(),
  place: z
    .union([
      words.transform((text) => ({ text })),
      z.strictObject({
        grid: words.optional(),
        household: words.optional(),
        lampPost: words.optional(),
        text: words.optional(),
        /** On the village plan, 0 to 1 from its upper left corner. */
        plan: onPlan.optional(),
      }),
    ])
    .optional(),
  /** Of the people who live or work there: the desk calls it with one press. */
  phone: phone.optional(),
  /** How much protection it needs: the alarm table gives a stricter grade more urgent colours. */
  grade: z.enum(zoneGrades).default('general'),
  /** The state at the first start, and outside the schedule: a zone without a setting is disarmed. */
  armed: z.boolean().default(false),
  /** When the zone is armed; equal ends mean the whole day. */
  schedule: z.array(span).max(50).optional(),
  /** Opt-in of the household: an alarm after this many hours without movement, outside of its quiet hours. */
  noActivity: z
    .strictObject({ hours: z.number().min(1).max(168), quiet: span.omit({ days: true }).optional() })
    .optional(),
  /** Time to disarm after the entry door opens. */
  entryDelayS: seconds(600).default(0),
  /** Time to leave after arming by hand. */
  exitDelayS: seconds(600).default(0),
  /** Cameras that take pictures of its alarms, besides those that name the zone themselves. */
  cameras: z.array(id).max(50).optional(),
  /** Colours by kind for this zone, over the village's; red stays red. */
  colours: z.partialRecord(z.enum(alarmKinds), z.enum(colours)).optional(),
  guidance: guidance.optional(),
})

/** A local rule: what the village does itself, with or without the centre. */
export const ruleSchema = z.strictObject({
  id,
  when: z.strictObject({
    kinds: z.array(z.enum(alarmKinds)).min(1).optional(),
    /** Variants such as `duress`, to which the rule reacts only if they are named here. */
    variants: z.array(z.string().max(40)).min(1).optional(),
    colours: z.array(z.enum(colours)).min(1).optional(),
    zones: z.array(id).min(1).optional(),
    devices: z.array(id).min(1).optional(),
    during: span.optional(),
  }),
  device: id,
  do: z.string().min(1).max(32),
  /** Sent with the command unchanged, such as the text of a sign. */
  with: z.record(z.string().max(40), z.union([z.string().max(300), z.number(), z.boolean()])).optional(),
  /** The command that stops it on clear; default: the same command with `seconds: 0`. */
  stopDo: z.string().min(1).max(32).optional(),
  /** It stops after this at the latest. */
  secondsMax: seconds(3600).min(1).default(180),
})

const colour = z.enum(colours)

export const limitsSchema = z.strictObject({
  /** For schedules and texts. */
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'a time zone by name, such as Asia/Shanghai')
    .default('Asia/Shanghai'),
  /** A fixed offset instead of the time zone. */
  utcOffsetMin: z.number().int().min(-720).max(840).optional(),
  /** Colours by kind for the whole village; red stays red. */
  colours: z.partialRecord(z.enum(alarmKinds), colour).default({}),
  /** Below it a battery is an alarm; the alarm is over above `batteryOkPercent`. */
  batteryLowPercent: z.number().min(1).max(90).default(20),
  batteryOkPercent: z.number().min(1).max(100).default(25),
  /** A second sensor of the zone within this time makes an intrusion red. */
  confirmWithinS: seconds(3600).default(60),
  /** How long the mains must be away before that is an alarm. */
  mainsLostAfterS: seconds(86_400).default(60),
  /** How long the box must be without the time before that is an alarm. */
  clockUnsyncedAfterS: seconds(86_400).default(3600),
  /** How long the centre must be out of reach before that is an alarm of the box. */
  linkLostAfterS: seconds(86_400).default(180),
  /** Longest bypass of a device. */
  bypassSMax: seconds(30 * 86_400).default(86_400),
  /** Longest time for which an alarm may be shelved; a red one never is. */
  shelveSMax: seconds(7 * 86_400).default(8 * 3600),
  /** For this long a household may call off its own alarm. */
  callOffS: seconds(3600).default(600),
  /** Longest walk test or maintenance. */
  maintenanceSMax: seconds(86_400).default(4 * 3600),
  /** After this many changes within `chatterWindowS` an alarm below red is held: its repeats are sent rarely. */
  chatterChanges: z.number().int().min(2).max(100).default(3),
  chatterWindowS: seconds(3600).min(1).default(600),
  /** Alarms of one kind within this time, `stormOfOneKind` of them, stand under one line; a red one never does. */
  stormWindowS: seconds(3600).min(60).default(600),
  stormOfOneKind: z.number().int().min(1).max(1000).default(5),
  /** A level must fall this far below a stage before the stage is over. */
  waterHysteresisMm: z.number().min(0).max(5000).default(50),
  /** A rise of this much from one reading to the next is checked against the readings that follow. */
  waterStepMm: z.number().min(10).max(10_000).default(150),
  /** How long the water must stay below a stage before its colour falls. */
  waterStepDownS: seconds(86_400).default(900),
  /** A level that does not change at all for this long is a fault of the gauge. */
  waterFlatS: seconds(7 * 86_400)
    .min(600)
    .default(6 * 3600),
})

export const zonesSchema = z.array(zoneSchema).max(zonesMax)
export const devicesSchema = z.array(deviceSchema).max(devicesMax)
export const rulesSchema = z.array(ruleSchema).max(rulesMax)

export type ZoneSettings = z.infer<typeof zoneSchema>
export type DeviceSettings = z.infer<typeof deviceSchema>
export type WaterLimits = z.infer<typeof waterLimitsSchema>
export type RuleSettings = z.infer<typeof ruleSchema>
export type AlarmLimits = z.infer<typeof limitsSchema>

/** All settings of the engine. */
export interface AlarmSettings {
  boxId: string
  zones: ZoneSettings[]
  devices: DeviceSettings[]
  rules: RuleSettings[]
  limits: AlarmLimits
  /** The box's cameras: their alarms show their name and zone. */
  cameras?: readonly { id: string; name?: string | undefined; zone: readonly string[] }[]
}

function findRepeats(path: string, entries: readonly { id: string }[]): Problem[] {
  const seen = new Set<string>()
  return entries.flatMap(({ id: own }, index) => {
    if (!seen.has(own)) {
      seen.add(own)
      return []
    }
    return [{ path: `${path}.${index}.id`, message: `each id once; "${own}" is there already` }]
  })
}

const levelNames = ['drySeasonMm', 'nearWarningMm', 'warningMm', 'guaranteeMm', 'historicMm'] as const

function checkWater(path: string, water: WaterLimits): Problem[] {
  const given = levelNames.flatMap((name) => (water[name] === undefined ? [] : [{ name, mm: water[name] }]))
  return given.flatMap(({ name, mm }, index) => {
    const lower = given[index - 1]
    return lower && mm <= lower.mm
      ? [{ path: `${path}.${name}`, message: `above ${lower.name} (${lower.mm})` }]
      : []
  })
}

/** Checks across the schema: ids that repeat or are unknown, levels out of order, a hub behind itself. */
export function checkAlarmSettings(settings: Omit<AlarmSettings, 'boxId'>): Problem[] {
  const { zones, devices, rules, limits } = settings
  const zoneIds = new Set(zones.map((zone) => zone.id))
  const byId = new Map(devices.map((device) => [device.id, device]))
  const problems = [
    ...findRepeats('zones', zones),
    ...findRepeats('devices', devices),
    ...findRepeats('rules', rules),
  ]
  devices.forEach((device, index) => {
    const path = `devices.${index}`
    if (device.zone !== undefined && !zoneIds.has(device.zone))
      problems.push({ path: `${path}.zone`, message: `one of zones[].id; there is no "${device.zone}"` })
    if (device.via !== undefined && (!byId.has(device.via) || byId.get(device.via)?.via !== undefined))
      problems.push({ path: `${path}.via`, message: 'the id of a device that hangs on no other' })
    if (device.water) problems.push(...checkWater(`${path}.water`, device.water))
  })
  rules.forEach((rule, index) => {
    for (const zone of rule.when.zones ?? [])
      if (!zoneIds.has(zone))
        problems.push({
          path: `rules.${index}.when.zones`,
          message: `one of zones[].id; there is no "${zone}"`,
        })
  })
  if (limits.batteryOkPercent < limits.batteryLowPercent)
    problems.push({ path: 'limits.batteryOkPercent', message: 'not below batteryLowPercent' })
  return problems
}

/** For a caller without a config file, such as a test: every missing key has its default. */
export interface AlarmSettingsInput {
  zones?: z.input<typeof zonesSchema>
  devices?: z.input<typeof devicesSchema>
  rules?: z.input<typeof rulesSchema>
  limits?: z.input<typeof limitsSchema>
}

const alarmSettingsSchema = z.strictObject({
  zones: zonesSchema.default([]),
  devices: devicesSchema.default([]),
  rules: rulesSchema.default([]),
  limits: limitsSchema.prefault({}),
})

/** Parses and checks the alarm keys alone. */
export function parseAlarmSettings(boxId: string, value: unknown): Result<AlarmSettings> {
  const parsed = fromZod(alarmSettingsSchema as z.ZodType<Omit<AlarmSettings, 'boxId'>>, value)
  if (!parsed.ok) return parsed
  const problems = checkAlarmSettings(parsed.value)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { boxId, ...parsed.value } }
}
