// Readings: measured values before they are judged. The unit is in the name.

export const contactStates = ['open', 'closed'] as const
/** `assist`: the green key, help and no emergency. `cancel`: the household calls its own call a mistake. */
export const buttonPresses = ['pressed', 'held', 'double', 'duress', 'assist', 'cancel'] as const
export const mainsStates = ['on', 'off'] as const

/** The known readings. Unknown keys are kept beside them. */
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
  /** For devices that report only that the battery is low. */
  batteryLow?: boolean
  /** Faults of the device, by the device itself or its reader; an empty list ends them. */
  faults?: readonly string[]
  /** Of a sender that reports alarms and not always their end: what this message reports has begun anew. */
  isNewAlarm?: boolean
  [unknownKey: string]: unknown
}
