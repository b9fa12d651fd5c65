// The number of a house in words, the same on the desk and on the page of the person who is sent.
import type { BilingualText } from '../../protocols/domain/alarm.ts'

/** `12` is a house number; `石桥东 12 号` already contains it. */
export function household(text: string): BilingualText {
  return /^\d+[A-Za-z]?$/.test(text) ? { zh: `${text} 号`, en: `No. ${text}` } : { zh: text, en: text }
}
