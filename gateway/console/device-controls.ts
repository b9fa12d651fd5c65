// The actions of a person at the box on its list of devices: adopt an unlisted one, replace the hardware of one, forget
// one, rename one; and let new devices join at a bridge.
import { z } from 'zod'
import { deviceKinds } from '../config/alarm-settings.ts'
import type { PendingRegistryChange, RegistryRequest } from '../config/registry-changes.ts'
import { deviceIdPattern } from '../../protocols/domain/names.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import { bad, type Result } from '../../protocols/kit/result.ts'
import { controlBytesMax } from './box-controls.ts'

const by = z.string().min(1).max(80)
const id = z.string().regex(deviceIdPattern, 'letters, digits, dot, dash, underscore; 1 to 64')
const address = z.string().min(1).max(64)
const words = z.string().min(1).max(120)

/** A bridge lets devices join for at most this long. */
export const permitMinutesMax = 60

const shapes = {
  adopt: z.strictObject({
    by,
    address,
    id: id.optional(),
    kind: z.enum(deviceKinds as [string, ...string[]]),
    zone: id.optional(),
    name: words.optional(),
    via: id.optional(),
    dialect: z.string().max(32).optional(),
    base: z.string().min(1).max(128).optional(),
    codec: z.string().min(1).max(256).optional(),
    again: z.boolean().optional(),
  }),
  replace: z.strictObject({ by, device: id, address, via: id.optional() }),
  forget: z.strictObject({ by, device: id }),
  rename: z.strictObject({ by, device: id, name: words }),
}
const permitShape = z.strictObject({ by, minutes: z.number().min(0).max(permitMinutesMax) })

const devicePath = /^\/api\/v1\/devices\/(adopt|replace|forget|rename)$/
const permitPath = /^\/api\/v1\/bridges\/([A-Za-z0-9._-]{1,64})\/permit-join$/

export const isDevicePath = (path: string): boolean => devicePath.test(path) || permitPath.test(path)

/** The body of `POST /api/v1/devices/{adopt|replace|forget|rename}`. */
export function parseDeviceRequest(what: RegistryRequest['do'], body: Uint8Array): Result<RegistryRequest> {
  const json = parseJson(body, controlBytesMax)
  if (!json.ok) return json
  const parsed = fromZod(shapes[what] as z.ZodType<Record<string, unknown> & { by: string }>, json.value)
  if (!parsed.ok) return parsed
  if (what !== 'adopt')
    return { ok: true, value: { do: what, ...parsed.value } as unknown as RegistryRequest }
  const {
    by: who,
    address: where,
    id: own,
    via,
    again,
    ...entry
  } = parsed.value as z.infer<(typeof shapes)['adopt']>
  const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
  return {
    ok: true,
    value: { do: what, address: where, by: who, id: own, via, isAgain: again, entry: given },
  }
}

export interface DeviceControls {
  change(request: RegistryRequest): Result<PendingRegistryChange>
  /** The obstacle; undefined when the bridge has agreed. */
  permitJoin(bridge: string, minutes: number, by: string): Promise<string | undefined>
}

/** The result of a request to one of these paths. */
export async function runDeviceControl(
  controls: DeviceControls,
  path: string,
  body: Uint8Array,
): Promise<{ status: number; answer: object }> {
  const refused = (result: Result<unknown> & { ok: false }) => ({
    status: 400,
    answer: { ok: false, problems: result.problems },
  })
  const [, bridge] = permitPath.exec(path) ?? []
  if (bridge !== undefined) {
    const json = parseJson(body, controlBytesMax)
    const asked = json.ok ? fromZod(permitShape, json.value) : json
    if (!asked.ok) return refused(asked)
    const problem = await controls.permitJoin(bridge, asked.value.minutes, asked.value.by)
    return problem === undefined
      ? { status: 200, answer: { ok: true } }
      : refused(bad(problem, 'bridge') as Result<unknown> & { ok: false })
  }
  const [, what] = devicePath.exec(path) ?? []
  const request = parseDeviceRequest(what as RegistryRequest['do'], body)
  if (!request.ok) return refused(request)
  const changed = controls.change(request.value)
  return changed.ok ? { status: 200, answer: { ok: true, device: changed.value.device } } : refused(changed)
}
