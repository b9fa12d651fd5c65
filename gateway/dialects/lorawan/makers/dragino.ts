// Dragino: door and leak sensors (LDS02, LWL02), ultrasonic distance (LDDS75, DDS75-LB), pressure probe (PS-LB).
// After the tables in the user manuals at wiki.dragino.com.
import type { DialectReadings } from '../../port.ts'
import { percentOf, temperatureOf } from '../../meaning/values.ts'
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
  if (frame.length !== 9) return problem('a frame of a pressure probe has 9 bytes')
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

/** Door, leak (LDS03A, LWL03A, LWL04-LB, WL03A-LB): a byte of states, how often, how long, and the time. */
function timed(frame: Frame, name: 'contact' | 'leak'): MakerAnswer {
  if (frame.length !== 11 && frame.length !== 18) return problem('a frame of it has 11 or 18 bytes')
  const isOn = [0, ...(frame.length === 18 ? [11] : [])].some((at) => (frame.u8(at) & 1) === 1)
  return { readings: name === 'leak' ? { leak: isOn } : { contact: isOn ? 'open' : 'closed' } }
}

/** PB01: a button, with temperature and humidity. Byte 3 shows that it was pressed. */
function pushButton(frame: Frame): MakerAnswer {
  if (frame.length !== 8) return problem('a frame of PB01 has 8 bytes')
  const isPressed = (frame.u8(3) & 1) === 1
  return {
    readings: {
      ...(isPressed ? { button: 'pressed' as const } : {}),
      batteryVolts: volts(frame, 0, 0xffff),
      temperatureC: temperatureOf(frame.i16(4) / 10),
      humidityPercent: percentOf(frame.u16(6) / 10),
    },
    ...(isPressed ? { momentary: { button: 'pressed' as const } } : {}),
  }
}

/** PB05: five keys. Byte 3 shows that one was pressed, byte 4 which. */
function fiveKeys(frame: Frame): MakerAnswer {
  if (frame.length !== 5) return problem('a frame of PB05 has 5 bytes')
  const keys = frame.u8(4) & 0x1f
  const isPressed = (frame.u8(3) & 1) === 1 || keys !== 0
  return {
    readings: {
      ...(isPressed ? { button: 'pressed' as const } : {}),
      ...(keys === 0 ? {} : { key: Math.log2(keys & -keys) + 1 }),
      batteryVolts: volts(frame, 0, 0xffff),
    },
    ...(isPressed ? { momentary: { button: 'pressed' as const } } : {}),
  }
}

/** Byte 6 of LHT65: what is in the other bytes. */
const outside = {
  probe: [1, 2],
  probeAndTime: [9, 10],
  contact: 4,
  climate: 11,
  movement: 14,
  serialNumber: [15, 0x10, 0x20],
}

/** LHT65, LHT65N: temperature and humidity inside, and what is plugged in; LHT65N-PIR: movement. */
function climate(frame: Frame): MakerAnswer {
  if (frame.length !== 11 && frame.length !== 15) return problem('a frame of LHT65 has 11 or 15 bytes')
  // Bit 6: an answer to a question for old records.
  if ((frame.u8(6) & 0x40) !== 0) return ignored('old records out of the memory of the device')
  const kind = frame.u8(6) & 0x3f
  const hasTime = outside.probeAndTime.includes(kind)
  const degrees = (at: number): number | null =>
    frame.i16(at) === 0x7fff ? null : temperatureOf(frame.i16(at) / 100)
  const readings: DialectReadings = hasTime ? {} : { batteryVolts: volts(frame) }
  if (!outside.serialNumber.includes(kind)) {
    readings['temperatureC'] = degrees(2)
    readings['humidityPercent'] = percentOf((frame.u16(4) & 0x0fff) / 10)
  }
  const probe = hasTime
    ? degrees(0)
    : outside.probe.includes(kind) || kind === outside.climate
      ? degrees(7)
      : null
  if (probe !== null) readings['externalTemperatureC'] = probe
  // A contact that the installer has wired: its meaning is not in the frame.
  if (kind === outside.contact) readings['digital'] = frame.u8(7)
  if (kind === outside.movement) readings['motion'] = (frame.u8(7) & 1) === 1
  return { readings }
}

/** LHT52: hundredths of a degree, tenths of a per cent, and no battery in this frame. */
function shortClimate(frame: Frame): MakerAnswer {
  if (frame.length !== 11) return problem('a frame of LHT52 has 11 bytes')
  return {
    readings: {
      temperatureC: temperatureOf(frame.i16(0) / 100),
      humidityPercent: percentOf(frame.u16(2) / 10),
      ...(frame.i16(4) === 0x7fff ? {} : { externalTemperatureC: temperatureOf(frame.i16(4) / 100) }),
    },
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
  if (fPort === 6 && /^l?dds/.test(model)) return ignored('a series of distances of its test mode')
  if (fPort === 7 && model.startsWith('pslb')) return ignored('a series of currents, without a state')
  if (fPort !== 2) return problem(`no table of Dragino has port ${fPort} for it`)
  if (/^l?ds03/.test(model)) return timed(frame, 'contact')
  if (/^(lwl0[34]|wl03)/.test(model)) return timed(frame, 'leak')
  if (model.startsWith('pb01')) return pushButton(frame)
  if (model.startsWith('pb05')) return fiveKeys(frame)
  if (model.startsWith('lht65')) return climate(frame)
  if (model.startsWith('lht52')) return shortClimate(frame)
  const isUltrasonic = /^l?dds(75|20|45)/.test(model)
  if (/^psl?/.test(model) || (!isUltrasonic && frame.length === 9)) return probe(frame)
  if (!isUltrasonic && frame.length !== 8 && frame.length !== 5)
    return problem('which Dragino device it is: the length is none of ours')
  return frame.length > 8 || (frame.u8(0) & 0x10) !== 0
    ? problem('several distances in one frame')
    : ultrasonic(frame)
}
