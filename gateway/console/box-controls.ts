// The manual actions of a person at the box: arm a zone, bypass a device, shelve an alarm, start maintenance (a walk
// test). Parses the request into one input of the alarm engine; the person's name is recorded with it.
import { z } from 'zod'
import { deviceIdPattern } from '../../protocols/domain/names.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import type { AlarmInput } from '../alarms/port.ts'

/** Largest request body in bytes. */
export const controlBytesMax = 2048

const by = z.string().min(1).max(80)
const id = z.string().regex(deviceIdPattern)
const alarmId = z.string().regex(/^[A-Za-z0-9._-]{1,80}$/)
/** 0 ends it. */
const minutes = z
  .number()
  .min(0)
  .max(7 * 24 * 60)

const shapes = {
  arm: z.strictObject({ zone: id, by }),
  disarm: z.strictObject({ zone: id, by }),
  bypass: z.strictObject({ device: id, minutes, by }),
  shelve: z.strictObject({ alarm: alarmId, minutes, by }),
  calloff: z.strictObject({ alarm: alarmId, by }),
  maintenance: z.strictObject({ zone: z.union([id, z.literal('box')]).default('box'), minutes, by }),
}
export type Control = keyof typeof shapes

export function isControl(name: string): name is Control {
  return Object.hasOwn(shapes, name)
}

const forgetShape = z.strictObject({ device: id, by })
export type ForgetRequest = z.infer<typeof forgetShape>

/** The body of `POST /api/v1/forget`. */
export function parseForget(body: Uint8Array): Result<ForgetRequest> {
  const json = parseJson(body, controlBytesMax)
  return json.ok ? fromZod(forgetShape, json.value) : json
}

/** The engine's input for `POST /api/v1/{control}` with this body. */
export function parseControl(control: Control, body: Uint8Array): Result<AlarmInput> {
  const json = parseJson(body, controlBytesMax)
  if (!json.ok) return json
  switch (control) {
    case 'arm':
    case 'disarm':
      return map(fromZod(shapes[control], json.value), ({ zone, by: who }) => ({
        type: 'arm',
        zone,
        isArmed: control === 'arm',
        by: who,
      }))
    case 'bypass':
      return map(fromZod(shapes.bypass, json.value), ({ device, minutes: length, by: who }) => ({
        type: 'bypass',
        device,
        forMs: length * 60_000,
        by: who,
      }))
    case 'shelve':
      return map(fromZod(shapes.shelve, json.value), ({ alarm, minutes: length, by: who }) => ({
        type: 'shelve',
        alarm,
        forMs: length * 60_000,
        by: who,
      }))
    case 'calloff':
      return map(fromZod(shapes.calloff, json.value), ({ alarm, by: who }) => ({
        type: 'call-off',
        alarm,
        by: who,
      }))
    case 'maintenance':
      return map(
        fromZod(shapes.maintenance as z.ZodType<z.infer<typeof shapes.maintenance>>, json.value),
        ({ zone, minutes: length, by: who }) => ({
          type: 'maintenance',
          zone,
          forMs: length * 60_000,
          by: who,
        }),
      )
  }
}

function map<T>(parsed: Result<T>, input: (value: T) => AlarmInput): Result<AlarmInput> {
  return parsed.ok ? ok(input(parsed.value)) : parsed
}

/** An unknown zone, device or alarm is answered with an error, instead of an input without effect. */
export function checkControl(
  input: AlarmInput,
  known: { zones: ReadonlySet<string>; devices: ReadonlySet<string>; alarms: ReadonlySet<string> },
): Result<AlarmInput> {
  if (input.type === 'arm' && !known.zones.has(input.zone))
    return bad(`there is no zone "${input.zone}"`, 'zone')
  if (input.type === 'maintenance' && input.zone !== 'box' && !known.zones.has(input.zone))
    return bad(`there is no zone "${input.zone}"; "box" is all of it`, 'zone')
  if (input.type === 'bypass' && !known.devices.has(input.device))
    return bad(`there is no device "${input.device}"`, 'device')
  if ((input.type === 'shelve' || input.type === 'call-off') && !known.alarms.has(input.alarm))
    return bad(`there is no alarm "${input.alarm}" standing`, 'alarm')
  return ok(input)
}
