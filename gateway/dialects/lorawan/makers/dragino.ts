// Dragino: door and leak sensors (LDS02, LWL02), ultrasonic distance (LDDS75, DDS75-LB), pressure probe (PS-LB).
// After the tables in the user manuals at wiki.dragino.com.
import type { DialectReadings } from '../../port.ts'
import { temperatureOf } from '../../meaning/values.ts'
import { ignored, problem, rounded, type Frame, type MakerAnswer } from './answer.ts'

const volts = (frame: Frame, at = 0, mask = 0x3fff): number => rounded((frame.u16(at) & mask) / 1000)

/** Two status bits in the battery's word: bit 15 door open, bit 14 water. Byte 2: 1 door, 2 leak, 3 both. */
function doorOrLeak(frame: Frame): MakerAnswer {
  if (frame.length !== 10) return problem('a door or leak frame of Dragino has 10 bytes')
  const mode = frame.u8(2)
  if (mode < 1 || mode > 3) return problem('byte 2 is neither 1 (door), 2 (leak) nor 3 (both)')
  const readings: DialectReadings = { batteryVolts: volts(frame) }
  if (mode !== 2) readings['contact'] = (frame.u8(0) & 0x80) === 0 ? 'closed' : 'open'
  if (mode !== 1) readings['leak'] = (frame.u8(0) & 0x40) !== 0
  return { readings }
}

/** The range in metres of the probe, or its kind, and 4 to 20 mA over it. */
function probe(frame: Frame): MakerAnswer {
  const milliamperes = frame.u16(4) / 1000
  const [kind, range] = [frame.u8(2), frame.u8(3)]
  const readings: DialectReadings = { batteryVolts: volts(frame, 0, 0xffff), currentMa: milliamperes }
  if (kind !== 0) return { readings }
  // Below 3.6 mA and above 21 mA a 4-20 mA loop reports a fault (NAMUR NE 43).
  const fault = milliamperes < 3.6 ? 'probe-disconnected' : milliamperes > 21 ? 'probe-fault' : undefined
  const level = Math.round((Math.max(0, milliamperes - 4) / 16) * range * 1000)
  readings['waterLevelMm'] = fault === undefined && range > 0 ? level : null
  return { readings, faults: fault === undefined ? [] : [fault] }
}

/** 0: no sensor found; 20 mm: nearer than the sensor can measure. A DS18B20 beside it in tenths of a degree. */
function ultrasonic(frame: Frame): MakerAnswer {
  const distance = frame.u16(2)
  const fault = distance === 0 ? 'no-sensor' : distance === 20 ? 'distance-invalid' : undefined
  const temperature = frame.length >= 7 ? frame.i16(5) : undefined
  // 0 means "no probe", 0x7FFF a probe that does not answer.
  const hasProbe = temperature !== undefined && temperature !== 0 && temperature !== 0x7fff
  return {
    readings: {
      batteryVolts: volts(frame, 0, 0x3fff),
      distanceMm: fault === undefined ? distance : null,
      ...(hasProbe ? { temperatureC: temperatureOf(temperature / 10) } : {}),
    },
    faults: fault === undefined ? [] : [fault],
  }
}

export function dragino(fPort: number, frame: Frame, model: string): MakerAnswer {
  if (fPort === 5) return ignored('the device says which model and band it is')
  if (fPort === 3) return ignored('old records out of the memory of the device')
  if (/^(lds0[12]|lwl0[12])/.test(model) || (fPort === 10 && frame.length === 10)) {
    // Port 7 counts openings: bit 15 is the counting mode and no state of the door.
    return fPort === 7 ? { readings: { batteryVolts: volts(frame) } } : doorOrLeak(frame)
  }
  if (fPort === 4) return ignored('an answer to a setting')
  if (fPort !== 2) return problem(`no table of Dragino has port ${fPort} for it`)
  if (model.startsWith('pslb') || frame.length === 9) return probe(frame)
  const isUltrasonic = /^l?dds75/.test(model) || frame.length === 8 || frame.length === 5
  if (!isUltrasonic) return problem('which Dragino device it is: the length is none of ours')
  return frame.length > 8 ? problem('several distances in one frame') : ultrasonic(frame)
}
