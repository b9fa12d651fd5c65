// The settings that people change at the console, each by its key, laid over the installer's file: pure. The file stays as it is; where
// it was edited after the console changed a key, the file counts and the key is a conflict.
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../../../protocols/kit/parse-json.ts'

export interface SettingsEntry {
  /** Null: the key is left out. */
  value: unknown
  /** What the file had when the console changed the key; absent: nothing. */
  base?: unknown
  by: string
}
export type SettingsEntries = Readonly<Record<string, SettingsEntry>>

export interface SettingsConflict {
  key: string
  file: unknown
  console: unknown
  by: string
}

/** Lists whose entries have an `id`. */
const lists = ['zones', 'devices', 'rules', 'cameras'] as const
/** In the order in which they are tried: a device may name a zone of the same change. */
const keyPatterns = [
  /^mqtt\.(passwordFile|listeners)$/,
  /^box\.(id|name)$/,
  /^limits\.([A-Za-z]{1,40})$/,
  /^zones\.([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/,
  /^devices\.([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/,
  /^rules\.([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/,
  /^cameras\.([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/,
]

export const isSettingsKey = (key: string): boolean => keyPatterns.some((pattern) => pattern.test(key))
const rankOf = (key: string): number => keyPatterns.findIndex((pattern) => pattern.test(key))
export const inOrder = (keys: readonly string[]): string[] => [...keys].sort((a, b) => rankOf(a) - rankOf(b))

type Raw = Readonly<Record<string, unknown>>

const partsOf = (key: string): [section: string, name: string] => {
  const dot = key.indexOf('.')
  return [key.slice(0, dot), key.slice(dot + 1)]
}
const isList = (section: string): boolean => (lists as readonly string[]).includes(section)

/** The value of a key in a configuration as it was written. */
export function valueOf(raw: Raw, key: string): unknown {
  const [section, name] = partsOf(key)
  const value = raw[section]
  if (!isList(section)) return isObject(value) ? value[name] : undefined
  if (!Array.isArray(value)) return undefined
  return value.find((entry: unknown) => isObject(entry) && entry['id'] === name) as unknown
}

function setValue(raw: Raw, key: string, value: unknown): Raw {
  const [section, name] = partsOf(key)
  const before = raw[section]
  if (!isList(section)) {
    const { [name]: _old, ...rest } = isObject(before) ? before : {}
    return { ...raw, [section]: value === null ? rest : { ...rest, [name]: value } }
  }
  const list: unknown[] = Array.isArray(before) ? before : []
  const isIt = (entry: unknown): boolean => isObject(entry) && entry['id'] === name
  if (value === null) return { ...raw, [section]: list.filter((entry) => !isIt(entry)) }
  const isThere = list.some(isIt)
  return {
    ...raw,
    [section]: isThere ? list.map((entry) => (isIt(entry) ? value : entry)) : [...list, value],
  }
}

const same = (one: unknown, other: unknown): boolean => isDeepStrictEqual(one ?? null, other ?? null)

/** Also false when a person wrote into the file what the console had set. */
export function isConflict(raw: Raw, key: string, { value, base }: SettingsEntry): boolean {
  const file = valueOf(raw, key)
  return !same(file, base) && !same(file, value)
}

/** The configuration with these keys of the console; those in conflict are left to the file. */
export function withEntries(raw: Raw, entries: SettingsEntries, keys: readonly string[]): Raw {
  let result = raw
  // Lists are replaced once and not once per entry: a village has 500 devices.
  const added = new Map<string, Map<string, unknown>>()
  for (const key of keys) {
    const entry = entries[key]
    if (!entry || isConflict(raw, key, entry)) continue
    const [section, name] = partsOf(key)
    if (!isList(section)) result = setValue(result, key, entry.value)
    else added.set(section, (added.get(section) ?? new Map<string, unknown>()).set(name, entry.value))
  }
  for (const [section, values] of added) result = { ...result, [section]: withList(result[section], values) }
  return result
}

function withList(before: unknown, values: ReadonlyMap<string, unknown>): unknown[] {
  const list: unknown[] = Array.isArray(before) ? before : []
  const seen = new Set<unknown>()
  const changed = list.flatMap((entry) => {
    const id: unknown = isObject(entry) ? entry['id'] : undefined
    seen.add(id)
    if (typeof id !== 'string' || !values.has(id)) return [entry]
    const value = values.get(id)
    return value === null ? [] : [value]
  })
  return [
    ...changed,
    ...[...values].flatMap(([id, value]) => (value === null || seen.has(id) ? [] : [value])),
  ]
}

export function findConflicts(raw: Raw, entries: SettingsEntries): SettingsConflict[] {
  return Object.entries(entries).flatMap(([key, entry]) =>
    isConflict(raw, key, entry)
      ? [{ key, file: valueOf(raw, key) ?? null, console: entry.value, by: entry.by }]
      : [],
  )
}

/** Entries after a change; a value that the file has anyway needs none. */
export function changedEntries(
  raw: Raw,
  entries: SettingsEntries,
  set: Readonly<Record<string, unknown>>,
  by: string,
): SettingsEntries {
  const next: Record<string, SettingsEntry> = { ...entries }
  for (const [key, value] of Object.entries(set)) {
    const base = valueOf(raw, key)
    if (same(base, value)) delete next[key]
    else next[key] = { value: value ?? null, ...(base === undefined ? {} : { base }), by }
  }
  return next
}
