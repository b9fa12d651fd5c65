// Events of accounts, tokens and views: counted, logged and stored in groups, so that a flood of failures costs alarms
// at most one commit per second.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { networkOf } from '../../platform/strangers/network-address.ts'
import { securityEvents, type SecurityEvent } from '../../protocols/desk/accounts.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { SecurityEntry, Storage } from '../storage/port.ts'

const writeEveryMs = 1000
/** Most entries that wait for the disk; further ones are counted and dropped. */
const waitingMax = 1000
const textLengthMax = 200
/**
 * A client can cause refusals without end. Of one kind and network this many are stored at once, then one per pause with the number
 * of those between. All refusals together fill half of the places: an act of a person, such as a look, always finds one.
 */
const refusals: ReadonlySet<SecurityEvent> = new Set<SecurityEvent>([
  'sign-in-failed',
  'sign-in-throttled',
  'refused-by-role',
  'link-refused',
  'box-refused',
  'box-enrolment-refused',
])
export const refusalsAtOnce = 60
const refusalPauseMs = 10_000
/** Kinds and networks that are remembered; beyond it the oldest is forgotten. */
const pacesMax = 5000

export interface SecurityLogOptions {
  storage: Pick<Storage, 'noteSecurity'>
  clock: Clock
  logger: Logger
  registry: Registry
}

/** Control characters and characters that reverse a line's direction are removed. */
const printable = (text: string): string => text.replaceAll(/\p{C}/gu, '?').slice(0, textLengthMax)

interface Pace {
  level: number
  atMs: number
  leftOut: number
}

export class SecurityLog {
  readonly #options: SecurityLogOptions
  readonly #paces = new Map<string, Pace>()
  readonly #events
  readonly #waiting: SecurityEntry[] = []
  #cancel: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()
  #dropped = 0

  constructor(options: SecurityLogOptions) {
    this.#options = options
    this.#events = new Counter({
      name: 'gengfu_centre_security_events_total',
      help: 'Sign-ins, failures, throttling, changes of accounts and tokens, looks',
      labelNames: ['what'],
      registers: [options.registry],
    })
    // Exported as zero from the start, so that an alert rule sees the first increase.
    for (const what of securityEvents) this.#events.inc({ what }, 0)
  }

  note(what: SecurityEvent, who: string, address: string, detail = ''): void {
    const { clock, logger } = this.#options
    this.#events.inc({ what })
    const leftOut = refusals.has(what) ? this.#leftOut(what, address) : 0
    if (leftOut === undefined) return
    const entry = {
      atMs: Math.round(clock.wallMs()),
      what,
      who: printable(who),
      address: printable(address),
      detail: printable(leftOut > 0 ? `${detail} (+ ${leftOut})` : detail),
    }
    const { atMs: _, ...facts } = entry
    logger.info(facts, 'security')
    if (this.#waiting.length >= (refusals.has(what) ? waitingMax / 2 : waitingMax)) {
      this.#dropped++
      return
    }
    this.#waiting.push(entry)
    this.#cancel ??= clock.after(writeEveryMs, () => void this.#write())
  }

  /** How many of this kind and network were left out before this one; undefined: this one is, too. */
  #leftOut(what: SecurityEvent, address: string): number | undefined {
    const nowMs = this.#options.clock.monotonicMs()
    const key = `${what} ${networkOf(address)}`
    const pace = this.#paces.get(key) ?? { level: 0, atMs: nowMs, leftOut: 0 }
    this.#paces.delete(key)
    this.#paces.set(key, pace)
    forgetOldest(this.#paces, pacesMax)
    pace.level = Math.max(0, pace.level - (nowMs - pace.atMs) / refusalPauseMs)
    pace.atMs = nowMs
    if (pace.level + 1 > refusalsAtOnce) {
      pace.leftOut++
      return undefined
    }
    pace.level++
    const { leftOut } = pace
    pace.leftOut = 0
    return leftOut
  }

  async stop(): Promise<void> {
    await this.#write()
    this.#cancel?.()
  }

  #write(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    const entries = this.#waiting.splice(0)
    if (entries.length === 0) return this.#writing
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#options.storage.noteSecurity(entries)
        if (this.#dropped > 0)
          this.#options.logger.warn({ dropped: this.#dropped }, 'security entries were dropped')
        this.#dropped = 0
      } catch (error) {
        this.#options.logger.error(
          { err: error, entries: entries.length },
          'the security log can not be written',
        )
      }
    })
    return this.#writing
  }
}
