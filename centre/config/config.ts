// The centre's configuration: one strict schema, all problems at once, a frozen result.
import { isLoopback } from '../../platform/loopback.ts'
import { checkPostgres, isPostgresUrl } from '../storage/postgres/address.ts'
import { z } from 'zod'
import { colours } from '../../protocols/domain/colour.ts'
import { caseSteps } from '../../protocols/domain/step-limits.ts'
import { isBoxId } from '../../protocols/domain/names.ts'
import { isTimeZone } from '../../protocols/domain/time-zone.ts'
import { levelOf } from '../../protocols/desk/villages/registry.ts'
import { roles } from '../../protocols/desk/roles.ts'
import { mapSchema } from './map-settings.ts'
import { checkOutlets, outletsSchema } from './outlets/outlet-settings.ts'
import { isNetwork } from '../../platform/strangers/network-address.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import type { Problem, Result } from '../../protocols/kit/result.ts'

const text = z.string().min(1).max(1000)
const host = z.string().min(1).max(255)
const port = z.number('a port, 0 to 65535').int().min(0).max(65535)

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 20:00')

/** A proxy on the same machine. */
const loopbackProxies = ['127.0.0.1', '::1'] as const

const httpSchema = z.strictObject({
  host: host.default('127.0.0.1'),
  port: port.default(8080),
  tls: z.strictObject({ certFile: text, keyFile: text }).optional(),
  /** Reverse proxies whose X-Forwarded-For, -Proto and -Host are trusted. */
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'an address or a network such as 10.0.0.0/8'))
    .max(100)
    .default([...loopbackProxies]),
})

const listenerSchema = z.strictObject({
  host,
  port,
  tls: z.strictObject({ certFile: text, keyFile: text, caFile: text.optional() }).optional(),
})

export const centreConfigSchema = z.strictObject({
  dataDir: text,
  http: httpSchema.default({ host: '127.0.0.1', port: 8080, trustedProxies: [...loopbackProxies] }),
  uplink: z
    .strictObject({
      listeners: z.array(listenerSchema).max(16).default([]),
      anonymous: z.boolean().default(false),
      passwordFile: text.optional(),
      /** Revoked certificates: a CRL, or one serial number or fingerprint per line. */
      revokedFile: text.optional(),
      /** If given, only the listed boxes are admitted: one id per line. */
      admittedFile: text.optional(),
      /** The storage share of one box: beyond it the box's lower lanes are deferred, never red and orange. */
      boxLimits: z
        .strictObject({
          /** Of records per day, in the long run. A busy village has some 80. */
          megabytesPerDay: z.number().min(1).max(1_000_000).default(1000),
          /** At once, such as the backlog of a month without a connection. */
          burstMegabytes: z.number().min(1).max(1_000_000).default(4000),
          /** Of all its records on the disk. */
          diskMegabytes: z.number().min(1).max(100_000_000).default(100_000),
        })
        .prefault({}),
    })
    .prefault({}),
  /** How the town answers alarms; missing values come from the default alarm table. */
  cases: z
    .strictObject({
      /** Two people must acknowledge red before it counts as accepted. */
      redAcceptances: z.union([z.literal(1), z.literal(2)]).default(1),
      /** An accepted case without progress is opened again at this share of the dispatch limit. */
      reopenAt: z.number().min(1).max(100).default(2),
      /** Colours whose cases must be reported upward. */
      mustReport: z.array(z.enum(colours)).default([]),
      /** When the queue is in the hands of another centre, in the time of China; with guidance, contacts and plans. */
      night: z
        .array(
          z.strictObject({
            to: z.string().min(1).max(80),
            from: timeOfDay,
            until: timeOfDay,
            /** Of the day on which the night begins: 1 Monday to 7 Sunday. */
            weekdays: z.array(z.number().int().min(1).max(7)).min(1).max(7).optional(),
          }),
        )
        .max(14)
        .default([]),
      /** ms by step and colour. */
      limitsMs: z
        .partialRecord(
          z.enum(caseSteps),
          z.partialRecord(
            z.enum(colours),
            z
              .number()
              .min(1000)
              .max(90 * 86_400_000),
          ),
        )
        .default({}),
    })
    .prefault({}),
  /** This centre is the authority of its boxes: it makes codes for them, and signs, renews and revokes their certificates. */
  enrolment: z
    .strictObject({
      authority: z.strictObject({ certFile: text, keyFile: text }),
      /** Where boxes find this centre's pages. */
      centreUrl: text.regex(
        /^https?:\/\/[^\s#?]+[^\s#?/]$/,
        'https://town.example, without a slash at the end',
      ),
      /** Where their Reports go. */
      uplinkUrl: text.regex(/^(mqtts?|wss?):\/\//, 'mqtts://town.example:8883'),
      /** A code counts for this long. */
      codeHours: z.number().min(0.1).max(2160).default(72),
      /** A certificate counts for this long; boxes renew theirs after two thirds of it. */
      lifeDays: z.number().min(1).max(7300).default(730),
    })
    .optional(),
  /** The next centre up, such as the county's: this centre reports cases to it as a box does to this one. */
  upward: z
    .strictObject({
      url: text.regex(/^(mqtts?|wss?):\/\//, 'mqtts://HOST:8883'),
      /** This centre's id there: the code of the town. */
      id: z.string().refine(isBoxId, 'lower-case letters, digits and dashes, at most 48'),
      name: z.string().min(1).max(120).optional(),
      /** What people here call it: a report or hand-over to this name goes up. */
      to: z.string().min(1).max(80).default('county'),
      /** Cases of these colours go up by themselves. */
      byRule: z.array(z.enum(colours)).default([]),
      caFile: text.optional(),
      certFile: text.optional(),
      keyFile: text.optional(),
      passwordFile: text.optional(),
    })
    .optional(),
  /** Every village files once a day that it is there: boxes by themselves, signed by a person where wanted. */
  dailyReport: z
    .strictObject({
      /** In the time of China: from then on the village without a report of the day stands out. */
      due: timeOfDay.default('21:00'),
      mustSign: z.boolean().default(false),
    })
    .default({ due: '21:00', mustSign: false }),
  pictures: z
    .strictObject({
      /** For all boxes together, and for each of them. */
      quotaMegabytes: z.number().min(10).max(10_000_000).default(50_000),
      boxQuotaMegabytes: z.number().min(1).max(1_000_000).default(2000),
      /** Days for which a picture is kept; longer while its alarm is open. */
      termDays: z.number().min(1).max(365).default(30),
    })
    .default({ quotaMegabytes: 50_000, boxQuotaMegabytes: 2000, termDays: 30 }),
  /** Files of cases: photos from the scene, documents. */
  attachments: z
    .strictObject({
      /** Of all files together; a further one is refused, none is deleted for it. */
      quotaMegabytes: z.number().min(1).max(10_000_000).default(20_000),
      /** Days that a file is kept once its case is over. */
      termDays: z.number().min(1).max(3660).default(365),
    })
    .prefault({}),
  /** Days for which each kind is kept after its last change; open items stay, and so does the audit trail. */
  retention: z
    .strictObject({
      /** Records of routine and about pictures. */
      routineDays: z.number().min(1).max(36_500).default(400),
      /** Records of alarms, ended alarms and cases, finished commands. */
      alarmDays: z.number().min(30).max(36_500).default(1830),
      quarantineDays: z.number().min(1).max(3650).default(90),
    })
    .default({ routineDays: 400, alarmDays: 1830, quarantineDays: 90 }),
  accounts: z
    .strictObject({
      /** Who has one of these roles sets up a second factor at the next sign-in and does nothing before. */
      secondFactorRoles: z.array(z.enum(roles)).default([]),
      /** Sign-in by the town's directory (OpenID Connect). A person who signs in needs an account here of the same name. */
      oidc: z
        .strictObject({
          issuer: z.url(),
          clientId: text,
          clientSecretFile: text,
          /** The desk's own address and /api/v1/oidc/callback, as it is registered at the directory. */
          redirectUrl: z.url(),
          userClaim: z.string().min(1).max(60).default('preferred_username'),
        })
        .optional(),
    })
    .prefault({}),
  /** Receivers outside: police, the county's platform, telephones of people. */
  outlets: outletsSchema,
  /** The duty roster. */
  people: z
    .strictObject({
      /** Duty hours are by this clock. */
      timeZone: z
        .string()
        .max(60)
        .refine(isTimeZone, 'a time zone such as Asia/Shanghai')
        .default('Asia/Shanghai'),
      /** An entry deletes itself after this, unless the person agrees again. */
      termDaysMax: z.number().int().min(1).max(3660).default(365),
      /** A link of a person who was sent is over after this. */
      linkHours: z.number().min(0.1).max(168).default(24),
    })
    .prefault({}),
  /** Names of divisions by their code: provinces to villages, 2 to 12 digits. */
  divisions: z
    .array(
      z.strictObject({
        code: z
          .string()
          .refine((text) => levelOf(text) !== undefined, 'a division code of 2, 4, 6, 9 or 12 digits'),
        name: z.string().min(1).max(120),
      }),
    )
    .max(50_000)
    .default([]),
  /** The map of the desk: positions and plans of villages, and the town's own tiles. */
  map: mapSchema,
  clock: z
    .strictObject({
      /** Whether this machine's clock is kept, which boxes without a time of their own ask; left out: the system is asked. */
      isKept: z.boolean().optional(),
    })
    .prefault({}),
  storage: z
    .strictObject({
      url: text.default('sqlite:'),
      /** Of PostgreSQL: the password, and the authority of the servers' certificates. */
      passwordFile: text.optional(),
      caFile: text.optional(),
      /** Of PostgreSQL with several centres: the folder for pictures and files that all of them share, in place of `dataDir`. */
      sharedDir: text.optional(),
    })
    .default({ url: 'sqlite:' }),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  boxes: z
    .array(
      z.strictObject({
        id: z.string().refine(isBoxId, 'lower-case letters, digits and dashes, at most 48'),
        name: z.string().min(1).max(200),
      }),
    )
    .max(50_000)
    .default([]),
})

export type CentreConfig = z.infer<typeof centreConfigSchema>
export type UplinkListener = z.infer<typeof listenerSchema>

/** Checks that the schema can not express. */
function findConflicts(config: CentreConfig): Problem[] {
  const problems: Problem[] = checkOutlets(config.outlets)
  config.uplink.listeners.forEach((listener, i) => {
    if (!listener.tls && !isLoopback(listener.host))
      problems.push({
        path: `uplink.listeners.${i}`,
        message: 'tls is needed: a plain listener is allowed on loopback only (127.0.0.1, ::1, localhost)',
      })
  })
  const { oidc } = config.accounts
  for (const key of ['issuer', 'redirectUrl'] as const) {
    const named = oidc && new URL(oidc[key])
    if (named && named.protocol !== 'https:' && !isLoopback(named.hostname))
      problems.push({
        path: `accounts.oidc.${key}`,
        message: 'https is needed: plain http is allowed on loopback only',
      })
  }
  const up = config.upward && URL.canParse(config.upward.url) ? new URL(config.upward.url) : undefined
  if (config.upward && (!up || (/^(mqtt|ws):$/.test(up.protocol) && !isLoopback(up.hostname))))
    problems.push({
      path: 'upward.url',
      message: 'mqtts:// or wss://: a plain link is allowed on loopback only',
    })
  const { url } = config.storage
  if (isPostgresUrl(url)) problems.push(...checkPostgres(config.storage))
  else if (config.storage.sharedDir !== undefined)
    problems.push({
      path: 'storage.sharedDir',
      message: 'only with PostgreSQL: a SQLite file has one centre',
    })
  if (!isPostgresUrl(url) && !url.startsWith('sqlite:'))
    problems.push({
      path: 'storage.url',
      message: 'sqlite:, sqlite:/path/to/file.db or postgres://user@host:port,host:port/database',
    })
  const named = [
    ...config.map.villages.map(({ id }, i) => [`map.villages.${i}.id`, id] as const),
    ...config.divisions.map(({ code }, i) => [`divisions.${i}.code`, code] as const),
    ...config.boxes.map(({ id }, i) => [`boxes.${i}.id`, id] as const),
  ]
  const seen = new Set<string>()
  for (const [path, id] of named) {
    const key = `${path.split('.')[0]} ${id}`
    if (seen.has(key)) problems.push({ path, message: `${id} is named twice` })
    seen.add(key)
  }
  return problems
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze)
    Object.freeze(value)
  }
  return value
}

/** From a parsed YAML document to a frozen CentreConfig, or all problems with their paths. */
export function parseCentreConfig(value: unknown): Result<CentreConfig> {
  const parsed = fromZod(centreConfigSchema as z.ZodType<CentreConfig>, value ?? {})
  if (!parsed.ok) return parsed
  const problems = findConflicts(parsed.value)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: freeze(parsed.value) }
}
