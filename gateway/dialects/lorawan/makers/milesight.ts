// Milesight: channel, type, value, one after the other. The meaning of a channel depends on the model: a known model
// decides, otherwise its neighbours in the frame. After the tables in the user guides (also in
// Milesight-IoT/SensorDecoders, README of each model).
import { percentOf, temperatureOf } from '../../meaning/values.ts'
import { ignored, problem, rounded, type Frame, type MakerAnswer } from './answer.ts'
import { depth, distance, distanceException, measured, type Field, type State } from './milesight-distance.ts'
import { lengthForModel, lengthOfType } from './milesight-lengths.ts'
import { milesightSmoke } from './milesight-smoke.ts'

const presses = { 1: 'pressed', 2: 'held', 3: 'double' } as const

const battery: Field = {
  size: 1,
  read: (at, frame, { readings }) => (readings['batteryPercent'] = percentOf(frame.u8(at))),
}
const temperature: Field = {
  size: 2,
  read: (at, frame, { readings }) => (readings['temperatureC'] = temperatureOf(frame.i16le(at) / 10)),
}
const second: Field = {
  size: 2,
  read: (at, frame, { readings }) => (readings['externalTemperatureC'] = temperatureOf(frame.i16le(at) / 10)),
}
const rain = (size: number): Field => ({
  size,
  read: (at, frame, { readings }) =>
    (readings['rainTotalMm'] =
      (size === 3 ? frame.u16le(at) : frame.u16le(at) + frame.u16le(at + 2) * 65_536) / 100),
})
const humidity: Field = {
  size: 1,
  read: (at, frame, { readings }) => (readings['humidityPercent'] = percentOf(frame.u8(at) / 2)),
}
/** Humidity in tenths; 0xFFFF: it could not be measured. */
const fineHumidity = (size: number): Field => ({
  size,
  read: (at, frame, { readings }) => (readings['humidityPercent'] = percentOf(frame.u16le(at) / 10)),
})
/** Sent instead of the value: the probe could not be read (0), or is beyond its range (1). */
const probeFault = (...names: string[]): Field => ({
  size: 1,
  read: (at, frame, state) => {
    state.isDiagnostic = true
    state.faults.add(frame.u8(at) === 1 ? 'out-of-range' : 'sensor-fault')
    for (const name of names) state.readings[name] = null
  },
})
const flag = (name: 'leak' | 'tamper' | 'motion' | 'gas'): Field => ({
  size: 1,
  read: (at, frame, { readings }) =>
    (readings[name] = frame.u8(at) === 0 ? false : frame.u8(at) === 1 || null),
})
const magnet: Field = {
  size: 1,
  read: (at, frame, { readings }) => {
    const word = frame.u8(at)
    // Of two magnets the open one counts.
    if (readings['contact'] !== 'open')
      readings['contact'] = word === 0 ? 'closed' : word === 1 ? 'open' : null
  },
}
/** It was turned out of its position: its readings no longer fit its purpose. */
const position: Field = {
  size: 1,
  read: (at, frame, state) => {
    state.isDiagnostic = true
    const word = frame.u8(at)
    state.readings['tilt'] = word > 1 ? null : word === 1
    if (word === 1) state.faults.add('tilted')
  },
}

/** EM320-TILT: fifteen bits of angle, and the lowest bit shows that it has passed its limit. */
const narrowAngles: Field = {
  size: 6,
  read: (at, frame, { readings }) => {
    const words = [frame.i16le(at), frame.i16le(at + 2), frame.i16le(at + 4)]
    for (const [index, axis] of ['X', 'Y', 'Z'].entries())
      readings[`angle${axis}Degrees`] = ((words[index] ?? 0) >> 1) / 100
    readings['tilt'] = words.some((word) => (word & 1) === 1)
  },
}
/** EM300-CL looks through the wall of a bottle: 0 not yet taught, 1 full, 2 nearly empty, 255 error. */
const bottle = (size: number): Field => ({
  size,
  read: (at, frame, state) => {
    const word = frame.u8(at)
    state.isDiagnostic = true
    state.readings['liquid'] = word === 1 ? 'full' : word === 2 ? 'low' : null
    if (word === 0xff) state.faults.add('sensor-fault')
  },
})
const angles: Field = {
  size: 7,
  read: (at, frame, { readings }) => {
    readings['angleXDegrees'] = frame.i16le(at) / 100
    readings['angleYDegrees'] = frame.i16le(at + 2) / 100
    readings['angleZDegrees'] = frame.i16le(at + 4) / 100
    readings['tilt'] = (frame.u8(at + 6) & 0b111) !== 0
  },
}
const press: Field = {
  size: 1,
  read: (at, frame, state) => {
    // A number that is not in the table is a press too: a call for help must not depend on the table.
    state.press = presses[frame.u8(at) as 1 | 2 | 3] ?? 'pressed'
  },
}
/** WS136, WS156: which of its keys, how it is set, and 1 short, 2 double, 3 long. */
const keyPress: Field = {
  size: 3,
  read: (at, frame, state) => {
    state.readings['key'] = frame.u8(at)
    const how = at + 2 < frame.length ? frame.u8(at + 2) : 1
    state.press = ({ 1: 'pressed', 2: 'double', 3: 'held' } as const)[how as 1 | 2 | 3] ?? 'pressed'
  },
}
/** GS101: 0 power off, 1 on, 2 sensor fault, 3 fault over, 4 near its end of life, 5 at its end of life. */
const gasReport: Field = {
  size: 1,
  read: (at, frame, state) => {
    const report = frame.u8(at)
    if (report === 0 || report === 1) state.readings['mains'] = report === 1 ? 'on' : 'off'
    else {
      state.isDiagnostic = true
      if (report === 2) state.faults.add('sensor-fault')
      if (report === 4) state.faults.add('sensor-ends-soon')
      if (report === 5) state.faults.add('sensor-at-its-end')
    }
  },
}
const skipped = (size: number): Field => ({ size })
/** What the installer has wired to it is not in the frame. */
const input = (size: number): Field => ({
  size,
  read: (at, frame, { readings }) => (readings['digital'] = frame.u8(at)),
})

const fields: Readonly<Record<number, Field>> = {
  0x0175: battery,
  0x0367: temperature,
  0x0468: humidity,
  0x0382: distance(2),
  0x0482: distance(2),
  0x8482: distance(3),
  0x9482: distance(5),
  0xb482: distanceException,
  // EM500-UDL: tenths of a millimetre in its alarm.
  0x83e9: distance(5, 0.1),
  0x0377: depth,
  0x037b: measured('pressureKpa'),
  0x057b: skipped(2),
  0x8367: { ...temperature, size: 3 },
  0x83d7: { ...temperature, size: 5 },
  0x9367: { ...temperature, size: 5 },
  0x93d7: { ...temperature, size: 5 },
  0x8468: { ...humidity, size: 2 },
  0x9468: { ...humidity, size: 3 },
  0x039a: fineHumidity(2),
  0x839a: fineHumidity(3),
  0x939a: fineHumidity(5),
  0xb367: probeFault('temperatureC'),
  0xb39a: probeFault('humidityPercent'),
  0xb467: probeFault('externalTemperatureC'),
  0xb468: probeFault('humidityPercent'),
  0x03cf: angles,
  0x03d4: narrowAngles,
  0x03ed: bottle(1),
  0x83ed: bottle(2),
  0x04ee: skipped(1),
  // Light, soil, carbon dioxide and air pressure.
  0x0394: skipped(4),
  0x04ca: skipped(2),
  // Pulse counters: pulses, and litres with their two factors.
  0x05c8: skipped(4),
  0x05e1: skipped(8),
  0x06e1: skipped(8),
  0x85e1: skipped(9),
  0x8500: input(2),
  0x055b: skipped(7),
  0x0267: temperature,
  0x0368: humidity,
  0x077d: measured('co2Ppm'),
  0x06cb: skipped(1),
  0x087d: skipped(2),
  0x0973: skipped(2),
  0x0a7d: skipped(2),
  0x0b7d: skipped(2),
  0x0c7d: skipped(2),
  0x057d: measured('co2Ppm'),
  0x057f: skipped(2),
  0x05ca: skipped(2),
  0x0673: skipped(2),
  0x04d6: skipped(1),
  0x058e: flag('gas'),
  // VS330: the distance to its door, whether the room is used, and how it was taught.
  0x0282: skipped(2),
  0x038e: flag('motion'),
  0x048e: skipped(1),
  // TS301, TS302: the probe of the second channel.
  0x0467: second,
  0x8467: { ...second, size: 3 },
  0x94d7: { ...second, size: 5 },
  0x9467: { ...second, size: 5 },
  0x0601: skipped(1),
  0x0701: skipped(1),
  0x0890: skipped(4),
  0x0688: skipped(9),
  // WTS506: rain since it was built in, in hundredths of a millimetre, and a counter; limits of pressure and wind.
  0x0877: rain(3),
  0x08ec: rain(5),
  0x88ec: rain(6),
  0x8673: skipped(3),
  0x8792: skipped(3),
  0x84cc: skipped(5),
  0x85cc: skipped(5),
  0x8498: skipped(7),
  0x8499: skipped(7),
  // About the device: versions, serial number, class, restart, switched on.
  0xff01: skipped(1),
  0xff08: skipped(6),
  0xff09: skipped(2),
  0xff0a: skipped(2),
  0xff0b: skipped(1),
  0xff0f: skipped(1),
  0xff16: skipped(8),
  0xff1b: skipped(5),
  0xfffe: skipped(1),
  0xffff: skipped(2),
  0xff2e: press,
  0xff34: keyPress,
  0xff3f: gasReport,
}

const light: Field = {
  size: 1,
  read: (at, frame, { readings }) => (readings['daylight'] = frame.u8(at) > 1 ? null : frame.u8(at) === 1),
}

/** EM320-TH has its own humidity on channel 4, TS302 that of its second probe. */
function humidityOfFour(channel: number, model: string): Field | undefined {
  const size = { 0x04: 2, 0x84: 3, 0x94: 5, 0xb4: /em320/.test(model) ? 2 : 1 }[channel]
  if (size === undefined) return undefined
  if (channel === 0xb4)
    return { ...probeFault(...(model.startsWith('ts302') ? [] : ['humidityPercent'])), size }
  return model.startsWith('ts302') ? skipped(size) : fineHumidity(size)
}

function fieldOf(channel: number, type: number, model: string): Field | undefined {
  const other = lengthForModel(channel, type, model)
  if (other !== undefined) return skipped(other)
  if (type === 0x9a && channel % 16 === 4) return humidityOfFour(channel, model)
  // Its fault has a second byte without a meaning.
  if (/em320th/.test(model) && (channel === 0xb3 || channel === 0xb4))
    return { ...probeFault(channel === 0xb3 ? 'temperatureC' : 'humidityPercent'), size: 2 }
  // What a thermostat or a valve shall reach is no temperature of the room.
  if (/^wt\d/.test(model) && type === 0x67 && channel === 4) return skipped(2)
  const field = fields[channel * 256 + type]
  const size = field ? undefined : lengthOfType(channel, type)
  return size === undefined ? field : skipped(size)
}

/** Type 00 is a switch; the model defines its meaning, or the other fields of the frame. */
function switchOf(channel: number, model: string, has: (channel: number, type: number) => boolean): Field {
  if (/^vs3(4[01]|70)/.test(model) && channel === 3) return flag('motion')
  if (model.startsWith('vs370') && channel === 4) return light
  if (/^ts30[12]/.test(model)) return magnet
  if (model.startsWith('am3') && channel === 5) return flag('motion')
  if (/em300di/.test(model)) return input(1)
  // Of devices that are in no list, what the switch is for is not known.
  if (/^(am|ct|ts|uc|vs|wt)/.test(model)) return skipped(1)
  if (channel === 3) return /ws202/.test(model) ? flag('motion') : /ws303/.test(model) ? flag('leak') : magnet
  if (channel === 4) {
    if (/ws202/.test(model)) return light
    return /em310/.test(model) || (!/ws301/.test(model) && has(3, 0x82)) ? position : flag('tamper')
  }
  if (channel === 5) {
    if (/ws203/.test(model)) return flag('motion')
    return /em4\d\d/.test(model) || has(4, 0x82) || has(0x84, 0x82) ? position : flag('leak')
  }
  if (channel > 6) return skipped(1)
  return /mld/.test(model) ? flag('leak') : magnet
}

interface ChannelValue {
  channel: number
  type: number
  at: number
  field: Field | undefined
}

/** The fields in order, up to the first whose length is in no table: an answer to a setting, or old records. */
function scan(
  frame: Frame,
  model: string,
): { found: ChannelValue[]; end: 'whole' | 'history' | 'settings' | 'unknown' } {
  const found: ChannelValue[] = []
  for (let at = 0; at < frame.length;) {
    const channel = frame.u8(at)
    const type = frame.u8(at + 1)
    if ((channel === 0x20 || channel === 0x21) && type === 0xce) return { found, end: 'history' }
    const isSwitch = type === 0 && channel >= 3 && channel <= 12
    const field = isSwitch ? undefined : fieldOf(channel, type, model)
    if (!isSwitch && !field) return { found, end: channel >= 0xf0 ? 'settings' : 'unknown' }
    // A call for help counts, also if the end of its frame is missing.
    const size = field === keyPress ? Math.min(3, Math.max(1, frame.length - at - 2)) : (field?.size ?? 1)
    // Reading its last byte proves that the frame is complete.
    frame.u8(at + 1 + size)
    found.push({ channel, type, at: at + 2, field })
    at += 2 + size
  }
  return { found, end: 'whole' }
}

export function milesight(_fPort: number, frame: Frame, model: string): MakerAnswer {
  if (/gs524n/.test(model)) return milesightSmoke(frame)
  const { found, end } = scan(frame, model)
  const state: State = { readings: {}, faults: new Set(), isDiagnostic: false }
  const has = (channel: number, type: number): boolean =>
    found.some((other) => other.channel === channel && other.type === type)
  for (const { channel, at, field } of found)
    (field ?? switchOf(channel, model, has)).read?.(at, frame, state)
  // Of the soil, and not of the air.
  if (/smtc/.test(model)) delete state.readings.humidityPercent
  const { readings, press: pressed, faults, isDiagnostic } = state
  if (pressed) readings.button = pressed
  if (Object.keys(readings).length === 0 && !isDiagnostic) {
    if (end === 'unknown') return problem('a channel that is in no table of Milesight')
    if (end === 'history') return ignored('old records out of the memory of the device')
    if (end === 'settings') return ignored('an answer to a setting')
    return ignored(
      found.every(({ channel }) => channel >= 0xf0)
        ? 'a report about the device itself at its start'
        : 'values that are none of ours',
    )
  }
  return {
    readings: Object.fromEntries(
      Object.entries(readings).map(([name, value]) => [
        name,
        typeof value === 'number' ? rounded(value) : value,
      ]),
    ),
    ...(pressed ? { momentary: { button: pressed } } : {}),
    ...(isDiagnostic ? { faults: [...faults] } : {}),
  }
}
