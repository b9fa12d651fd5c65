// Netvox: version, device type, report type, battery and states; the type in the frame identifies the device. After
// "Netvox LoRaWAN Application Command" (port 6 reports, 7 and 13 answers to settings).
import type { DialectReadings } from '../../port.ts'
import { percentOf, temperatureOf } from '../../meaning/values.ts'
import { ignored, problem, rounded, type Frame, type MakerAnswer } from './answer.ts'

type Read = (frame: Frame) => Omit<MakerAnswer, 'ignored' | 'problem'>

const isSet = (frame: Frame, at: number): boolean => frame.u8(at) !== 0

const contacts =
  (count: 1 | 2): Read =>
  (frame) => ({
    readings: { contact: isSet(frame, 4) || (count === 2 && isSet(frame, 5)) ? 'open' : 'closed' },
  })
const leaks =
  (count: 1 | 2): Read =>
  (frame) => ({ readings: { leak: isSet(frame, 4) || (count === 2 && isSet(frame, 5)) } })
const press: Read = (frame) =>
  isSet(frame, 4) ? { readings: { button: 'pressed' }, momentary: { button: 'pressed' } } : { readings: {} }
const doorbell: Read = (frame) =>
  isSet(frame, 4) ? { readings: { doorbell: true }, momentary: { doorbell: true } } : { readings: {} }
const flag =
  (name: string): Read =>
  (frame) => ({ readings: { [name]: isSet(frame, 4) } })
const climate: Read = (frame) => ({
  readings: {
    temperatureC: temperatureOf(frame.i16(4) / 100),
    humidityPercent: percentOf(frame.u16(6) / 100),
  },
})
const siren: Read = (frame) => ({ readings: { siren: isSet(frame, 5) } })

const types: Readonly<Record<number, Read>> = {
  0x01: climate, // R711
  0x02: contacts(1), // R311A
  0x06: leaks(2), // R311W
  0x0a: flag('smoke'), // RA02A
  0x0b: climate, // R718A
  0x10: press, // RB02I
  0x11: flag('carbonMonoxide'), // RA02C
  0x12: leaks(1), // R718WB
  0x13: climate, // R718AB
  0x1a: flag('vibration'), // R718DA
  0x1b: flag('vibration'), // R718DB
  0x1d: contacts(1), // R718F
  0x25: contacts(1), // R718LB
  0x31: press, // R718T
  0x32: leaks(1), // R718WA
  0x3e: contacts(2), // R718F2
  0x45: contacts(2), // R718LB2
  0x46: leaks(2), // R718WA2
  0x47: leaks(2), // R718WB2
  0x4d: press, // R312A
  0x55: doorbell, // R312
  0x69: siren, // R602A
  0x6e: climate, // R720A
  0x7d: contacts(1), // R730F
}

export const isNetvoxType = (type: number): boolean => Object.hasOwn(types, type)

export function netvox(fPort: number, frame: Frame): MakerAnswer {
  if (fPort === 7 || fPort === 13) return ignored('an answer to a setting')
  if (fPort !== 6) return problem(`no table of Netvox has port ${fPort} for it`)
  const type = frame.u8(1)
  const read = types[type]
  if (!read) return problem(`device type 0x${type.toString(16)} of Netvox is none of ours`)
  if (frame.u8(2) === 0) return ignored('versions, which the device says at its start')
  if (frame.u8(2) !== 1) return problem(`report type ${frame.u8(2)} of Netvox is none of ours`)
  const { readings, momentary } = read(frame)
  const batteryByte = frame.u8(3)
  const supply: DialectReadings =
    type === 0x69
      ? {}
      : { batteryVolts: rounded((batteryByte & 0x7f) / 10), batteryLow: (batteryByte & 0x80) !== 0 }
  return { readings: { ...readings, ...supply }, ...(momentary ? { momentary } : {}) }
}
