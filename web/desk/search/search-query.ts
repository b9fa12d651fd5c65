// The question of a search as the centre takes it: words, place, kind, colour and whole days. Pure.
import type { AlarmKind } from '../../../protocols/domain/alarm.ts'
import type { Colour } from '../../../protocols/domain/colour.ts'

export interface SearchForm {
  what: 'alarms' | 'cases'
  text: string
  /** A village, or the code of a town or county. */
  village: string
  kind: AlarmKind | ''
  colour: Colour | ''
  /** Days such as 2026-11-30, both in; empty: open. */
  from: string
  to: string
  /** Also what is over. */
  isAll: boolean
}

export const emptyForm = (): SearchForm => ({
  what: 'alarms',
  text: '',
  village: '',
  kind: '',
  colour: '',
  from: '',
  to: '',
  isAll: true,
})

/** China has one time zone; a day begins and ends in it. */
const utcOffsetMs = 8 * 3_600_000
const dayMs = 86_400_000
export const pageSize = 50

/** The first moment of a day in China; undefined for what is no day. */
export function dayStartMs(day: string): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) - utcOffsetMs : NaN
  return Number.isNaN(ms) ? undefined : ms
}

export const isSpan = ({ from, to }: Pick<SearchForm, 'from' | 'to'>): boolean =>
  (dayStartMs(from) ?? -Infinity) <= (dayStartMs(to) ?? Infinity)

/** The path behind `api/v1/`. */
export function searchPath(form: SearchForm, after?: string): string {
  const query = new URLSearchParams({ limit: String(pageSize) })
  const state = { alarms: form.isAll ? 'all' : 'active', cases: form.isAll ? 'all' : 'open' }
  query.set('state', state[form.what])
  const [text, village] = [form.text.trim(), form.village.trim()]
  if (text !== '') query.set('q', text)
  if (village !== '') query.set('village', village)
  if (form.kind !== '') query.set('kind', form.kind)
  if (form.colour !== '') query.set('colour', form.colour)
  const [from, to] = [dayStartMs(form.from), dayStartMs(form.to)]
  // Without any condition the answer is in the order of urgency: a search has the newest first.
  query.set('from', String(Math.max(0, from ?? 0)))
  if (to !== undefined) query.set('to', String(to + dayMs))
  if (after !== undefined) query.set('after', after)
  return `${form.what}?${query.toString()}`
}
