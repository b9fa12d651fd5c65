// Browan: the Tabs family (door TBDW100, leak TBWL100, motion TBMS100, button TBPB100) and MerryIoT (door DW10, leak
// WL10, motion MS10, carbon dioxide CD10). The LoRaWAN port identifies the device. Source: the reference
// manuals.
import type { Readings } from '../../../../protocols/domain/reading.ts'
import type { DialectReadings } from '../../port.ts'
import { percentOf, temperatureOf } from '../../meaning/values.ts'
import { ignored, problem, rounded, type Frame, type MakerAnswer } from './answer.ts'

const isSet = (frame: Frame, bit: number): boolean => (frame.u8(0) & (1 << bit)) !== 0

/** Byte 1, low nibble: tenths of a volt above 2.5 V. Byte 2, seven bits: degrees above -32 °C. */
function tabs(frame: Frame, readings: DialectReadings): DialectReadings {
  return {
    ...readings,
    batteryVolts: rounded((25 + (frame.u8(1) & 0x0f)) / 10),
    temperatureC: (frame.u8(2) & 0x7f) - 32,
  }
}

/**
 * Byte 1: tenths of a volt above 2.1 V. Then the temperature: one byte (°C) in older firmware, two bytes (tenths of a
 * degree) in newer firmware. Then the humidity.
 */
function merryIot(
  frame: Frame,
  lengths: readonly [older: number, newer: number],
): DialectReadings | undefined {
  if (!lengths.includes(frame.length)) return undefined
  const isNewer = frame.length === lengths[1]
  return {
    batteryVolts: rounded((21 + frame.u8(1)) / 10),
    temperatureC: temperatureOf(isNewer ? frame.i16le(2) / 10 : frame.i8(2)),
    humidityPercent: percentOf(frame.u8(isNewer ? 4 : 3)),
  }
}

/** The button on a MerryIoT device tests the radio: it is not a call for help. */
const testButton = (frame: Frame): Readings | undefined =>
  isSet(frame, 1) ? { testButton: true } : undefined

function ofMerryIot(frame: Frame, common: DialectReadings | undefined, states: DialectReadings): MakerAnswer {
  if (!common) return problem('no MerryIoT frame has this length')
  const momentary = testButton(frame)
  return { readings: { ...states, ...common, ...momentary }, ...(momentary ? { momentary } : {}) }
}

export function browan(fPort: number, frame: Frame): MakerAnswer {
  if (fPort === 204 || fPort === 222) return ignored('the answer to a setting, or a report of versions')
  if (frame.length === 0 || frame.isAll(0)) return ignored('an empty frame, as after joining')
  switch (fPort) {
    case 100:
      if (frame.length !== 8) return problem('a frame of TBDW100 has 8 bytes')
      return { readings: tabs(frame, { contact: isSet(frame, 0) ? 'open' : 'closed' }) }
    case 102:
      if (frame.length !== 8) return problem('a frame of TBMS100 has 8 bytes')
      return { readings: tabs(frame, { motion: isSet(frame, 0) }) }
    case 103:
      if (frame.length !== 8) return problem('a frame of TBHH100 has 8 bytes')
      // Bit 7 is not part of the humidity.
      return { readings: { ...tabs(frame, {}), humidityPercent: percentOf(frame.u8(3) & 0x7f) } }
    case 106:
      if (frame.length !== 5) return problem('a frame of TBWL100 has 5 bytes')
      // Byte 2 is the temperature of the board, byte 4 that of the room.
      return {
        readings: {
          ...tabs(frame, { leak: isSet(frame, 0) }),
          humidityPercent: percentOf(frame.u8(3)),
          temperatureC: (frame.u8(4) & 0x7f) - 32,
        },
      }
    case 147: {
      const button = isSet(frame, 0) ? { button: 'pressed' as const } : undefined
      return { readings: tabs(frame, { ...button }), ...(button ? { momentary: button } : {}) }
    }
    case 120:
      return ofMerryIot(frame, merryIot(frame, [9, 10]), {
        contact: isSet(frame, 0) ? 'open' : 'closed',
        tamper: isSet(frame, 2),
        tilt: isSet(frame, 3),
      })
    case 122:
      return ofMerryIot(frame, merryIot(frame, [9, 10]), { motion: isSet(frame, 0), tamper: isSet(frame, 2) })
    case 126:
      return ofMerryIot(frame, merryIot(frame, [4, 5]), { leak: isSet(frame, 0), tamper: isSet(frame, 2) })
    case 127: {
      const isNewer = frame.length === 7
      const common = merryIot(frame, [6, 7])
      return ofMerryIot(frame, common, common ? { co2Ppm: frame.u16le(isNewer ? 5 : 4) } : {})
    }
    default:
      return problem(`no Browan device sends on port ${fPort}`)
  }
}
