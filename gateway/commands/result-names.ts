// A result of a command contains zones, devices and cameras by id, for programs; people at the desk read their names.
import type { CentreCommandResult } from '../../protocols/uplink/command.ts'

interface Named {
  id: string
  name?: string | undefined
}

const nameLengthMax = 140

/** Adds the names of those that the result mentions. */
export function withNames(result: CentreCommandResult, named: readonly Named[]): CentreCommandResult {
  const about = new Set([...(result.reached ?? []), ...(result.missed ?? [])])
  const names = named.flatMap(({ id, name }): [string, string][] =>
    name !== undefined && name !== id && about.has(id) ? [[id, name.slice(0, nameLengthMax)]] : [],
  )
  return names.length === 0 ? result : { ...result, names: Object.fromEntries(names) }
}
