// The centre's changes of the configuration: sections that replace those of the file, in a separate file under dataDir.
// A change is on trial until the centre was reached with it; otherwise the old one is restored automatically.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfigYaml, readConfigText } from '../../platform/config-text.ts'
import { bad, ok, type Problem, type Result } from '../../protocols/kit/result.ts'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import { changeableSections } from './command-settings.ts'
import { readGatewayConfig, type GatewayConfig } from './config.ts'
import { DeviceRegistry } from './device-registry.ts'
import type { PendingRegistryChange, RegistryPlace, RegistryRequest } from './registry-changes.ts'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'
import { ConsoleSettings, type ReadOver, type SettingsChange } from './console-settings/console-settings.ts'
import { inOrder, withEntries, type SettingsConflict } from './console-settings/settings-entries.ts'
import { newBoxId, readEnrolled } from './enrolment/enrolled-file.ts'

/** Starts for which one change may be tried: a configuration that crashes the program is not tried for ever. */
export const trialStartsMax = 3
/** Largest of these files. */
const bytesMax = 1024 * 1024

type Sections = Readonly<Record<string, unknown>>

/** `command` is the centre's command behind the newest change. */
interface Change {
  set: Sections
  command: string
  starts?: number
}

export interface OpenedConfig {
  config: GatewayConfig
  centre: CentreChanges
  /** Devices that were adopted, replaced, forgotten or renamed. */
  registry: DeviceRegistry
  /** Why the centre's changes no longer fit the file: then only the file counts. */
  ignored?: Problem[]
  /** Entries of the registry that do not fit: without these it counts. */
  misfits: Problem[]
  /** Keys of the console that the file has changed since: there the file counts. */
  conflicts: SettingsConflict[]
}

interface Read {
  config: GatewayConfig
  ignored: Problem[]
  conflicts: SettingsConflict[]
}
type Opened = Result<Read>
type Raw = Readonly<Record<string, unknown>>

export class CentreChanges {
  readonly #file: string
  readonly #dataDir: string
  readonly #registry: DeviceRegistry
  /** What people changed at the console. */
  readonly settings: ConsoleSettings
  readonly #paths: { kept: string; trial: string; takenBack: string }
  #trial: Change | undefined

  private constructor(file: string, dataDir: string) {
    this.#file = file
    this.#dataDir = dataDir
    this.#registry = DeviceRegistry.open(dataDir)
    this.settings = ConsoleSettings.open(dataDir)
    const place = (name: string): string => join(dataDir, `centre-config${name}.json`)
    this.#paths = { kept: place(''), trial: place('.trial'), takenBack: place('.taken-back') }
  }

  /** Reads the file, and the centre's changes over it. */
  static open(file: string): Result<OpenedConfig> {
    const own = readGatewayConfig(file)
    if (!own.ok) return own
    const centre = new CentreChanges(file, own.value.dataDir)
    const trial = readChange(centre.#paths.trial)
    if (trial) {
      const starts = (trial.starts ?? 0) + 1
      const tried = centre.#read(trial.set)
      const counted = { ...trial, starts }
      if (tried.ok && starts <= trialStartsMax && centre.#write(centre.#paths.trial, counted)) {
        centre.#trial = counted
        return ok(centre.#opened(tried.value))
      }
      centre.#trial = trial
      centre.takeBack()
    }
    const kept = readChange(centre.#paths.kept)
    const wanted = centre.#read(kept?.set ?? {})
    if (wanted.ok) return ok(centre.#opened(wanted.value))
    const alone = centre.#read({})
    return alone.ok ? ok({ ...centre.#opened(alone.value), ignored: wanted.problems }) : alone
  }

  /** As `open`, for a command that only looks: nothing that is on trial counts as started once more. */
  static look(file: string): Result<OpenedConfig> {
    const own = readGatewayConfig(file)
    if (!own.ok) return own
    const centre = new CentreChanges(file, own.value.dataDir)
    const kept = centre.#read(readChange(centre.#paths.kept)?.set ?? {})
    const wanted = kept.ok ? kept : centre.#read({})
    return wanted.ok ? ok(centre.#opened(wanted.value)) : wanted
  }

  #opened({ config, ignored, conflicts }: Read): OpenedConfig {
    return { config, centre: this, registry: this.#registry, misfits: ignored, conflicts }
  }

  /** The file and the centre's sections, then the console's settings, then the registry of devices. */
  #layers(
    set: Sections,
    seen?: (raw: object) => void,
  ): ReadOver<{ config: GatewayConfig; ignored: Problem[] }> {
    return (settings) =>
      this.#registry.read((devices) =>
        readGatewayConfig(this.#file, set, (raw) => {
          const whole = devices(withEnrolledId(raw, settings(raw), this.#dataDir))
          seen?.(whole)
          return whole
        }),
      )
  }

  #read(set: Sections): Opened {
    const read = this.settings.read(this.#layers(set))
    if (!read.ok) return read
    const { value, ignored, conflicts } = read.value
    return ok({ config: value.config, ignored: [...ignored, ...value.ignored], conflicts })
  }

  get #set(): Sections {
    return (this.#trial ?? readChange(this.#paths.kept))?.set ?? {}
  }

  /** Changes the registry where the configuration stays a valid one with it; it counts from the next start on. */
  changeDevices(request: RegistryRequest, place: RegistryPlace): Result<PendingRegistryChange> {
    const { entries } = this.settings.document
    const keys = inOrder(Object.keys(entries))
    return this.#registry.change(request, place, (over) =>
      readGatewayConfig(this.#file, this.#set, (raw) =>
        over(withEnrolledId(raw, withEntries(raw, entries, keys), this.#dataDir)),
      ),
    )
  }

  /** Changes settings where the configuration stays a valid one; it counts from the next start on. */
  changeSettings(change: SettingsChange): Result<SettingsConflict[]> {
    const changed = this.settings.change(change, this.#layers(this.#set))
    return changed.ok ? ok(changed.value.conflicts) : changed
  }

  undoSettings(version: number, by: string, atMs: number): Result<SettingsConflict[]> {
    const undone = this.settings.undo(version, { by, atMs }, this.#layers(this.#set))
    return undone.ok ? ok(undone.value.conflicts) : undone
  }

  /** The configuration as it is written, with all that was laid over the file; and where the file has changed since. */
  written(): Result<{ raw: Raw; conflicts: SettingsConflict[] }> {
    let raw: Raw = {}
    const read = this.settings.read(
      this.#layers(this.#set, (whole) => {
        raw = whole as Raw
      }),
    )
    return read.ok ? ok({ raw, conflicts: read.value.conflicts }) : read
  }

  /** Ids in the file, in what the centre put in place of its devices, and in the console's settings. */
  idsInFile(): ReadonlySet<string> {
    const { entries } = this.settings.document
    const keys = inOrder(Object.keys(entries))
    const config = readGatewayConfig(this.#file, this.#set, (raw) =>
      withEnrolledId(raw, withEntries(raw, entries, keys), this.#dataDir),
    )
    const own = config.ok ? config : readGatewayConfig(this.#file, this.#set)
    return new Set(own.ok ? own.value.devices.map(({ id }) => id) : [])
  }

  /** The command whose change is on trial in this run. */
  get onTrial(): string | undefined {
    return this.#trial?.command
  }

  /** The command whose change was accepted last, and the one whose change was reverted last. */
  get kept(): string | undefined {
    return readChange(this.#paths.kept)?.command
  }
  get takenBack(): string | undefined {
    return readChange(this.#paths.takenBack)?.command
  }

  /** Sections that replace those of the file now. */
  get sections(): string[] {
    return Object.keys((this.#trial ?? readChange(this.#paths.kept))?.set ?? {})
  }

  /**
   * Puts a change on trial; it counts from the next start on. Refused with the problems that the file itself would
   * have. `isPatch`: the other keys of a section stay as they are.
   */
  propose(command: string, set: Sections, isPatch = false): Result<void> {
    const kept = readChange(this.#paths.kept)?.set ?? {}
    const whole = { ...kept, ...(isPatch ? this.#patched(kept, set) : set) }
    const config = this.#read(whole)
    if (!config.ok) return config
    try {
      writeChange(this.#paths.trial, { set: whole, command })
    } catch (error) {
      return bad((error as Error).message, 'file')
    }
    return ok(undefined)
  }

  #patched(kept: Sections, set: Sections): Sections {
    const text = readConfigText(this.#file)
    const read = text.ok ? parseConfigYaml(text.value) : text
    const file = read.ok && isObject(read.value) ? read.value : {}
    return Object.fromEntries(
      Object.entries(set).map(([name, value]) => {
        const before = kept[name] ?? file[name]
        return [name, isObject(before) && isObject(value) ? { ...before, ...value } : value]
      }),
    )
  }

  /** The centre was reached with it: from now on it counts. */
  keep(): void {
    if (!this.#trial) return
    const { set, command } = this.#trial
    writeChange(this.#paths.kept, { set, command })
    rmSync(this.#paths.trial, { force: true })
    this.#trial = undefined
  }

  /** From the next start on the old configuration counts again. */
  takeBack(): void {
    if (!this.#trial) return
    // On a card that takes no writes the trial begins again when it takes them.
    if (this.#write(this.#paths.takenBack, { set: {}, command: this.#trial.command }))
      rmSync(this.#paths.trial, { force: true })
    this.#trial = undefined
  }

  /** False when the card takes no writes: a change whose starts can not be counted is not tried. */
  #write(path: string, change: Change): boolean {
    try {
      writeChange(path, change)
      return true
    } catch {
      return false
    }
  }
}

/** The centre gives a new box its id: what a person chose before counts until then. */
function withEnrolledId(file: Raw, own: Raw, dataDir: string): Raw {
  const { box } = file
  if (!isObject(box) || box['id'] !== newBoxId || !isObject(own['box'])) return own
  return readEnrolled(dataDir) === undefined ? own : { ...own, box: { ...own['box'], id: newBoxId } }
}

function readChange(path: string): Change | undefined {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  // Written completely or not; an unreadable one was damaged by the flash, and only the configured file counts.
  const json = parseJson(bytes, bytesMax)
  if (!json.ok || !isObject(json.value)) return undefined
  const { set, command, starts } = json.value
  if (!isObject(set) || typeof command !== 'string') return undefined
  const open = Object.entries(set).filter(([name]) =>
    (changeableSections as readonly string[]).includes(name),
  )
  return { set: Object.fromEntries(open), command, ...(typeof starts === 'number' ? { starts } : {}) }
}

const writeChange = (path: string, change: Change): void =>
  replaceFileSync(path, JSON.stringify(change), 0o600)
