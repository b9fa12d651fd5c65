// Annex C of SL 651-2014 (table C.1): elements by the identifier of the HEX form and by the word of the ASCII form, as far as the
// box has a reading for them. Units are those of the table; the width and the decimals stand in the message itself.

export interface Element {
  /** Our name of the reading, with its unit. */
  reading: string
  factor?: number
}

const rows: readonly (readonly [code: number, word: string, reading: string, factor?: number])[] = [
  [0x02, 'AI', 'temperatureC'],
  [0x03, 'C', 'waterTemperatureC'],
  [0x08, 'FL', 'airPressureHpa'],
  [0x09, 'GH', 'gateOpeningMm', 1000],
  [0x0e, 'H', 'groundwaterDepthMm', 1000],
  [0x0f, 'HW', 'waveHeightMm', 1000],
  [0x18, 'MST', 'humidityPercent'],
  [0x1a, 'P1', 'rainHourMm'],
  [0x1b, 'P2', 'rain2HoursMm'],
  [0x1c, 'P3', 'rain3HoursMm'],
  [0x1d, 'P6', 'rain6HoursMm'],
  [0x1e, 'P12', 'rain12HoursMm'],
  [0x1f, 'PD', 'rainDayMm'],
  [0x20, 'PJ', 'rainMm'],
  [0x21, 'PN01', 'rainMinuteMm'],
  [0x22, 'PN05', 'rain5MinutesMm'],
  [0x23, 'PN10', 'rain10MinutesMm'],
  [0x24, 'PN30', 'rain30MinutesMm'],
  [0x25, 'PR', 'rainStormMm'],
  [0x26, 'PT', 'rainTotalMm'],
  [0x27, 'Q', 'flowM3PerSecond'],
  [0x30, 'QA', 'outflowM3PerSecond'],
  [0x33, 'UC', 'windDirection'],
  [0x35, 'US', 'windMetresPerSecond'],
  [0x36, 'VA', 'meanVelocityMetresPerSecond'],
  [0x37, 'VJ', 'velocityMetresPerSecond'],
  [0x38, 'VT', 'batteryVolts'],
  [0x39, 'Z', 'waterLevelMm', 1000],
  [0x3a, 'ZB', 'waterLevelBelowMm', 1000],
  // Above the dam: the level of a reservoir's station, which sends no level of a river.
  [0x3b, 'ZU', 'waterLevelMm', 1000],
]

const elementOf = ([, , reading, factor]: (typeof rows)[number]): Element =>
  factor === undefined ? { reading } : { reading, factor }
export const byCode: ReadonlyMap<number, Element> = new Map(rows.map((row) => [row[0], elementOf(row)]))
export const byWord: ReadonlyMap<string, Element> = new Map(rows.map((row) => [row[1], elementOf(row)]))

/** Identifiers with a meaning of their own. */
export const identifier = {
  step: 0x04,
  status: 0x45,
  time: 0xf0,
  station: 0xf1,
  manual: 0xf2,
  picture: 0xf3,
  rainSeries: 0xf4,
}

/** Table 58: the bits of a station's own state; a set bit is the fault, but for the door of the cabinet. */
export function stateOf(bits: number): { readings: Record<string, unknown>; faults: string[] } {
  const isSet = (bit: number): boolean => ((bits >>> bit) & 1) === 1
  const faults: [bit: number, word: string][] = [
    [5, 'flow-gauge'],
    [6, 'level-gauge'],
    [8, 'memory'],
  ]
  return {
    readings: {
      // A station on solar power reports no mains for ever: no "mains lost".
      hasMains: !isSet(0),
      batteryLow: isSet(1),
      isLevelOverLimit: isSet(2),
      cabinet: isSet(7) ? 'closed' : 'open',
    },
    faults: faults.flatMap(([bit, word]) => (isSet(bit) ? [word] : [])),
  }
}
