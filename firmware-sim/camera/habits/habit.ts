// A camera habit: one deviation of real firmware, with the gateway's reaction and its reason.

export interface Words {
  zh: string
  en: string
}

export interface Habit {
  /** Kebab-case; the name of the knob. */
  name: string
  /** The behaviour of the camera. */
  does: Words
  /** The reaction of the gateway, and its reason. */
  we: Words
}

/** The account of every habit with a sign-in. */
export const account = { user: 'admin', password: 'geheim-9!' }
