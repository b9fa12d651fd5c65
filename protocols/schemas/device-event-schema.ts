// The device event as a schema, for makers of devices. The parser is written by hand for speed; a test compares the
// two.
import { z } from 'zod'
import { messageIdPattern } from '../domain/names.ts'
import { buttonPresses, contactStates, mainsStates } from '../domain/reading.ts'

const yesOrNo = z.boolean().optional()
const number = z.number().optional()

export const deviceEventSchema = z.looseObject({
  id: z
    .string()
    .regex(messageIdPattern)
    .describe('Unique per device for ever; boot count and counter by custom. A repeat carries the same id.'),
  at: number.describe("The device's own clock, ms since 1970; left out by devices without one."),
  contact: z.enum(contactStates).optional(),
  button: z.enum(buttonPresses).optional(),
  waterLevelMm: number,
  motion: yesOrNo,
  smoke: yesOrNo,
  gas: yesOrNo,
  leak: yesOrNo,
  tamper: yesOrNo.describe('Somebody opens the case.'),
  mains: z.enum(mainsStates).optional(),
  batteryPercent: number,
  signalDbm: number,
  temperatureC: number,
  humidityPercent: number,
  carbonMonoxide: yesOrNo,
  vibration: yesOrNo,
  batteryLow: yesOrNo.describe('For devices that do not measure how much is left.'),
  faults: z
    .array(z.string())
    .max(16)
    .optional()
    .describe('What the device knows to be wrong with itself; an empty list ends it.'),
})
