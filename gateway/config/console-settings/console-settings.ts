// Settings that people change at the console: versioned, undone, and never written into the installer's file.
import { bad, ok, type Problem, type Result } from '../../../protocols/kit/result.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import {
  changedEntries,
  findConflicts,
  inOrder,
  isSettingsKey,
  withEntries,
  type SettingsConflict,
  type SettingsEntries,
} from './settings-entries.ts'
import {
  emptySettings,
  readSettings,
  settingsFile,
  writeSettings,
  type SettingsDocument,
  type SetupState,
} from './settings-file.ts'

type Raw = Readonly<Record<string, unknown>>
type Over = (raw: Raw) => Raw
/** Reads the configuration with the console's settings laid over the file. */
export type ReadOver<T> = (over: Over) => Result<T>

export interface SettingsChange {
  by: string
  what: string
  /** Wall time of the box. */
  atMs: number
  /** By key; null leaves it out. */
  set: Readonly<Record<string, unknown>>
  /** Hashes of new passwords by device; null removes one. */
  passwords?: Readonly<Record<string, string | null>>
}

export interface SettingsRead<T> {
  value: T
  ignored: Problem[]
  conflicts: SettingsConflict[]
}

export class ConsoleSettings {
  readonly #dataDir: string
  #document: SettingsDocument
  /** Why the file could not be read: the box works without it, and never overwrites it. */
  readonly problem: string | undefined

  private constructor(dataDir: string, document: SettingsDocument, problem?: string) {
    this.#dataDir = dataDir
    this.#document = document
    this.problem = problem
  }

  static open(dataDir: string): ConsoleSettings {
    const read = readSettings(dataDir)
    return read.ok
      ? new ConsoleSettings(dataDir, read.value)
      : new ConsoleSettings(
          dataDir,
          emptySettings,
          `${settingsFile} can not be read: ${read.problems[0]?.message}`,
        )
  }

  get document(): SettingsDocument {
    return this.#document
  }
  get setup(): SetupState {
    return this.#document.setup
  }
  /** Passwords that the password file does not have yet. */
  get passwords(): Readonly<Record<string, string | null>> {
    return this.#document.passwords
  }

  /** The configuration with the settings; entries that do not fit are left out and named. */
  read<T>(readOver: ReadOver<T>): Result<SettingsRead<T>> {
    const spoilt = this.problem === undefined ? [] : [{ path: settingsFile, message: this.problem }]
    const read = this.#fit(this.#document.entries, readOver)
    return read.ok ? ok({ ...read.value, ignored: [...spoilt, ...read.value.ignored] }) : read
  }

  /** Stores a change durably; refused with the problems that the configuration would have. */
  change<T>(change: SettingsChange, readOver: ReadOver<T>): Result<SettingsRead<T>> {
    const wrong = Object.keys(change.set).find((key) => !isSettingsKey(key))
    if (wrong !== undefined) return bad('the console does not change this 控制台不能更改此项', wrong)
    const raw = rawOf(readOver)
    if (!raw.ok) return raw
    const { entries } = this.#document
    return this.#store(changedEntries(raw.value, entries, change.set, change.by), change, readOver)
  }

  /** Back to the state before version `n`, as a further version. */
  undo<T>(
    n: number,
    { by, atMs }: Pick<SettingsChange, 'by' | 'atMs'>,
    readOver: ReadOver<T>,
  ): Result<SettingsRead<T>> {
    const { versions } = this.#document
    if (!versions.some((version) => version.n === n))
      return bad('there is no such version 没有此版本', 'version')
    const entries: Record<string, SettingsEntries[string]> = { ...this.#document.entries }
    for (const version of versions.toReversed()) {
      if (version.n < n) break
      for (const [key, entry] of Object.entries(version.before))
        if (entry === null) delete entries[key]
        else entries[key] = entry as SettingsEntries[string]
    }
    const gone = Object.keys(this.#document.entries).filter((key) => !(key in entries))
    const passwords = Object.fromEntries(
      gone.filter((key) => key.startsWith('devices.')).map((key) => [key.slice('devices.'.length), null]),
    )
    return this.#store(entries, { by, atMs, what: `undo ${n}`, set: {}, passwords }, readOver)
  }

  /** What of the first start is done: no version of the settings. */
  setSetup(setup: SetupState): Result<void> {
    return this.#write({ ...this.#document, setup })
  }

  /** The password file has them. */
  passwordsPlaced(): Result<void> {
    return Object.keys(this.#document.passwords).length === 0
      ? ok(undefined)
      : this.#write({ ...this.#document, passwords: {} })
  }

  #store<T>(
    entries: SettingsEntries,
    { by, what, atMs, passwords = {} }: SettingsChange,
    readOver: ReadOver<T>,
  ): Result<SettingsRead<T>> {
    const old = this.#document.entries
    const changed = [...new Set([...Object.keys(old), ...Object.keys(entries)])].filter(
      (key) => old[key] !== entries[key],
    )
    const read = this.#fit(entries, readOver)
    if (!read.ok) return read
    const refused = read.value.ignored.filter(({ path }) => changed.includes(path.split(' ')[0] ?? ''))
    if (refused.length > 0) return { ok: false, problems: refused }
    const n = this.#document.last + 1
    const before = Object.fromEntries(changed.map((key) => [key, old[key] ?? null]))
    const written = this.#write({
      ...this.#document,
      entries: entries as SettingsDocument['entries'],
      last: n,
      versions: [...this.#document.versions, { n, atMs, by, what, before }] as SettingsDocument['versions'],
      passwords: { ...this.#document.passwords, ...passwords },
    })
    return written.ok ? read : written
  }

  /** All entries, else as many as fit: by halves, because one parse of a village takes some milliseconds. */
  #fit<T>(entries: SettingsEntries, readOver: ReadOver<T>): Result<SettingsRead<T>> {
    const raw = rawOf(readOver)
    const conflicts = raw.ok ? findConflicts(raw.value, entries) : []
    const readKeys = (keys: readonly string[]): Result<T> =>
      readOver((file) => withEntries(file, entries, keys))
    const all = inOrder(Object.keys(entries))
    const whole = readKeys(all)
    if (whole.ok) return ok({ value: whole.value, ignored: [], conflicts })
    let last = readKeys([])
    if (!last.ok) return last
    const ignored: Problem[] = []
    let fitting: string[] = []
    const add = (keys: readonly string[]): void => {
      if (keys.length === 0) return
      const next = readKeys([...fitting, ...keys])
      if (next.ok) {
        fitting = [...fitting, ...keys]
        last = next
        return
      }
      const [key = ''] = keys
      if (keys.length === 1) {
        const [problem] = next.problems
        ignored.push({ path: key, message: problem?.message ?? 'does not fit' })
        return
      }
      const half = Math.ceil(keys.length / 2)
      add(keys.slice(0, half))
      add(keys.slice(half))
    }
    add(all)
    return last.ok ? ok({ value: last.value, ignored, conflicts }) : last
  }

  #write(document: SettingsDocument): Result<void> {
    if (this.problem !== undefined)
      return bad(`${this.problem}. Move the file away first 请先移走该文件`, settingsFile)
    const written = writeSettings(this.#dataDir, document)
    if (!written.ok) return written
    this.#document = written.value
    return ok(undefined)
  }
}

/** The file as it is under the settings. */
function rawOf<T>(readOver: ReadOver<T>): Result<Raw> {
  let raw: Raw = {}
  const read = readOver((file) => {
    raw = isObject(file) ? file : {}
    return file
  })
  return read.ok ? ok(raw) : read
}
