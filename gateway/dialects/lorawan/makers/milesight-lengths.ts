// Lengths of Milesight's values that are none of our readings: meters, controllers, counters of people. Their frames are
// read past, so that a regular report is no fault of the device. After the tables of the models.

/** The type alone gives the length, whatever the channel. */
const byType: Readonly<Record<number, number>> = {
  0x01: 1, // an output
  0x02: 4, // an analogue value
  0x31: 2,
  0x65: 6, // light, visible and infrared
  0x67: 2, // a further temperature
  0x6a: 2, // activity
  0x6b: 1, // the cause of the report
  0x70: 1,
  0x74: 2,
  0x7b: 2,
  0x7d: 2, // a concentration
  0x80: 4,
  0x81: 1,
  0x83: 4,
  0x84: 2, // wind
  0x90: 2,
  0x92: 1,
  0x97: 4, // energy
  0x98: 2, // current
  0x99: 2,
  0x9c: 1, // how full its memory is
  0xaf: 3,
  0xbc: 1,
  0xc7: 2, // the strength of a radar's echo
  0xc8: 4, // pulses
  0xc9: 2,
  0xcc: 4, // people who came and went
  0xd2: 4,
  0xd5: 8,
  0xda: 8,
  0xe2: 8, // an analogue value with its least, most and mean
  0xe3: 4,
  0xe4: 5,
  0xe5: 1,
  0xe6: 2,
  0xe7: 1,
  0xe8: 1,
  0xea: 5, // the result of a calibration
  0xef: 4, // the time of the device
  0xf4: 2,
  0xf5: 9,
  0xf6: 2,
  0xfd: 2, // people in a room, and the parts of it that are used
  0xfe: 4,
  0xff: 1,
}

/** Above the channels of values: alarms and faults of what is none of our readings. */
const byChannel: Readonly<Record<number, number>> = {
  0x81ee: 1,
  0xb97b: 1,
}

export const lengthOfType = (channel: number, type: number): number | undefined =>
  channel >= 3 && channel < 0x80 ? byType[type] : byChannel[channel * 256 + type]

/** Where a model uses a channel and type for something else than the others. */
export function lengthForModel(channel: number, type: number, model: string): number | undefined {
  // Ammonia and hydrogen sulphide, where others have carbon dioxide.
  if (model.startsWith('gs301') && type === 0x7d && channel >= 4 && channel <= 6) return 2
  // The wind of a weather station; of a valve it is one byte.
  if (model.startsWith('wts') && type === 0x92 && channel < 0x80) return 2
  // With its least, most and mean.
  if (model.startsWith('uc50') && type === 0x02) return 8
  return undefined
}
