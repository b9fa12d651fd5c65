// An update that the centre asks for: the box fetches the release from its own source, checks it, and offers it to root's service, which
// checks it again and stages it. What became of it is known after the restart, when the new version has proven itself or the old one is back.
import { readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { messageOf } from '../../../platform/failure.ts'
import { parseMinisignKeys } from '../../../platform/releases/minisign.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { describeProblems, type Result } from '../../../protocols/kit/result.ts'
import type { ReleaseArchitecture, ReleaseManifest } from '../../../protocols/releases/release-manifest.ts'
import type { CommandOutcome } from '../../commands/centre-command-document.ts'
import { commandReason } from '../../commands/command-reasons.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { pause } from '../../../platform/time/pause.ts'
import { checkRelease, fetchRelease } from '../../health/release/fetch-release.ts'
import {
  goneBackWords,
  hasGoneBack,
  readTrial,
  readRollback,
  releaseRootOf,
} from '../../health/release/release-files.ts'
import { openReleaseSource, ReleaseSourceFailure } from '../../health/release/release-source.ts'
import { placeOffer, readAnswer, readyName } from '../../health/release/take-offer.ts'
import { programFolder } from '../program-folder.ts'

/** A source that does not answer is asked again after this, for as long as the command lives. */
const againMs = 60_000
/** Root's service is asked for its answer this often, and no longer than this. */
const answerEveryMs = 2000
const answerMsMax = 1_800_000
/** After a restart in the middle of a fetch, it is tried for this long. */
export const resumedMsMax = 3_600_000

export interface UpdateFromCentreOptions {
  config: Pick<GatewayConfig, 'dataDir' | 'updates'>
  version: string
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** Where the program lies; found by itself by default. */
  folder?: string | undefined
  architecture?: ReleaseArchitecture
}

export const ownArchitecture = (): ReleaseArchitecture => (process.arch === 'arm64' ? 'arm64' : 'amd64')

export class UpdateFromCentre {
  readonly #options: UpdateFromCentreOptions
  readonly #folder: string
  readonly #root: string | undefined
  readonly #offer: string
  /** One at a time: two would write into one archive, and each needs the room of a release. */
  #isRunning = false

  constructor(options: UpdateFromCentreOptions) {
    this.#options = options
    this.#folder = options.folder ?? programFolder()
    this.#root = releaseRootOf(this.#folder)
    this.#offer = join(options.config.dataDir, 'release', 'offer')
  }

  get canUpdate(): boolean {
    return this.#root !== undefined && this.#options.config.updates.url !== undefined
  }

  /** Fetches and offers `version`; resolves with `received` when the outcome is known only after the restart. */
  async run(version: string, leftMs: number): Promise<CommandOutcome> {
    if (version === this.#options.version) return { state: 'done', reached: [version] }
    if (this.#root !== undefined && hasGoneBack(this.#root, version))
      return failed('update-refused', goneBackWords(version), version)
    if (this.#isRunning) return failed('update-refused', 'another update is under way', version)
    this.#isRunning = true
    try {
      return await this.#fetchAndOffer(version, leftMs)
    } finally {
      this.#isRunning = false
    }
  }

  async #fetchAndOffer(version: string, leftMs: number): Promise<CommandOutcome> {
    const { clock, logger, signal } = this.#options
    const untilMs = clock.monotonicMs() + leftMs
    for (;;) {
      try {
        const fetched = await this.#fetch(version)
        if (signal.aborted) return { state: 'received', waiting: [version] }
        if (!fetched.ok) return failed('update-refused', describeProblems(fetched.problems), version)
        logger.info({ version }, 'a release was fetched and is offered to the update service')
        placeOffer(this.#offer, version)
        return await this.#answered(version)
      } catch (error) {
        const isFinal = !(error instanceof ReleaseSourceFailure) || error.isFinal
        if (isFinal || clock.monotonicMs() + againMs > untilMs)
          return failed('update-failed', messageOf(error), version)
        logger.warn(
          { version, reason: messageOf(error) },
          'a release could not be fetched; it is tried again',
        )
        await pause(clock, againMs, signal)
        if (signal.aborted) return { state: 'received', waiting: [version] }
      }
    }
  }

  /** After a restart. Undefined: a trial is under way, whose verdict ends the command. */
  async afterRestart(wanted: string): Promise<CommandOutcome | undefined> {
    const root = this.#root
    if (wanted === this.#options.version)
      return readTrial(this.#folder) ? undefined : { state: 'done', reached: [wanted] }
    const back = root === undefined ? undefined : readRollback(root)
    if (back?.version === wanted) return failed('went-back', back.reason, wanted)
    if (!this.canUpdate) return failed('interrupted', this.#options.version, wanted)
    // The power was cut while it was fetched or staged.
    return existsSync(join(this.#offer, readyName)) ? this.#answered(wanted) : this.run(wanted, resumedMsMax)
  }

  async #fetch(version: string): Promise<Result<ReleaseManifest>> {
    const { config, clock, signal, architecture = ownArchitecture() } = this.#options
    const { url = '', keyFile, caFile } = config.updates
    const keys = parseMinisignKeys(readFileSync(keyFile, 'utf8'))
    if (!keys.ok) return keys
    const source = openReleaseSource(url, caFile === undefined ? undefined : readFileSync(caFile, 'utf8'))
    const receiver = { architecture, running: this.#options.version, nowMs: clock.wallMs() }
    try {
      const release = await checkRelease({ source, keys: keys.value, version, ...receiver })
      if (!release.ok) return release
      return await fetchRelease({ source, release: release.value, folder: this.#offer, clock, signal })
    } finally {
      source.close()
    }
  }

  /** Root's service stages it and restarts this program, or refuses. */
  async #answered(version: string): Promise<CommandOutcome> {
    const { clock, signal } = this.#options
    const ready = join(this.#offer, readyName)
    for (let waitedMs = 0; waitedMs < answerMsMax && !signal.aborted; waitedMs += answerEveryMs) {
      await pause(clock, answerEveryMs, signal)
      if (existsSync(ready)) continue
      const answer = readAnswer(this.#root ?? '')
      if (answer?.version === version && !answer.isStaged)
        return failed('update-refused', answer.reason, version)
    }
    if (signal.aborted) return { state: 'received', waiting: [version] }
    return failed('update-failed', 'gengfu-update.service does not take the release', version)
  }
}

const failed = (
  code: Parameters<typeof commandReason>[0],
  detail: string,
  version: string,
): CommandOutcome => ({
  state: code === 'update-refused' ? 'refused' : 'failed',
  reason: commandReason(code, detail),
  missed: [version],
})
