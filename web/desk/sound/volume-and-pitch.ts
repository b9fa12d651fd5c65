// The tunes of the desk, distinguishable by ear, and which of several is played.

/** The most urgent first. */
export const sounds = ['red', 'blind', 'overdue'] as const
export type Sound = (typeof sounds)[number]

export interface Tone {
  atS: number
  hertz: number
  lastsS: number
}
export interface Tune {
  everyMs: number
  volume: number
  shape: 'sine' | 'square' | 'triangle'
  tones: readonly Tone[]
}

const row = (hertz: readonly number[], stepS: number, lastsS: number): Tone[] =>
  hertz.map((one, index) => ({ atS: index * stepS, hertz: one, lastsS }))

export const tunes: Readonly<Record<Sound, Tune>> = {
  red: { everyMs: 2400, volume: 0.5, shape: 'triangle', tones: row([880, 660, 880, 660], 0.34, 0.28) },
  // Falling and slow: it can not be mistaken for a call of a village.
  blind: { everyMs: 8000, volume: 0.4, shape: 'square', tones: row([440, 330, 220], 0.4, 0.34) },
  overdue: { everyMs: 15_000, volume: 0.35, shape: 'sine', tones: row([587, 587], 0.3, 0.18) },
}

/** The most urgent of these, which sounds alone. */
export const loudest = (wanted: ReadonlySet<Sound>): Sound | undefined =>
  sounds.find((one) => wanted.has(one))
