// The LoRaWAN devices whose frames are decoded without a codec file: by the model's name, by its maker's if the frame
// itself identifies the device, or by a frame that fits one maker only.
import { browan } from './browan.ts'
import { decentlab } from './decentlab.ts'
import { dragino } from './dragino.ts'
import { elsys } from './elsys.ts'
import { milesight } from './milesight.ts'
import { isNetvoxType, netvox } from './netvox.ts'
import { Frame, type MakerDecoder } from './answer.ts'
import { yobiiq } from './yobiiq.ts'

export interface Maker {
  name: string
  decoder: MakerDecoder
  /** Models in the maker's spelling, with the readings of each. */
  models: Readonly<Record<string, string>>
  /** True when its frames identify the device, so that the maker's name is enough. */
  isNameEnough: boolean
  /** The name pattern of its other models, if their frames can be read without a list. */
  family?: RegExp
  /** True when a frame can be of this maker only; used if no other fact identifies the device. */
  recognises?: (fPort: number, frame: Frame) => boolean
  /** Source of the table. */
  source: string
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

const isTlv = (decoder: MakerDecoder, fPort: number, frame: Frame): boolean => {
  try {
    return decoder(fPort, frame, '').problem === undefined
  } catch {
    return false
  }
}

export const makers: readonly Maker[] = [
  {
    name: 'Milesight',
    decoder: milesight,
    isNameEnough: true,
    source: 'user guides',
    family: /^(am|ct|em|gs|ts|uc|vs|ws|wts?)\d{3}(?!\d)/,
    models: {
      WS101: 'button',
      WS136: 'button',
      WS156: 'button',
      WS202: 'motion',
      WS203: 'motion, temperature, humidity',
      WS301: 'contact, tamper',
      WS303: 'leak',
      VS330: 'motion',
      VS340: 'motion',
      VS341: 'motion',
      VS370: 'motion',
      TS301: 'temperature, contact',
      TS302: 'temperature, contact',
      WTS506: 'rain, temperature, humidity',
      'EM300-TH': 'temperature, humidity',
      'EM300-MCS': 'contact, temperature, humidity',
      'EM300-SLD': 'leak, temperature, humidity',
      'EM300-ZLD': 'leak, temperature, humidity',
      'EM300-MLD': 'leak',
      'EM300-CL': 'level of a bottle',
      'EM300-DI': 'temperature, humidity, dry contact',
      'EM310-UDL': 'distance, tilt',
      'EM310-TILT': 'angles, tilt',
      'EM320-TH': 'temperature, humidity',
      'EM320-TILT': 'angles, tilt',
      'EM400-MUD': 'distance, temperature, tilt',
      'EM400-TLD': 'distance, temperature, tilt',
      'EM400-UDL': 'distance, temperature, tilt',
      'EM410-RDL': 'distance, temperature, tilt',
      'EM500-SWL': 'water level',
      'EM500-UDL': 'distance',
      'EM500-PP': 'pressure',
      'EM500-PT100': 'temperature',
      'EM500-CO2': 'carbon dioxide, temperature, humidity',
      GS101: 'gas, mains',
      GS524N: 'smoke, tamper, temperature',
    },
    // Its factory port.
    recognises: (fPort, frame) => fPort === 85 && isTlv(milesight, fPort, frame),
  },
  {
    name: 'Dragino',
    decoder: dragino,
    isNameEnough: true,
    source: 'user manuals',
    models: {
      LDS01: 'contact',
      LDS02: 'contact',
      LWL01: 'leak',
      LWL02: 'leak',
      LDS03A: 'contact',
      'DS03A-LB': 'contact',
      LWL03A: 'leak',
      'LWL04-LB': 'leak',
      'WL03A-LB': 'leak',
      LDDS75: 'distance, temperature',
      LDDS45: 'distance, temperature',
      LDDS20: 'distance, temperature',
      'DDS75-LB': 'distance, temperature',
      'DDS45-LB': 'distance, temperature',
      'DDS20-LB': 'distance, temperature',
      'PS-LB': 'water level, loop current',
      PB01: 'button, temperature, humidity',
      PB05: 'button',
      'PB05-L': 'button',
      LHT65: 'temperature, humidity',
      'LHT65N-PIR': 'motion, temperature, humidity',
      LHT65N: 'temperature, humidity',
      LHT52: 'temperature, humidity',
    },
    recognises: (fPort, frame) => fPort === 10 && isTlv(dragino, fPort, frame),
  },
  {
    name: 'Netvox',
    decoder: netvox,
    isNameEnough: true,
    source: 'LoRaWAN Application Command',
    family: /^r(\d{3}|a0\d|b\d\d)(?!\d)/,
    models: {
      R311A: 'contact',
      R311DA: 'vibration',
      R311DB: 'vibration',
      R311G: 'light',
      R311W: 'leak',
      R312A: 'button',
      R602A: 'siren',
      R602B: 'siren',
      R711: 'temperature, humidity',
      R718A: 'temperature, humidity',
      R718AB: 'temperature, humidity',
      R718DA: 'vibration',
      R718DB: 'vibration',
      R718F: 'contact',
      R718F2: 'contact',
      R718J: 'dry contact',
      R718LB: 'contact',
      R718T: 'button',
      R718T2: 'button',
      R718WA: 'leak',
      R718WA2: 'leak',
      R718WB: 'leak',
      R718WB2: 'leak',
      R718PE: 'distance',
      R718X: 'distance, temperature',
      R720FLT: 'leak',
      R720A: 'temperature, humidity',
      R730F: 'contact',
      RA02A: 'smoke',
      RA02C: 'carbon monoxide',
      RA02G: 'smoke',
      RB02B: 'button',
      RB02C: 'button',
      RB02I: 'button',
      RB11E: 'motion, tamper, temperature',
    },
    recognises: (fPort, frame) =>
      fPort === 6 &&
      frame.length === 11 &&
      frame.u8(0) === 1 &&
      isNetvoxType(frame.u8(1)) &&
      frame.u8(2) <= 1,
  },
  {
    name: 'Browan',
    decoder: browan,
    isNameEnough: true,
    source: 'reference manuals',
    models: {
      TBDW100: 'contact, temperature',
      TBHH100: 'temperature, humidity',
      TBMS100: 'motion, temperature',
      TBPB100: 'button, temperature',
      TBWL100: 'leak, temperature, humidity',
    },
    recognises: (fPort, frame) =>
      [100, 102, 103, 106, 120, 122, 126, 127].includes(fPort) && isTlv(browan, fPort, frame),
  },
  {
    name: 'MerryIoT',
    decoder: browan,
    isNameEnough: true,
    source: 'reference manuals',
    models: {
      DW10: 'contact, tamper, temperature, humidity',
      WL10: 'leak, tamper, temperature, humidity',
      MS10: 'motion, tamper, temperature, humidity',
      CD10: 'carbon dioxide, temperature, humidity',
    },
  },
  {
    name: 'Decentlab',
    decoder: decentlab,
    isNameEnough: false,
    source: 'data sheets',
    models: {
      'DL-PR21': 'water level, pressure, temperature',
      'DL-PR26': 'water level, pressure, temperature',
      'DL-PR36': 'water level, pressure, temperature',
      'DL-PR36CTD': 'water level, pressure, temperature',
      'DL-CTD10': 'water level, temperature',
      'DL-CTD10B': 'water level, temperature',
      'DL-MBX': 'distance',
      'DL-LID': 'distance',
      'DL-LID2': 'distance',
      'DL-RAD': 'distance, temperature',
      'DL-TBRG': 'rain',
      'DL-SHT35': 'temperature, humidity',
    },
  },
  {
    name: 'Elsys',
    decoder: elsys,
    isNameEnough: true,
    source: 'Elsys LoRa payload',
    models: {
      ERS: 'temperature, humidity, motion',
      EMS: 'temperature, humidity, leak, vibration',
      ELT: 'temperature, humidity, distance',
      'ELT-2': 'temperature, humidity, distance',
      ESM5K: 'temperature, humidity, motion',
    },
  },
  {
    name: 'Yobiiq',
    decoder: yobiiq,
    isNameEnough: true,
    source: 'payload table',
    models: { 'SD-1001': 'smoke, mains' },
  },
]

export interface Builtin {
  maker: Maker
  /** As the decoder needs it: lower case, with the text behind the model's name. */
  model: string
}

/** The separators in a name may be any, or none: `EM300-TH`, `em300_th`, `em300th`. */
const patternOf = (model: string): RegExp => {
  const parts = model.toLowerCase().split('-').join('[-_ .]?')
  return new RegExp(`(^|[^a-z0-9])(${parts})(?![a-z0-9])`)
}
const patterns = makers
  .flatMap((maker) => Object.keys(maker.models).map((model) => ({ maker, model, pattern: patternOf(model) })))
  // The longest first: R718WA2 before R718WA.
  .toSorted((one, other) => other.model.length - one.model.length)

/** The built-in decoder for a name: a model, alone or in a sentence ("Milesight WS101 EU868"), or a maker. */
export function builtinOf(name: string): Builtin | undefined {
  const text = name.toLowerCase()
  const found = patterns.find(({ pattern }) => pattern.test(text))
  if (found) {
    const start = found.pattern.exec(text)?.index ?? 0
    // Decentlab writes a probe's range behind its model.
    const model = found.maker.name === 'Decentlab' ? text.slice(start) : plain(found.model)
    return { maker: found.maker, model }
  }
  // If a maker's frames describe their own content, a model that is in no list is read too.
  const words = text.split(/[^a-z0-9]+/)
  const maker = makers.find(
    ({ name: makerName, isNameEnough, family }) =>
      (isNameEnough && words.includes(plain(makerName))) || words.some((word) => family?.test(word)),
  )
  return maker && { maker, model: plain(text.replace(plain(maker.name), '')) }
}

/** If no other fact identifies the device: the one maker whose frame it can be. */
export function recognised(fPort: number, bytes: Uint8Array): Builtin | undefined {
  const frame = new Frame(bytes)
  const fitting = makers.filter((maker) => {
    try {
      return bytes.length > 0 && maker.recognises?.(fPort, frame) === true
    } catch {
      return false
    }
  })
  return fitting.length === 1 && fitting[0] ? { maker: fitting[0], model: '' } : undefined
}

export const builtinNames: readonly string[] = makers.flatMap(({ models }) => Object.keys(models))

/** For messages to people: a list of all models fills a page. */
export const makerNames: readonly string[] = makers.map(({ name }) => name)
