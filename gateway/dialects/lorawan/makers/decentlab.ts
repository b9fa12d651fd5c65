// Decentlab: protocol version 2, device id, a bit per sensor, then 16-bit words. The model defines the words. After the
// data sheets of the level family (pressure probes, ultrasonic and lidar distance).
import type { DialectReadings } from '../../port.ts'
import { percentOf, temperatureOf } from '../../meaning/values.ts'
import { problem, rounded, type Frame, type MakerAnswer } from './answer.ts'

interface Model {
  /** Words of the first sensor; the second is the battery, one word in millivolts. */
  words: number
  read: (words: readonly number[], parameters: readonly number[]) => MakerAnswer
}

/** Water column over a probe: 1 bar is 10,197 mm of water. */
const waterOf = (bar: number): number => Math.round(bar * 10_197.16)

/** Keller: 16384 to 49152 is the range from Pmin to Pmax in bar, which is in the name: dl-pr26-0-1. */
const keller = (leastUsual: number, mostUsual: number): Model => ({
  words: 2,
  read: ([pressure = 0, temperature = 0], [least = leastUsual, most = mostUsual]) => {
    const bar = ((pressure - 16_384) / 32_768) * (most - least) + least
    const isMeasured = pressure >= 8192 && pressure <= 57_344
    return {
      readings: {
        pressureBar: isMeasured ? rounded(bar) : null,
        waterLevelMm: isMeasured ? Math.max(0, waterOf(bar)) : null,
        temperatureC: temperatureOf(rounded((temperature - 384) * 0.003125 - 50)),
      },
      faults: isMeasured ? [] : ['sensor-fault'],
    }
  },
})

/** kp is part of the name: dl-pr36-8192 counts per bar. */
const keller36 = (words: number): Model => ({
  words,
  read: ([pressure = 0, temperature = 0], [perBar = 8192]) => {
    const bar = (pressure - 32_768) / perBar
    return {
      readings: {
        pressureBar: rounded(bar),
        waterLevelMm: Math.max(0, waterOf(bar)),
        temperatureC: temperatureOf(rounded((temperature - 32_768) / 256)),
      },
      faults: [],
    }
  },
})

/** Distance, temperature, how sure it is, and a status of faults. */
const radar: Model = {
  words: 4,
  read: ([distance = 0, temperature = 0, , status = 0]) => ({
    readings: {
      distanceMm: status === 0 ? distance : null,
      temperatureC: temperatureOf(rounded((temperature - 32_768) / 100)),
    },
    faults: status === 0 ? [] : [`sensor-status-${status}`],
  }),
}

/** Tenths of a millimetre since the last frame, their seconds, and the sum since it was built in. */
const rainGauge: Model = {
  words: 4,
  read: ([rain = 0, seconds = 0, low = 0, high = 0]) => ({
    readings: {
      rainMm: rounded(rain * 0.1),
      rainSeconds: seconds,
      rainTotalMm: rounded((low + high * 65_536) * 0.1),
    },
    faults: [],
  }),
}

const climate: Model = {
  words: 2,
  read: ([temperature = 0, humidity = 0]) => ({
    readings: {
      temperatureC: temperatureOf(rounded((175 * temperature) / 65_535 - 45)),
      humidityPercent: percentOf(rounded((100 * humidity) / 65_535)),
    },
  }),
}

/** Depth in millimetres directly. */
const conductivity: Model = {
  words: 4,
  read: ([depth = 0, temperature = 0]) => ({
    readings: {
      waterLevelMm: depth - 32_768,
      temperatureC: temperatureOf(rounded((temperature - 32_768) / 10)),
    },
    faults: [],
  }),
}

const distanceOf = (distance: number, samples: number): MakerAnswer => ({
  readings: { distanceMm: samples > 0 ? distance : null },
  faults: samples > 0 ? [] : ['distance-invalid'],
})
const ultrasonic: Model = { words: 2, read: ([distance = 0, samples = 0]) => distanceOf(distance, samples) }
/** The fourth word is the median of its samples, the tenth their number. */
const lidar: Model = { words: 11, read: (words) => distanceOf(words[3] ?? 0, words[9] ?? 0) }

/** As LID, with the number of valid and of all samples. */
const lidar2: Model = { words: 12, read: (words) => distanceOf(words[3] ?? 0, words[9] ?? 0) }

/** The longest matching name counts. */
const models: readonly (readonly [name: RegExp, model: Model])[] = [
  [/pr36ctd/, keller36(4)],
  [/pr36/, keller36(2)],
  // As the maker's own decoders are delivered.
  [/pr21/, keller(-1, 10)],
  [/pr26/, keller(0, 1)],
  [/ctd10/, conductivity],
  [/mbx/, ultrasonic],
  [/lid2/, lidar2],
  [/lid/, lidar],
  [/rad/, radar],
  [/tbrg/, rainGauge],
  [/sht35/, climate],
]

/** The range stands behind the name: `dl-pr26-0-1`, `DL-PR21 (Pmin=-1.0,Pmax=10.0)`, `dl-pr36-8192`, `(kp=8192)`. */
function parametersOf(model: string): number[] {
  const named = [/pmin=(-?[\d.]+)/, /pmax=(-?[\d.]+)/, /kp=([\d.]+)/].flatMap(
    (pattern) => pattern.exec(model)?.[1] ?? [],
  )
  const behind = /pr(?:2[16]|36(?:ctd)?)[-_ ](-?[\d.]+)(?:[-_ ](-?[\d.]+))?/.exec(model)
  const words = named.length > 0 ? named : behind ? [behind[1], behind[2]] : []
  return words.flatMap((text) => (text === undefined || text === '' ? [] : [Number(text)]))
}

export function decentlab(_fPort: number, frame: Frame, model: string): MakerAnswer {
  if (frame.u8(0) !== 2) return problem(`protocol version ${frame.u8(0)} of Decentlab; 2 is known`)
  const found = models.find(([name]) => name.test(model))?.[1]
  if (!found) return problem('name the model, such as dl-pr26-0-1 or dl-mbx: the frame does not say it')
  const flags = frame.u16(3)
  const readings: DialectReadings = {}
  let faults: string[] | undefined
  let at = 5
  if (flags & 1) {
    const words = Array.from({ length: found.words }, (_, word) => frame.u16(at + word * 2))
    at += found.words * 2
    const answer = found.read(words, parametersOf(model))
    Object.assign(readings, answer.readings)
    faults = answer.faults
  }
  if (flags & 2) readings['batteryVolts'] = rounded(frame.u16(at) / 1000)
  return { readings, ...(faults ? { faults } : {}) }
}
