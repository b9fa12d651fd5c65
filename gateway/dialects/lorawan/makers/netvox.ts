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
/** Any of its keys. */
const presses =
  (count: 1 | 2 | 3): Read =>
  (frame) =>
    [4, 5, 6].slice(0, count).some((at) => isSet(frame, at))
      ? { readings: { button: 'pressed' }, momentary: { button: 'pressed' } }
      : { readings: {} }
const press = presses(1)
const doorbell: Read = (frame) =>
  isSet(frame, 4) ? { readings: { doorbell: true }, momentary: { doorbell: true } } : { readings: {} }
/** Dry contacts and activity counters: only the installer knows their wiring. */
const status =
  (count: 1 | 2): Read =>
  (frame) => ({
    readings: { digital: frame.u8(4), ...(count === 2 ? { digital2: frame.u8(5) } : {}) },
  })
const vibration =
  (count: 1 | 2): Read =>
  (frame) => ({ readings: { vibration: isSet(frame, 4) || (count === 2 && isSet(frame, 5)) } })
const climate: Read = (frame) => ({
  readings: {
    temperatureC: temperatureOf(frame.i16(4) / 100),
    humidityPercent: percentOf(frame.u16(6) / 100),
  },
})
/** The alarm of its heat sensor: a fire, also without smoke. */
const heat = (frame: Frame): DialectReadings => ({ heatAlarm: isSet(frame, 5), fire: isSet(frame, 5) })
/** Byte 5 is the heat sensor; newer firmware has tenths of a degree behind it. */
const smoke: Read = (frame) => {
  const tenths = frame.i16(6)
  return {
    readings: {
      smoke: isSet(frame, 4),
      ...heat(frame),
      ...(tenths === 0 ? {} : { temperatureC: temperatureOf(tenths / 10) }),
    },
  }
}
const carbonMonoxide: Read = (frame) => ({
  readings: { carbonMonoxide: isSet(frame, 4), ...heat(frame) },
})
/** Only R718X has a temperature behind the distance. */
const distance = (hasTemperature: boolean): Read => {
  return (frame) => ({
    readings: {
      distanceMm: frame.u16(5),
      ...(hasTemperature ? { temperatureC: temperatureOf(frame.i16(7) / 10) } : {}),
    },
  })
}
/** Counts of the refilled water in front of it. */
const tankLeak: Read = (frame) => ({
  readings: { leak: isSet(frame, 9) },
  faults: isSet(frame, 8) ? ['sensor-fault'] : [],
})
const siren: Read = (frame) => ({ readings: { siren: isSet(frame, 5) } })
/** Temperature, light, occupancy, removed from its place. */
const occupancy: Read = (frame) => ({
  readings: {
    temperatureC: temperatureOf(frame.i16(4) / 100),
    illuminanceLux: frame.u16(6),
    motion: isSet(frame, 8),
    tamper: isSet(frame, 9),
  },
})
const light: Read = (frame) => ({ readings: { illuminanceLux: frame.u16(4) } })

const types: Readonly<Record<number, Read>> = {
  0x01: climate, // R711
  0x02: contacts(1), // R311A
  0x03: occupancy, // RB11E
  0x04: light, // R311G
  0x06: leaks(2), // R311W
  0x0a: smoke, // RA02A
  0x0b: climate, // R718A
  0x10: press, // RB02I
  0x11: carbonMonoxide, // RA02C
  0x12: leaks(1), // R718WB
  0x13: climate, // R718AB
  0x1a: vibration(1), // R718DA
  0x1b: vibration(1), // R718DB
  0x1d: contacts(1), // R718F
  0x21: status(1), // R718J
  0x25: contacts(1), // R718LB
  0x27: status(1), // R718MBA
  0x2f: vibration(2), // R718DA2
  0x31: press, // R718T
  0x32: leaks(1), // R718WA
  0x34: distance(true), // R718X
  0x3d: vibration(2), // R718DB2
  0x3e: contacts(2), // R718F2
  0x43: status(2), // R718J2
  0x45: contacts(2), // R718LB2
  0x46: leaks(2), // R718WA2
  0x47: leaks(2), // R718WB2
  0x48: presses(2), // R718T2
  0x4d: press, // R312A
  0x4f: status(1), // R311FA
  0x55: doorbell, // R312
  0x5b: status(1), // R718Q
  0x69: siren, // R602A
  0x6e: climate, // R720A
  0x7d: contacts(1), // R730F
  0x7e: contacts(2), // R730F2
  0x89: vibration(1), // R730DA
  0x8a: vibration(2), // R730DA2
  0x8b: vibration(1), // R730DB
  0x8c: vibration(2), // R730DB2
  0x8d: contacts(1), // R730LB
  0x8e: contacts(2), // R730LB2
  0xa6: presses(2), // RB02B
  0xa7: presses(3), // RB02C
  0xa8: vibration(1), // R311DA
  0xa9: vibration(1), // R311DB
  0xb1: distance(false), // R718PE
  0xd4: tankLeak, // R720FLT
  0xd7: (frame) => ({ readings: { smoke: isSet(frame, 4) } }), // RA02G
}

export const isNetvoxType = (type: number): boolean => Object.hasOwn(types, type)

export function netvox(fPort: number, frame: Frame): MakerAnswer {
  if (fPort === 7 || fPort === 13) return ignored('an answer to a setting')
  if (fPort !== 6) return problem(`no table of Netvox has port ${fPort} for it`)
  const type = frame.u8(1)
  const read = types[type]
  if (frame.u8(2) === 0) return ignored('versions, which the device says at its start')
  if (!read) return problem(`device type 0x${type.toString(16)} of Netvox is none of ours`)
  if (frame.u8(2) !== 1) return problem(`report type ${frame.u8(2)} of Netvox is none of ours`)
  const { readings, momentary, faults } = read(frame)
  const batteryByte = frame.u8(3)
  const supply: DialectReadings =
    type === 0x69
      ? {}
      : { batteryVolts: rounded((batteryByte & 0x7f) / 10), batteryLow: (batteryByte & 0x80) !== 0 }
  return {
    readings: { ...readings, ...supply },
    ...(momentary ? { momentary } : {}),
    ...(faults ? { faults } : {}),
  }
}
