// A new version on trial proves itself: the journal answers, a device of the box's own gets its PUBACK, the console answers; later a
// Receipt of the centre. The result is in files that the release script reads before the next start.
import { messageOf } from '../../../platform/failure.ts'
import { ownDevice, type DeviceBroker } from '../../broker/port.ts'
import { judgeRelease, type ReleaseFacts } from '../../health/release/judge-release.ts'
import { ReleaseFiles, readTrial } from '../../health/release/release-files.ts'
import type { Journal } from '../../journal/port.ts'
import { stateFolder } from '../../../platform/releases/state-folder.ts'
import type { Uplink } from '../../uplink/port.ts'
import type { Base } from '../base.ts'
import { programFolder } from '../program-folder.ts'

/** Between two checks of a version on trial. */
const lookEveryMs = 5000
const answerMsMax = 4000
/** If the last Receipt is older than this when a version stops, the version had no link. */
const linkAgeMsMax = 600_000

export interface ProveReleaseOptions {
  journal: Pick<Journal, 'readQuarantine'>
  broker: Pick<DeviceBroker, 'proveAnswer'>
  uplink: Pick<Uplink, 'facts'> | undefined
  consoleUrl: string
  lastReceiptMs: () => number | undefined
  /** The version is at fault: stop, so that the release script starts the one before. */
  onFailed: (reason: string) => void
  /** It works by itself, and the centre answers where there is one. */
  onConfirmed?: () => void
  /** The program's folder; found automatically by default. */
  folder?: string
}

/** Starts the proof where a trial is under way; registers the record that a version that is not on trial writes when it stops. */
export function proveRelease(base: Base, options: ProveReleaseOptions): void {
  const { config, logger, clock, version, parts } = base
  const files = new ReleaseFiles(stateFolder(process.env, config.dataDir))
  const trial = readTrial(options.folder ?? programFolder())
  if (trial) {
    parts.add('proof of a new version', startProof(base, { ...options, trial, files }))
    return
  }
  parts.add('whether this version had a link', () => {
    const lastMs = options.lastReceiptMs()
    const isRecent = lastMs !== undefined && clock.monotonicMs() - lastMs <= linkAgeMsMax
    try {
      files.say('had-link', version, isRecent ? 'yes' : 'no')
    } catch (error) {
      logger.warn({ err: error }, 'could not note for the next version whether there was a link')
    }
  })
}

interface Proof extends ProveReleaseOptions {
  trial: { version: string; previous: string }
  files: ReleaseFiles
}

function startProof(base: Base, { trial, files, ...options }: Proof): () => void {
  const { logger, clock } = base
  const startedMs = clock.monotonicMs()
  const hadLink = files.hadLink(trial.previous)
  logger.info({ ...trial, hadLink }, 'this version is on trial')
  let loggedState = ''
  let local: ReleaseFacts['local'] | undefined
  let connectedMs = 0
  let isEnded = false
  let cancel = (): void => undefined
  const look = async (): Promise<void> => {
    // Tried until it works once: each try is an event in the journal.
    if (!local || local.some(({ problem }) => problem !== undefined)) local = await tryLocally(base, options)
    const state = (await options.uplink?.facts())?.state
    if (state === 'up' || state === 'deaf') connectedMs += lookEveryMs
    if (isEnded) return
    const isReceipted = options.lastReceiptMs() !== undefined
    const facts = {
      local,
      hasUplink: options.uplink !== undefined,
      isReceipted,
      unansweredMs: connectedMs,
      hadLink,
    }
    const verdict = judgeRelease(facts, clock.monotonicMs() - startedMs)
    if (verdict.state !== loggedState && verdict.state !== 'trying') {
      const reason = verdict.state === 'failed' ? verdict.reason : undefined
      files.say(verdict.state, trial.version, reason)
      loggedState = verdict.state
      logger[reason === undefined ? 'info' : 'error']({ ...trial, reason }, `this version is ${loggedState}`)
    }
    if (verdict.state === 'confirmed') options.onConfirmed?.()
    if (verdict.state === 'failed') return options.onFailed(verdict.reason)
    if (verdict.state !== 'confirmed') cancel = clock.after(lookEveryMs, run)
  }
  const run = (): void =>
    void look().catch((error: unknown) => {
      logger.error({ err: error }, 'whether this version is good could not be judged or noted')
      if (!isEnded) cancel = clock.after(lookEveryMs, run)
    })
  run()
  return () => {
    isEnded = true
    cancel()
  }
}

/** The same path that a button takes, the thread of the journal, and the page. */
async function tryLocally(
  { random, version }: Base,
  { journal, broker, consoleUrl }: ProveReleaseOptions,
): Promise<ReleaseFacts['local']> {
  const payload = JSON.stringify({ id: `release-${random.hex(8)}`, release: version })
  const event = { device: ownDevice, payload, timeoutMs: answerMsMax }
  const tries: [string, () => Promise<unknown>][] = [
    ['journal', () => journal.readQuarantine(1)],
    ['event of a device', () => broker.proveAnswer(event)],
    ['console', () => askConsole(consoleUrl)],
  ]
  return Promise.all(tries.map(async ([what, run]) => ({ what, problem: await problemOf(run) })))
}

async function problemOf(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Only the answer counts here, not the health in it. */
async function askConsole(url: string): Promise<void> {
  if (url === '') throw new Error('it has not started')
  await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(answerMsMax) })
}
