// The village plan at the console: its picture, and the places of devices and zones on it, changed together as one version.
import { z } from 'zod'
import { deviceIdPattern } from '../../../protocols/domain/names.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { bad } from '../../../protocols/kit/result.ts'
import type { PlanAnswer } from '../../../protocols/console/installing.ts'
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
import { hasPlan, planBytesMax, readPlan, removePlan, writePlan } from './plan-picture.ts'

const placesBytesMax = 256 * 1024
const by = z.string().min(1).max(80).optional()
const share = z.number().min(0).max(1)
/** Null takes it off the plan. */
const place = z.strictObject({ x: share, y: share }).nullable()
const places = z.record(z.string().regex(deviceIdPattern), place)
const placesShape = z.strictObject({ devices: places.default({}), zones: places.default({}), by })
const removeShape = z.strictObject({ by })

type Raw = Readonly<Record<string, unknown>>

export interface PlanRouteOptions {
  installing: Installing
  /** The picture has changed: the centre is to have it. */
  onPicture: () => void
}

export function planRoutes({ installing, onPicture }: PlanRouteOptions): Route[] {
  const { dataDir } = installing.config
  const picture = /^\/api\/v1\/plan\/picture$/
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/plan$/,
      example: '/api/v1/plan',
      who: signedIn,
      run: () => json(readAnswer(installing)),
    },
    {
      method: 'GET',
      path: picture,
      example: '/api/v1/plan/picture',
      who: signedIn,
      run: () => {
        const plan = readPlan(dataDir)
        return plan
          ? { status: 200, type: plan.type, content: plan.bytes }
          : { status: 404, type: 'text/plain', content: 'no plan was uploaded yet\n' }
      },
    },
    {
      method: 'POST',
      path: picture,
      example: '/api/v1/plan/picture',
      who: installers,
      bytesMax: planBytesMax,
      isFile: true,
      run: ({ body, caller }) => {
        if (!writePlan(dataDir, body))
          return problems(bad('a picture in PNG, JPEG or WebP 应为 PNG、JPEG 或 WebP 图片').problems)
        installing.note('plan-uploaded', { by: caller.name ?? 'at the box', bytes: body.length })
        onPicture()
        return done()
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/plan\/remove$/,
      example: '/api/v1/plan/remove',
      who: installers,
      run: (call) => {
        const asked = parseBody(removeShape, call)
        if (!asked.ok) return problems(asked.problems)
        removePlan(dataDir)
        return done()
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/plan\/places$/,
      example: '/api/v1/plan/places',
      who: installers,
      bytesMax: placesBytesMax,
      run: (call) => setPlaces(installing, call),
    },
  ]
}

function readAnswer({ config }: Installing): PlanAnswer {
  const name = (one: { name?: string | undefined }): object =>
    one.name === undefined ? {} : { name: one.name }
  return {
    v: 1,
    hasPicture: hasPlan(config.dataDir),
    devices: config.devices.map(({ id, kind, zone, plan, ...one }) => ({
      id,
      kind,
      ...name(one),
      ...(zone === undefined ? {} : { zone }),
      ...(plan ? { plan } : {}),
    })),
    zones: config.zones.map(({ id, place: at, ...one }) => ({
      id,
      ...name(one),
      ...(at && 'plan' in at && at.plan ? { plan: at.plan } : {}),
    })),
  }
}

function setPlaces(installing: Installing, call: Call): Answer {
  const asked = parseBody(placesShape, call, placesBytesMax)
  if (!asked.ok) return problems(asked.problems)
  const { centreConfig, wallMs, note, restart } = installing
  const written = centreConfig?.written()
  if (!centreConfig || !written?.ok)
    return problems(written?.ok === false ? written.problems : bad('no file 无配置文件').problems)
  const { devices, zones, by: who = 'at the box' } = asked.value
  const set: Record<string, unknown> = {}
  for (const [id, at] of Object.entries(devices)) {
    const entry = entryOf(written.value.raw, 'devices', id)
    if (!entry) return problems(bad(`there is no device "${id}" 没有此设备`, id).problems)
    const { plan: _plan, ...rest } = entry
    set[`devices.${id}`] = at ? { ...rest, plan: at } : rest
  }
  for (const [id, at] of Object.entries(zones)) {
    const entry = entryOf(written.value.raw, 'zones', id)
    if (!entry) return problems(bad(`there is no zone "${id}" 没有此防区`, id).problems)
    set[`zones.${id}`] = zoneAt(entry, at)
  }
  const keys = Object.keys(set).length
  if (keys === 0) return done({ keys })
  const what = 'places on the plan'
  const changed = centreConfig.changeSettings({ by: who, what, atMs: wallMs(), set })
  if (!changed.ok) return problems(changed.problems)
  note('settings-changed', { what, by: who, keys })
  restart(what)
  return done({ keys })
}

function entryOf(raw: Raw, list: string, id: string): Raw | undefined {
  const entries: unknown[] = Array.isArray(raw[list]) ? raw[list] : []
  return entries.find((one): one is Raw => isObject(one) && one['id'] === id)
}

/** A place that was one sentence stays as its text. */
function zoneAt(entry: Raw, at: z.infer<typeof place>): Raw {
  const { place: before, ...zone } = entry
  const { plan: _plan, ...rest } =
    typeof before === 'string'
      ? { text: before }
      : isObject(before)
        ? before
        : ({} as Record<string, unknown>)
  const next = at ? { ...rest, plan: at } : rest
  return Object.keys(next).length > 0 ? { ...zone, place: next } : zone
}
