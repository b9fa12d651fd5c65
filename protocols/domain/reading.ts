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
  [unknownKey: string]: unknown
}
