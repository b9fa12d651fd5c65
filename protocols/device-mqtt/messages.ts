// The smaller messages between box and device: presence, command, result, receipt.
import { z } from 'zod'
import { stages } from '../domain/alarm.ts'
import { fromZod } from '../kit/from-zod.ts'
import { parseJson } from '../kit/parse-json.ts'
import { bad, ok, type Result } from '../kit/result.ts'

/** Largest presence, command, result or receipt payload in bytes. */
export const smallMessageBytesMax = 2048

export type PresenceWord = 'online' | 'offline'

/** The payload of the presence topic, also the last will. */
export function parsePresence(payload: Uint8Array): Result<PresenceWord> {
  const word = payload.byteLength > 16 ? '' : new TextDecoder().decode(payload)
  return word === 'online' || word === 'offline' ? ok(word) : bad('online or offline')
}

/** `{"id":"c-17","do":"siren","seconds":60}`: the other fields depend on `do`. */
export const deviceCommandSchema = z.looseObject({
  id: z.string().min(1).max(64),
  do: z.string().min(1).max(32),
})
export type DeviceCommand = z.infer<typeof deviceCommandSchema>

/**
 * `{"id":"c-17","ok":true}`, with `error` in words when it is not. `handedOver`: it was handed to the device or its bridge,
 * which can not confirm that it was carried out.
 */
export const commandResultSchema = z.looseObject({
  id: z.string().min(1).max(64),
  ok: z.boolean(),
  handedOver: z.literal(true).optional(),
  error: z.string().max(256).optional(),
})
export type CommandResult = z.infer<typeof commandResultSchema>

/** `{"id":"7-42","stage":"centre"}`: the stage of the answer to the event of that id. */
export const stageReceiptSchema = z.object({
  id: z.string().min(1).max(64),
  stage: z.enum(stages),
})
export type StageReceipt = z.infer<typeof stageReceiptSchema>

function parseSmall<T>(schema: z.ZodType<T>, payload: Uint8Array): Result<T> {
  const json = parseJson(payload, smallMessageBytesMax)
  return json.ok ? fromZod(schema, json.value) : json
}

export const parseDeviceCommand = (payload: Uint8Array): Result<DeviceCommand> =>
  parseSmall(deviceCommandSchema, payload)
export const parseCommandResult = (payload: Uint8Array): Result<CommandResult> =>
  parseSmall(commandResultSchema, payload)
export const parseStageReceipt = (payload: Uint8Array): Result<StageReceipt> =>
  parseSmall(stageReceiptSchema, payload)
