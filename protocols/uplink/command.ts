// A command of the centre to a box, and the box's answer. `down/{boxId}/command` and `up/{boxId}/result`, JSON, QoS 1.
import { z } from 'zod'
import { clockQualities } from '../domain/event.ts'
import { wallMsMax } from '../domain/limits.ts'
import { deviceIdPattern } from '../domain/names.ts'

export const commandKinds = [
  'arm',
  'disarm',
  'bypass',
  'shelve',
  'siren',
  'snapshot',
  'burst',
  'bulletin',
  'device',
  'config',
  'update',
  'support',
  'console',
] as const
export type CommandKind = (typeof commandKinds)[number]

/** Longest life of a command: a box that is away longer does not execute it. */
export const commandLifeMsMax = 7 * 86_400_000
/** Longest run of a siren or a burst, and longest bypass or shelf, that a command can ask for. */
export const runSecondsMax = 600
export const minutesMax = 7 * 24 * 60
/** Longest text of a bulletin: a minute of speech. */
export const bulletinCharsMax = 300
/** Most values that `order` or `set` may have. */
export const commandValuesMax = 32

export const commandIdPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/
const id = z.string().regex(deviceIdPattern)
/** Starts with a letter: no key can reach into a prototype. */
const key = z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/)
const text = (max: number) => z.string().min(1).max(max)

/** The request, without who, when and for how long: the same keys in the API of the centre and in MQTT. */
export const commandTargets = {
  /** The box's own id of its alarm. */
  alarm: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,80}$/)
    .optional(),
  zone: id.optional(),
  device: id.optional(),
  camera: id.optional(),
  /** How long a siren sounds (0: stop) or a burst lasts. */
  seconds: z.number().int().min(0).max(runSecondsMax).optional(),
  /** How long a bypass or a shelf lasts, or the console is open to the village's network; 0 ends it. */
  minutes: z.number().int().min(0).max(minutesMax).optional(),
  /** `bulletin`: what loudspeakers say and signs show. */
  text: text(bulletinCharsMax).optional(),
  /** `device`: the command for that device, passed on unchanged. */
  order: z
    .looseObject({ do: text(32) })
    .check((context) => {
      const { value } = context
      const entries = Object.entries(value)
      const isPlain = entries.every(
        ([name, inner]) =>
          name !== 'id' &&
          key.safeParse(name).success &&
          (typeof inner === 'boolean' ||
            (typeof inner === 'number' && Number.isFinite(inner)) ||
            (typeof inner === 'string' && inner.length <= 300)),
      )
      if (entries.length > commandValuesMax || !isPlain)
        context.issues.push({
          code: 'custom',
          input: value,
          message: `at most ${commandValuesMax} plain values by name, and no id`,
        })
    })
    .optional(),
  /** `config`: new sections of the configuration. */
  set: z.record(key, z.unknown()).optional(),
  /** `config`: keys inside a section replace those of the box, and its other keys stay; absent: whole sections. */
  isPatch: z.boolean().optional(),
  /** `update`: the version to install. */
  version: z
    .string()
    .regex(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$/)
    .optional(),
} as const

/** Unknown keys are ignored, so that a newer centre may add some; an unknown `do` is answered, not misread. */
export const centreCommandSchema = z.object({
  v: z.literal(1),
  id: z.string().regex(commandIdPattern, 'letters, digits, dash; 1 to 64'),
  do: text(32),
  by: text(80),
  why: text(300).optional(),
  /** The centre's wall clock when this copy was sent, and the remaining life of the command then, both in ms. */
  sentAtMs: z.number(),
  leftMs: z.number().min(0).max(commandLifeMsMax),
  ...commandTargets,
})
export type CentreCommand = z.infer<typeof centreCommandSchema>

export const isCommandKind = (word: string): word is CommandKind =>
  (commandKinds as readonly string[]).includes(word)

/** Required fields of each kind. */
export const neededTargets: Readonly<Record<CommandKind, readonly (keyof typeof commandTargets)[]>> = {
  arm: [],
  disarm: [],
  bypass: ['device', 'minutes'],
  shelve: ['alarm', 'minutes'],
  siren: ['seconds'],
  snapshot: [],
  burst: ['device', 'seconds'],
  bulletin: ['text'],
  device: ['device', 'order'],
  config: ['set'],
  update: ['version'],
  support: [],
  console: ['minutes'],
}

/** `received`: in the box's journal and in progress. The others are final. */
export const commandResultStates = ['received', 'done', 'refused', 'failed', 'expired'] as const
export type CommandResultState = (typeof commandResultStates)[number]

const names = z.array(z.string().max(140)).max(200).optional()

export const centreCommandResultSchema = z.object({
  v: z.literal(1),
  id: z.string().regex(commandIdPattern),
  state: z.enum(commandResultStates),
  /** The box's wall clock when it entered this state, as exact as `clock` shows. */
  atMs: z.number().min(-wallMsMax).max(wallMsMax),
  clock: z.enum(clockQualities),
  /** Why it failed in whole or in part: a fixed code for programs, a sentence in both languages for people. */
  reason: z.object({ code: z.string().max(40), zh: z.string().max(500), en: z.string().max(500) }).optional(),
  /** Zones, devices, cameras or keys that it reached, and those that it did not reach (yet). */
  reached: names,
  missed: names,
  /** The names of those in `reached` and `missed` that have one at the box, by id. */
  names: z.record(z.string().max(140), z.string().max(140)).optional(),
  /** Ids of the pictures that it requested. */
  snapshots: names,
})
export type CentreCommandResult = z.infer<typeof centreCommandResultSchema>
