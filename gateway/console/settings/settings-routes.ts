// The settings that the console changes: their versions with who and when, undo, conflicts with the file, export and import.
import { z } from 'zod'
import type { CameraEntry } from '../../../protocols/console/cameras.ts'
import type { RuleEntry, SettingsAnswer } from '../../../protocols/console/installing.ts'
import { decodeConfigText } from '../../../platform/config-text.ts'
import { bad, type Result } from '../../../protocols/kit/result.ts'
import { deviceKinds } from '../../config/alarm-settings.ts'
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { CentreChanges } from '../../config/centre-changes.ts'
import type { GatewayConfig } from '../../config/config.ts'
import type { Installing } from '../installing.ts'
import { parseBody } from '../routes/access-routes.ts'
import {
  done,
  installers,
  json,
  problems,
  signedIn,
  type Answer,
  type Call,
  type Route,
} from '../routes/route.ts'
import { changesOfYaml, settingsYaml } from './settings-yaml.ts'

const yamlBytesMax = 2 * 1024 * 1024
const setBytesMax = 256 * 1024
const by = z.string().min(1).max(80).optional()
const setShape = z.strictObject({
  what: z.string().trim().min(1).max(200),
  set: z.record(z.string().max(120), z.unknown()).refine((set) => Object.keys(set).length <= 2000),
  by,
})
const undoShape = z.strictObject({ version: z.int().min(1), by })
const settleShape = z.strictObject({ key: z.string().max(120), take: z.enum(['file', 'console']), by })

type Ask = (centre: CentreChanges, call: Call) => Answer

export function settingsRoutes(installing: Installing): Route[] {
  const route = (
    method: Route['method'],
    name: string,
    who: Route['who'],
    run: Ask,
    more: Partial<Route> = {},
  ): Route => ({
    method,
    path: new RegExp(`^/api/v1/settings${name}$`),
    example: `/api/v1/settings${name}`,
    who,
    run: (call) => {
      const { centreConfig } = installing
      return centreConfig
        ? run(centreConfig, call)
        : problems(bad('this box was given no file to keep a change beside 无配置文件').problems)
    },
    ...more,
  })
  return [
    route('GET', '', signedIn, (centre) => readAnswer(centre, installing.config)),
    route('GET', '/yaml', signedIn, (centre) => {
      const written = centre.written()
      if (!written.ok) return problems(written.problems)
      const content = settingsYaml(written.value.raw)
      return {
        status: 200,
        type: 'application/yaml; charset=utf-8',
        content,
        fileName: `${installing.config.box.id}.yaml`,
      }
    }),
    route('POST', '', installers, (centre, call) => setKeys(installing, centre, call), {
      bytesMax: setBytesMax,
    }),
    route('POST', '/undo', installers, (centre, call) => undo(installing, centre, call)),
    route('POST', '/settle', installers, (centre, call) => settle(installing, centre, call)),
    route('POST', '/import', installers, (centre, call) => importYaml(installing, centre, call), {
      bytesMax: yamlBytesMax,
      isFile: true,
    }),
  ]
}

const countsAfterStart = (installing: Installing, what: string, who: string, keys: number): Answer => {
  installing.note('settings-changed', { what, by: who, keys })
  installing.restart(what)
  return done({ keys })
}

function readAnswer(centre: CentreChanges, config: GatewayConfig): Answer {
  const written = centre.written()
  if (!written.ok) return problems(written.problems)
  const { entries, versions, last } = centre.settings.document
  const { timeZone, batteryLowPercent, batteryOkPercent, linkLostAfterS } = config.limits
  return json({
    v: 1,
    version: last,
    versions: versions.toReversed().map(({ n, atMs, by: who, what, before }) => ({
      n,
      atMs,
      by: who,
      what,
      keys: Object.keys(before).slice(0, 50),
      isUndoable: Object.keys(before).length > 0,
    })),
    conflicts: written.value.conflicts,
    changed: Object.entries(entries).map(([key, { value }]) => ({ key, value })),
    zones: config.zones.map(({ id, name, grade }) => ({
      id,
      ...(name === undefined ? {} : { name }),
      grade,
    })),
    devices: config.devices.map(({ id, name, kind, zone }) => ({
      id,
      kind,
      ...(name === undefined ? {} : { name }),
      ...(zone === undefined ? {} : { zone }),
      ...placeOf(config, zone),
    })),
    limits: { timeZone, batteryLowPercent, batteryOkPercent, linkLostAfterS },
    kinds: [...deviceKinds],
    rules: rulesOf(written.value.raw['rules']),
    cameras: config.cameras.map(cameraEntryOf),
  } satisfies SettingsAnswer)
}

/** As they are written: a form shows "22:30" and not minutes. They have passed the checks of the file. */
const rulesOf = (value: unknown): RuleEntry[] => (Array.isArray(value) ? (value as RuleEntry[]) : [])

function cameraEntryOf(camera: CameraSettings): CameraEntry {
  const { id, name, zone, host, port, tls, user, passwordFile, onvif, masks } = camera
  const { snapshotPath, streamPath, rtspPort, isPrivate, events, scheduleMinutes } = camera
  const given = { name, port, user, snapshotPath, streamPath, rtspPort }
  return {
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<CameraEntry>),
    id,
    zone,
    host,
    tls,
    hasPasswordFile: passwordFile !== undefined,
    onvif,
    isPrivate,
    events,
    scheduleMinutes,
    masks,
  }
}

function placeOf({ zones }: GatewayConfig, id: string | undefined): { place?: string } {
  const place = zones.find((zone) => zone.id === id)?.place
  const text = place && ('lampPost' in place ? (place.lampPost ?? place.text) : place.text)
  return text === undefined ? {} : { place: text }
}

function setKeys(installing: Installing, centre: CentreChanges, call: Call): Answer {
  const asked = parseBody(setShape, call, setBytesMax)
  if (!asked.ok) return problems(asked.problems)
  const { what, set, by: who = 'at the box' } = asked.value
  // The way to the centre and files are no matter of this page; cameras and the listener have forms of their own.
  const closed = Object.keys(set).find((key) => /^(mqtt\.|cameras\.|box\.id$)/.test(key))
  if (closed !== undefined)
    return problems(bad('the console does not change this 控制台不能更改此项', closed).problems)
  return taken(
    installing,
    centre.changeSettings({ by: who, what, atMs: installing.wallMs(), set }),
    what,
    who,
    set,
  )
}

function taken(
  installing: Installing,
  changed: Result<unknown>,
  what: string,
  who: string,
  set: object,
): Answer {
  return changed.ok
    ? countsAfterStart(installing, what, who, Object.keys(set).length)
    : problems(changed.problems)
}

function undo(installing: Installing, centre: CentreChanges, call: Call): Answer {
  const asked = parseBody(undoShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { version, by: who = 'at the box' } = asked.value
  const undone = centre.undoSettings(version, who, installing.wallMs())
  if (undone.ok) void installing.placePasswords()
  return taken(installing, undone, `undo ${version}`, who, {})
}

/** A conflict ends when a person takes one of the two values. */
function settle(installing: Installing, centre: CentreChanges, call: Call): Answer {
  const asked = parseBody(settleShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { key, take, by: who = 'at the box' } = asked.value
  const written = centre.written()
  if (!written.ok) return problems(written.problems)
  const conflict = written.value.conflicts.find((one) => one.key === key)
  if (!conflict) return problems(bad('this key has no conflict 此项没有冲突', key).problems)
  const set = { [key]: take === 'file' ? conflict.file : conflict.console }
  const what = `${key}: ${take}`
  return taken(
    installing,
    centre.changeSettings({ by: who, what, atMs: installing.wallMs(), set }),
    what,
    who,
    set,
  )
}

function importYaml(installing: Installing, centre: CentreChanges, { body, query, caller }: Call): Answer {
  const text = decodeConfigText(Buffer.from(body))
  const written = text.ok ? centre.written() : text
  if (!written.ok || !text.ok) return problems(written.ok ? [] : written.problems)
  const set = changesOfYaml(text.value, written.value.raw)
  if (!set.ok) return problems(set.problems)
  const keys = Object.keys(set.value)
  const removed = keys.filter((key) => set.value[key] === null)
  if (query.get('trial') !== null) return done({ keys, removed })
  const who = caller.name ?? 'at the box'
  const change = { by: who, what: 'import', atMs: installing.wallMs(), set: set.value }
  return taken(installing, centre.changeSettings(change), 'import', who, set.value)
}
