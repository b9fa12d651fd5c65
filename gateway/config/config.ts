// The gateway's configuration: one strict parse that returns a frozen Config or all problems at once.
import { dirname, isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { parseConfigYaml, readConfigText } from '../../platform/config-text.ts'
import { boxIdPattern } from '../../protocols/domain/names.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { withEnrolment } from './enrolment/enrolled-file.ts'
import { withTakenOver } from './enrolment/taken-over.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import {
  checkAlarmSettings,
  deviceSchema,
  devicesSchema,
  limitsSchema,
  rulesSchema,
  zonesSchema,
} from './alarm-settings.ts'
import { bridgesSchema, checkBridges, pushSchema } from './bridge-settings.ts'
import { brokerSettingsSchema } from './broker-settings.ts'
import { camerasSettingsSchema, pictureSettingsSchema } from './camera-settings.ts'
import { commandSettingsSchema } from './command-settings.ts'
import { boxOutletsSchema, checkBoxOutlets } from './outlets/outlet-settings.ts'
import { checkRingGroups, ringGroupsSchema } from './ring-groups.ts'
import { updateSettingsSchema } from './update-settings.ts'
import { uplinkSectionSchema } from './uplink-settings.ts'

const journalSchema = z.strictObject({
  /** Commit window of routine events, ms: they are written in groups; a longer window means fewer writes. */
  commitWindowMs: z.int().min(0).max(5000).default(250),
  /** Most unreadable messages kept for the maintainer. */
  quarantineMax: z.int().min(10).max(100_000).default(1000),
  /** Receipted records kept per lane, for a centre that was restored from a backup. */
  keepReceipted: z.int().min(0).max(10_000_000).default(200_000),
})

const consoleSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 lets the system choose. */
  port: z.int().min(0).max(65_535).default(8080),
  /**
   * Lets the village's network in on this address until the box is claimed. Left out: only while a person opens it from the box
   * (`gengfu gateway console open`), on 0.0.0.0.
   */
  villageHost: z.enum(['0.0.0.0', '::']).optional(),
  /** The claim code that the workshop printed on the box's label; left out: the box makes one and logs it. */
  claimCodeFile: z.string().min(1).optional(),
  /**
   * DNS names, besides addresses, localhost and the machine's own, under which programs may request /healthz and
   * /metrics.
   */
  names: z
    .array(z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, 'a DNS name such as box-1.lan'))
    .max(16)
    .default([]),
})

export const gatewayConfigSchema = z.strictObject({
  box: z.strictObject({
    id: z
      .string()
      .regex(boxIdPattern, 'a village code and a number (320612104201-1) or a slug (upper-brook)'),
    name: z.string().min(1).max(120).optional(),
    /** When the box files its daily report, in its own time; it proves that the box works, also when nothing happened. */
    dailyReportAt: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 20:00')
      .default('20:00'),
    /** The SIM card of the box: the town groups boxes by it, and warns before it ends. */
    sim: z
      .strictObject({
        /** Operator and contract, such as `CMCC village contract 7`. */
        label: z.string().min(1).max(80).optional(),
        /** The last day that is paid. */
        expiresOn: z
          .string()
          .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a day such as "2027-03-31", in quotes')
          .optional(),
      })
      .optional(),
  }),
  dataDir: z.string().min(1),
  mqtt: brokerSettingsSchema,
  uplink: uplinkSectionSchema.optional(),
  console: consoleSchema.default(consoleSchema.parse({})),
  journal: journalSchema.default(journalSchema.parse({})),
  cameras: camerasSettingsSchema.default([]),
  pictures: pictureSettingsSchema.default(pictureSettingsSchema.parse({})),
  bridges: bridgesSchema.default([]),
  push: pushSchema.optional(),
  devices: devicesSchema.default([]),
  zones: zonesSchema.default([]),
  rules: rulesSchema.default([]),
  ringGroups: ringGroupsSchema.default([]),
  limits: limitsSchema.default(limitsSchema.parse({})),
  commands: commandSettingsSchema.default(commandSettingsSchema.parse({})),
  updates: updateSettingsSchema.prefault({}),
  /** Receivers outside, for a village without a town. */
  outlets: boxOutletsSchema,
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export type GatewayConfig = z.infer<typeof gatewayConfigSchema>

const asItIs = (raw: Readonly<Record<string, unknown>>): object => raw

/**
 * Parses the text of a YAML file. Relative paths in it are relative to `folder`; sections in `over` replace
 * its own, and `change` is made to the whole. Never throws.
 */
export function parseGatewayConfig(
  text: string,
  folder: string,
  over: Readonly<Record<string, unknown>> = {},
  change = asItIs,
): Result<GatewayConfig> {
  const read = parseConfigYaml(text)
  if (!read.ok) return read
  const raw = read.value
  if (raw === null || raw === undefined)
    return bad('an empty file: at least box.id, dataDir and mqtt.listeners')
  if (!isObject(raw)) return parseWhole(raw, folder)
  const { dataDir } = raw
  const base = typeof dataDir === 'string' ? withTakenOver(raw, resolve(folder, dataDir)) : raw
  const parsed = parseWhole(change({ ...base, ...over }), folder)
  // What was taken over may not fit the installer's own file: then his file counts alone, and `gengfu check` says so.
  return parsed.ok || base === raw ? parsed : parseWhole(change({ ...raw, ...over }), folder)
}

function parseWhole(mine: unknown, folder: string): Result<GatewayConfig> {
  const whole = isObject(mine) ? enrolledOf(mine, folder) : ok(mine)
  if (!whole.ok) return whole
  const parsed = fromZod(gatewayConfigSchema as z.ZodType<GatewayConfig>, whole.value)
  if (!parsed.ok) return parsed
  const { bridges, devices, ringGroups, zones } = parsed.value
  const hubs = bridges.map(({ id }) => deviceSchema.parse({ id, kind: 'hub' }))
  const problems = [
    ...checkBridges(bridges, devices),
    ...checkBoxOutlets(parsed.value.outlets),
    ...checkRingGroups(ringGroups, zones, devices),
    ...checkAlarmSettings({ ...parsed.value, devices: [...devices, ...hubs] }),
  ]
  if (problems.length > 0) return { ok: false, problems }
  return ok(deepFreeze(withAbsolutePaths(parsed.value, folder)))
}

/** What the box got from its centre, where it was enrolled. */
function enrolledOf(whole: Record<string, unknown>, folder: string): Result<unknown> {
  const { dataDir } = whole
  return typeof dataDir === 'string' ? withEnrolment(whole, resolve(folder, dataDir)) : ok(whole)
}

/** Reads and parses a file; an unreadable file is a problem like any other. */
export function readGatewayConfig(
  file: string,
  over: Readonly<Record<string, unknown>> = {},
  change = asItIs,
): Result<GatewayConfig> {
  const text = readConfigText(file)
  return text.ok ? parseGatewayConfig(text.value, dirname(resolve(file)), over, change) : text
}

const isPathKey = (key: string): boolean =>
  key === 'dataDir' || key.endsWith('File') || key.endsWith('Folder')

function withAbsolutePaths<T>(value: T, folder: string): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withAbsolutePaths(item, folder)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      isPathKey(key) && typeof inner === 'string' && !isAbsolute(inner)
        ? resolve(folder, inner)
        : withAbsolutePaths(inner as unknown, folder),
    ]),
  ) as T
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner as unknown)
  return value
}
