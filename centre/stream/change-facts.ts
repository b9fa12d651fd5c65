// What a stored change is about, read once for all open streams.
import type { StoredChange } from '../storage/port.ts'

export interface ChangeFacts {
  /** Villages or boxes; empty when the change is about none: then no scope contains it. */
  places: readonly string[]
  colour?: string
  kind?: string
}

interface Message {
  alarm?: { box: string; colour: string; kind: string }
  picture?: { box: string }
  command?: { box: string }
  case?: { village: string; villages?: string[]; colour: string; kind?: string }
  box?: string | { id: string }
}

/** Of the latest changes: each is asked for by every open stream. */
const known = new WeakMap<StoredChange, ChangeFacts>()

export function factsOf(change: StoredChange): ChangeFacts {
  const found = known.get(change)
  if (found) return found
  const facts = readFacts(JSON.parse(change.json) as Message)
  known.set(change, facts)
  return facts
}

function readFacts({ alarm, picture, command, case: item, box }: Message): ChangeFacts {
  if (alarm) return { places: [alarm.box], colour: alarm.colour, kind: alarm.kind }
  if (item) {
    const { village, villages = [village], colour, kind } = item
    return { places: villages, colour, ...(kind === undefined ? {} : { kind }) }
  }
  const named = picture?.box ?? command?.box ?? box
  const place = typeof named === 'object' ? named.id : named
  return { places: place === undefined ? [] : [place] }
}
