// Readings: measured values before they mean anything. The unit is in the name.

export const contactStates = ['open', 'closed'] as const
export const buttonPresses = ['pressed', 'held', 'double', 'duress'] as const
export const mainsStates = ['on', 'off'] as const

/** The readings we know. Unknown keys are kept and passed through beside them. */
export interface Readings {
  contact?: (typeof contactStates)[number]
  button?: (typeof buttonPresses)[number]
  waterLevelMm?: number
  motion?: boolean
  smoke?: boolean
  gas?: boolean
  leak?: boolean
  tamper?: boolean
  mains?: (typeof mainsStates)[number]
  batteryPercent?: number
  signalDbm?: number
  temperatureC?: number
  humidityPercent?: number
  carbonMonoxide?: boolean
  vibration?: boolean
  /** For devices that say no more about their battery than that it is low. */
  batteryLow?: boolean
  /** What the device, or whoever reads it, says is wrong with it; an empty list ends it. */
  faults?: readonly string[]
  [unknownKey: string]: unknown
}
