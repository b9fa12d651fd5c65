// The changes that a subscriber gets: by village, colour and kind. A change without a village, colour or kind is left out where one is required.
import { alarmKinds } from '../../protocols/domain/alarm.ts'
import { colours } from '../../protocols/domain/colour.ts'
import { isInScope, parseScope } from '../../protocols/desk/scope.ts'
import type { StoredChange } from '../storage/port.ts'
import { factsOf } from './change-facts.ts'

export interface StreamFilter {
  villages?: readonly string[]
  colours?: ReadonlySet<string>
  kinds?: ReadonlySet<string>
}

function listOf(text: string | null, known: readonly string[]): ReadonlySet<string> | undefined | null {
  if (text === null) return undefined
  const names = text.split(',').map((name) => name.trim())
  return names.every((name) => known.includes(name)) ? new Set(names) : null
}

/** `?village=320612104201,320612105&colour=red,orange&kind=sos`; undefined for an invalid filter. */
export function parseStreamFilter(query: URLSearchParams): StreamFilter | undefined {
  const village = query.get('village')
  const villages = village === null ? undefined : (parseScope(village) ?? null)
  const wanted = listOf(query.get('colour'), colours)
  const kinds = listOf(query.get('kind'), alarmKinds)
  if (villages === null || wanted === null || kinds === null) return undefined
  return {
    ...(villages ? { villages } : {}),
    ...(wanted ? { colours: wanted } : {}),
    ...(kinds ? { kinds } : {}),
  }
}

export function isWanted({ villages, colours: wanted, kinds }: StreamFilter, change: StoredChange): boolean {
  if (!villages && !wanted && !kinds) return true
  const { places, colour, kind } = factsOf(change)
  if (villages && !places.some((place) => isInScope(villages, place))) return false
  if (wanted && !(colour !== undefined && wanted.has(colour))) return false
  return !kinds || (kind !== undefined && kinds.has(kind))
}

/** What a subscriber asks for in the address. */
export interface StreamQuery {
  after: string | undefined
  filter: StreamFilter
}

/** Undefined for an invalid filter. A browser sends the last position that it received in a header. */
export function streamQueryOf({ searchParams }: URL, lastHeard?: string | string[]): StreamQuery | undefined {
  const filter = parseStreamFilter(searchParams)
  const heard = typeof lastHeard === 'string' ? lastHeard : undefined
  return filter && { after: heard ?? searchParams.get('after') ?? undefined, filter }
}
