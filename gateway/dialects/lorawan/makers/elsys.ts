// Elsys: type and value, one after the other. After "Elsys LoRa payload" (version 10 and later).
import type { DialectReadings } from '../../port.ts'
import { percentOf, temperatureOf } from '../../meaning/values.ts'
import { ignored, problem, rounded, type Frame, type MakerAnswer } from './answer.ts'

type Field = readonly [size: number, read?: (at: number, frame: Frame) => DialectReadings]

const celsius = (name: string): Field => [
  2,
  (at, frame) => ({ [name]: temperatureOf(rounded(frame.i16(at) / 10)) }),
]

/** Six bits of type; the two highest mean that a time offset precedes the value. */
const fields: Readonly<Record<number, Field>> = {
  0x01: celsius('temperatureC'),
  0x02: [1, (at, frame) => ({ humidityPercent: percentOf(frame.u8(at)) })],
  0x03: [3],
  0x04: [2],
  // Movements since the last frame.
  0x05: [1, (at, frame) => ({ motion: frame.u8(at) > 0 })],
  0x06: [2, (at, frame) => ({ co2Ppm: frame.u16(at) })],
  0x07: [2, (at, frame) => ({ batteryVolts: rounded(frame.u16(at) / 1000) })],
  0x08: [2],
  0x09: [6],
  0x0a: [2],
  0x0b: [4],
  0x0c: celsius('externalTemperatureC'),
  // An input that the installer wires: its meaning is not in the frame.
  0x0d: [1, (at, frame) => ({ digital: frame.u8(at) })],
  0x0e: [2, (at, frame) => ({ distanceMm: frame.u16(at) })],
  0x0f: [1, (at, frame) => ({ vibration: frame.u8(at) > 0 })],
  0x10: [4],
  // 0 no person, 1 a person came or went, 2 a person is present.
  0x11: [1, (at, frame) => ({ motion: frame.u8(at) > 0 })],
  0x12: [1, (at, frame) => ({ leak: frame.u8(at) > 0 })],
  0x13: [65],
  0x14: [4],
  0x15: [2],
  0x16: [2],
  0x17: [4],
  0x18: [2],
  0x19: [2],
  0x1a: [1],
  0x1b: [4],
  0x1c: [2],
  0x3d: [4],
}

/** From here on the frame contains the device's settings. */
const settingsType = 0x3e

export function elsys(fPort: number, frame: Frame): MakerAnswer {
  if (fPort === 6) return ignored('an answer to a setting')
  const readings: DialectReadings = {}
  for (let at = 0; at < frame.length;) {
    const header = frame.u8(at)
    if (header === settingsType) break
    const [size, read] = fields[header & 0x3f] ?? []
    if (size === undefined) {
      // Its length is unknown, so what is behind it can not be read; what was before it counts.
      if (Object.keys(readings).length > 0) break
      return problem(`type 0x${header.toString(16)} is in no table of Elsys`)
    }
    const offset = [0, 1, 2, 4][header >> 6] ?? 0
    const value = at + 1 + offset
    if (value + size > frame.length && Object.keys(readings).length > 0) break
    frame.u8(value + size - 1)
    // A value with a time offset is an old value.
    if (offset === 0) Object.assign(readings, read?.(value, frame))
    at = value + size
  }
  return Object.keys(readings).length > 0
    ? { readings }
    : ignored('settings, or values that are none of ours')
}
