// Wires what a maintainer asks of a running box on the machine itself: its health, a support bundle, the levels of its log.
import { ControlSocket } from '../../../platform/support/control-socket.ts'
import { levelCalls } from '../../../platform/support/level-calls.ts'
import type { ProgramLog } from '../../../platform/support/program-log.ts'
import {
  bundleBytesMax,
  createBundle,
  machineText,
  readServiceLog,
  type BundlePart,
} from '../../../platform/support/support-bundle.ts'
import { describeProblems, ok } from '../../../protocols/kit/result.ts'
import type { CommandOutcome } from '../../commands/centre-command-document.ts'
import { commandReason } from '../../commands/command-reasons.ts'
import { readEnrolled } from '../../config/enrolment/enrolled-file.ts'
import { sendSigned } from '../../config/enrolment/send-signed.ts'
import type { StoredInput } from '../../intake/port.ts'
import type { HealthReport } from '../../health/health-report.ts'
import { RecentRecords } from '../../support/recent-records.ts'
import type { Base } from '../base.ts'
import type { OpenRegistry } from '../open-registry.ts'

export const serviceUnit = 'gengfu-gateway'

export interface SupportOptions {
  health: HealthReport
  /** Devices that were refused or are not listed. */
  registry: OpenRegistry
  /** Absent in tests that have no log. */
  programLog?: ProgramLog | undefined
}

export class BoxSupport {
  readonly #base: Base
  readonly #recent = new RecentRecords()
  #options: SupportOptions | undefined

  constructor(base: Base) {
    this.#base = base
  }

  async open(options: SupportOptions): Promise<void> {
    this.#options = options
    const { config, clock, parts } = this.#base
    const { programLog, health } = options
    const socket = new ControlSocket(
      config.dataDir,
      {
        health: async () => ok(await health.answer()),
        knocking: async () => ok({ knocking: options.registry.describe().knocking }),
        bundle: async () => ok(await this.bundle()),
        ...(programLog ? levelCalls(programLog.levels, clock) : {}),
      },
      this.#base.logger.child({ part: 'support' }),
    )
    parts.add('control socket', () => socket.stop())
    await socket.start()
  }

  /** Wraps `act`: each stored record is also remembered for the next support bundle. */
  recording(act: (input: StoredInput) => void): (input: StoredInput) => void {
    return (input) => {
      this.#recent.add(input.stored)
      act(input)
    }
  }

  async bundle(): Promise<Uint8Array> {
    const { config, metrics, clock } = this.#base
    const { health, programLog } = this.#options ?? {}
    const parts: BundlePart[] = [
      { name: 'health.json', text: JSON.stringify(await health?.answer(), undefined, 2) },
      { name: 'log.jsonl', text: programLog?.lines.text() ?? '' },
      { name: 'service.log', text: await readServiceLog(serviceUnit) },
      { name: 'records.jsonl', text: this.#recent.text() },
      { name: 'metrics.txt', text: await metrics.metrics() },
      { name: 'machine.txt', text: machineText() },
    ]
    return createBundle({ config, parts, atMs: clock.wallMs() })
  }

  /** Never rejects. */
  async send(): Promise<CommandOutcome> {
    const { config, clock, logger } = this.#base
    try {
      const enrolled = readEnrolled(config.dataDir)
      if (!enrolled?.ok) return { state: 'refused', reason: commandReason('no-enrolment') }
      const bytes = await this.bundle()
      if (bytes.length > bundleBytesMax)
        return { state: 'failed', reason: commandReason('bundle-failed', `${bytes.length}`) }
      const sent = await sendSigned(enrolled.value, 'bundle', bytes, clock.wallMs())
      if (sent.ok) return { state: 'done' }
      return { state: 'failed', reason: commandReason('bundle-failed', describeProblems(sent.problems)) }
    } catch (error) {
      logger.warn({ err: error }, 'a support bundle could not be made')
      return { state: 'failed', reason: commandReason('bundle-failed') }
    }
  }
}
