// The shape of one row of the alarm table, and short ways to write it.
import { lookup } from '../../kit/parse-json.ts'
import type { BilingualText } from '../alarm.ts'
import type { CapSeverity, Colour } from '../colour.ts'

/** Codes for receivers of other makes. Contact ID: qualifier 1 new, 3 restore, before the number. */
export interface AlarmCodes {
  contactId: string
  /** For receivers that do not map the Contact ID number (154, 383 and 384 are often missing). */
  sia: string
  /** GB/T 28181 AlarmMethod: 2 device, 5 video, 6 device fault, 7 other. AlarmPriority follows the colour. */
  gbMethod: number
  /** Set if it differs from the colour's. */
  cap?: CapSeverity
  /** Kind of event in the national warning system (国家突发事件预警信息发布系统), also the EventType of GD/J 082; absent: it has none. */
  event?: string
}

export interface AlarmVariant {
  name: BilingualText
  colour?: Colour
  codes?: Partial<AlarmCodes>
  /** Replaces the kind's guidance if that would do harm. */
  guidance?: BilingualText
}

export interface AlarmRow {
  name: BilingualText
  colour: Colour
  codes: AlarmCodes
  /** `reading`: the device or the box ends it. `answer`: it stands until people close it. */
  endsBy: 'reading' | 'answer'
  /** True when the grade of a zone moves the default colour. Never for life safety. */
  isGraded?: boolean
  variants?: Record<string, AlarmVariant>
  /** When it is raised and when it ends, in words. */
  limits: BilingualText
  /** The guidance: inherited by zones and devices without their own. */
  guidance: BilingualText
}

export type Texts = [zh: string, en: string]
const both = ([zh, en]: Texts): BilingualText => ({ zh, en })

export function row(
  name: Texts,
  colour: Colour,
  codes: [contactId: string, sia: string, gbMethod: number, more?: Pick<AlarmCodes, 'cap' | 'event'>],
  limits: Texts,
  more: Partial<AlarmRow> = {},
): Omit<AlarmRow, 'guidance'> {
  const [contactId, sia, gbMethod, further] = codes
  return {
    name: both(name),
    colour,
    codes: { contactId, sia, gbMethod, ...further },
    endsBy: 'reading',
    limits: both(limits),
    ...more,
    // A variant may come from a box.
    ...(more.variants ? { variants: lookup(more.variants) } : {}),
  }
}

export const variant = (name: Texts, more: Omit<AlarmVariant, 'name'> = {}): AlarmVariant => ({
  name: both(name),
  ...more,
})
