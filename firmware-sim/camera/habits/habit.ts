// What a camera habit is: one thing that real firmware does differently, with what the gateway makes of it and why.

export interface Words {
  zh: string
  en: string
}

export interface Habit {
  /** Kebab-case; the knob. */
  name: string
  /** What the camera does. */
  does: Words
  /** What the gateway does about it, and why. */
  we: Words
}

/** The account of every habit that asks for one. */
export const account = { user: 'admin', password: 'geheim-9!' }
