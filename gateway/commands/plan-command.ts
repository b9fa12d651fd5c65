// Plans a command of the centre: pure. It checks the box's own policy and whether the named things exist, and returns
// the work, or the reason for a refusal.
import { lookup } from '../../protocols/kit/parse-json.ts'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import {
  isCommandKind,
  neededTargets,
  type CentreCommand,
  type CommandKind,
} from '../../protocols/uplink/command.ts'
import type { AlarmInput } from '../alarms/port.ts'
import type { CommandSettings } from '../config/command-settings.ts'
import { commandReason, type CommandReason, type ReasonCode } from './command-reasons.ts'

/** Most cameras per command. */
export const camerasPerCommandMax = 8
/** Samples of one burst, and the shortest time between two. */
const burstSamplesMax = 20
const burstIntervalMsMin = 1000

const silentVariants = new Set(['duress', 'silent'])

/** The things of the box that a command can name. */
export interface BoxKnowledge {
  zones: readonly string[]
  devices: readonly { id: string; kind: string; zone?: string | undefined }[]
  cameras: readonly { id: string; zones: readonly string[]; isPrivate: boolean }[]
  /** The alarms that are active now. */
  alarms: readonly Alarm[]
  /** Installed as a package, with a source of releases. */
  canUpdate: boolean
  /** The centre that enrolled this box takes its support bundles. */
  canSendSupport: boolean
}

interface DeviceOrder {
  do: string
  [parameter: string]: unknown
}

export type Plan =
  | { type: 'refused'; reason: CommandReason }
  | { type: 'judge'; inputs: AlarmInput[]; reached: string[] }
  | { type: 'devices'; orders: { device: string; order: DeviceOrder }[] }
  | { type: 'pictures'; cameras: string[]; alarm: Alarm | undefined }
  | { type: 'config'; set: Readonly<Record<string, unknown>> }
  | { type: 'support' }
  | { type: 'console'; minutes: number }
  | { type: 'update'; version: string }

const refused = (code: ReasonCode, detail?: string): Plan => ({
  type: 'refused',
  reason: commandReason(code, detail),
})

export function planCommand(command: CentreCommand, settings: CommandSettings, box: BoxKnowledge): Plan {
  const kind = command.do
  if (!isCommandKind(kind)) return refused('unknown-kind', kind)
  if (!settings.allow.includes(kind)) return refused('not-allowed', kind)
  const lacking = neededTargets[kind].filter((name) => command[name] === undefined)
  if (lacking.length > 0) return refused('incomplete', lacking.join(', '))
  if (command.zone !== undefined && !box.zones.includes(command.zone)) return refused('no-zone', command.zone)
  if (command.device !== undefined && !box.devices.some(({ id }) => id === command.device))
    return refused('no-device', command.device)
  return plans[kind](command, settings, box)
}

const toDevices = (devices: readonly string[], order: DeviceOrder): Plan => ({
  type: 'devices',
  orders: devices.map((device) => ({ device, order })),
})

/** The devices that tell people something, and the command of each. */
const bulletinVerbs: Readonly<Record<string, string>> = lookup({ loudspeaker: 'speak', sign: 'sign' })
/** How long a sign shows it, unless the centre names a time. */
const bulletinSeconds = 600

type Planner = (command: CentreCommand, settings: CommandSettings, box: BoxKnowledge) => Plan

const findAlarm = (command: CentreCommand, box: BoxKnowledge): Alarm | undefined =>
  box.alarms.find(({ id }) => id === command.alarm)

function planArming(command: CentreCommand, box: BoxKnowledge, isArmed: boolean): Plan {
  const zones = command.zone === undefined ? box.zones : [command.zone]
  if (zones.length === 0) return refused('no-zone')
  const inputs = zones.map((zone) => ({ type: 'arm' as const, zone, isArmed, by: command.by }))
  return { type: 'judge', inputs, reached: [...zones] }
}

const plans: Readonly<Record<CommandKind, Planner>> = {
  arm: (command, _settings, box) => planArming(command, box, true),
  disarm: (command, _settings, box) => planArming(command, box, false),

  bypass: ({ device = '', minutes = 0, by }) => ({
    type: 'judge',
    inputs: [{ type: 'bypass', device, forMs: minutes * 60_000, by }],
    reached: [device],
  }),

  shelve: (command, _settings, box) => {
    const { alarm = '', minutes = 0, by } = command
    const standing = findAlarm(command, box)
    if (!standing) return refused('no-alarm', alarm)
    if (standing.colour === 'red') return refused('red-stays')
    return {
      type: 'judge',
      inputs: [{ type: 'shelve', alarm, forMs: minutes * 60_000, by }],
      reached: [alarm],
    }
  },

  siren: (command, settings, box) => {
    const seconds = Math.min(command.seconds ?? 0, settings.sirenSecondsMax)
    const alarm = findAlarm(command, box)
    // Stopping is always allowed.
    if (seconds > 0 && command.alarm !== undefined && !alarm) return refused('no-alarm', command.alarm)
    if (seconds > 0 && alarm?.variant !== undefined && silentVariants.has(alarm.variant))
      return refused('silent-alarm')
    const sirens = box.devices.filter(({ kind }) => kind === 'siren')
    const zone = command.zone ?? alarm?.zone
    const near = sirens.filter((siren) => zone !== undefined && siren.zone === zone)
    const meant =
      command.device === undefined
        ? near.length > 0
          ? near
          : sirens
        : sirens.filter(({ id }) => id === command.device)
    if (meant.length === 0) return refused('no-siren', command.device)
    return toDevices(
      meant.map(({ id }) => id),
      { do: 'siren', seconds },
    )
  },

  snapshot: planPictures,

  burst: ({ device = '', seconds = 0 }) => {
    const durationMs = Math.max(1, seconds) * 1000
    const intervalMs = Math.max(burstIntervalMsMin, Math.ceil(durationMs / burstSamplesMax))
    const samples = Math.max(1, Math.min(burstSamplesMax, Math.floor(durationMs / intervalMs)))
    return toDevices([device], { do: 'burst', seconds, samples, intervalMs })
  },

  bulletin: ({ text = '', seconds = bulletinSeconds, zone, device }, _settings, box) => {
    const orders = box.devices.flatMap((one) => {
      const verb = bulletinVerbs[one.kind]
      const isMeant = (zone === undefined || one.zone === zone) && (device === undefined || one.id === device)
      return verb !== undefined && isMeant ? [{ device: one.id, order: { do: verb, text, seconds } }] : []
    })
    return orders.length === 0 ? refused('no-loudspeaker', device ?? zone) : { type: 'devices', orders }
  },

  device: ({ device = '', order = { do: '' } }) => toDevices([device], order),

  config: ({ set = {} }, { sections }) => {
    const closed = Object.keys(set).filter((name) => !(sections as readonly string[]).includes(name))
    if (closed.length > 0) return refused('section-closed', closed.join(', '))
    if (Object.keys(set).length === 0) return refused('incomplete', 'set')
    return { type: 'config', set }
  },

  update: ({ version = '' }, _settings, { canUpdate }) =>
    canUpdate ? { type: 'update', version } : refused('no-updates'),

  support: (_command, _settings, { canSendSupport }) =>
    canSendSupport ? { type: 'support' } : refused('no-enrolment'),

  console: ({ minutes = 0 }) => ({ type: 'console', minutes }),
}

/** A camera where people live takes pictures only because of an alarm: the box requires a standing alarm there. */
function planPictures(command: CentreCommand, settings: CommandSettings, box: BoxKnowledge): Plan {
  const named = findAlarm(command, box)
  if (command.alarm !== undefined && !named) return refused('no-alarm', command.alarm)
  const zone = command.zone ?? named?.zone
  const meant = box.cameras.filter((camera) =>
    command.camera === undefined
      ? zone !== undefined && camera.zones.includes(zone)
      : camera.id === command.camera,
  )
  if (meant.length === 0) return refused('no-camera', command.camera ?? zone)
  const alarmAt = (zones: readonly string[]): Alarm | undefined =>
    (named ? [named] : box.alarms).find((alarm) => alarm.zone !== undefined && zones.includes(alarm.zone))
  const free = meant.filter(
    (camera) => alarmAt(camera.zones) !== undefined || (settings.snapshots === 'always' && !camera.isPrivate),
  )
  if (free.length === 0) return refused('no-alarm-there', meant.map(({ id }) => id).join(', '))
  return {
    type: 'pictures',
    cameras: free.slice(0, camerasPerCommandMax).map(({ id }) => id),
    alarm: named ?? free.map(({ zones }) => alarmAt(zones)).find((alarm) => alarm !== undefined),
  }
}
