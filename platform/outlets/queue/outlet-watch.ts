// Which receivers fail or are silent, from the attempts, the queue and their supervision; each is an alarm of the program.
import type { Logger } from 'pino'
import type { OutletSummary } from '../../../protocols/desk/outlets.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { OutletCommon } from '../settings/outlet-rules.ts'
import type { OutletState } from './queue-port.ts'
import { plainWords } from '../answer-bytes.ts'

/** A message that was handed over longer ago than this is not waited for any more. */
const unconfirmedMsMax = 86_400_000
const notHandedOver = '未能交给接收方 / not handed over'

export type TroubleKind = 'outlet-failed' | 'outlet-silent'

/** The alarms of a program about its outlets. */
export interface OutletTroubles {
  /** Raises the alarm with the receiver's words, or ends it; nothing changes when it stands already, or does not. */
  set: (kind: TroubleKind, outlet: string, words: string | undefined) => void
  /** Outlets whose alarm stood when the program was stopped. */
  standing: (kind: TroubleKind) => string[]
}

export interface OutletWatchOptions {
  settings: readonly OutletCommon[]
  /** Messages that may wait for one receiver. */
  waitingMax: number
  storage: { outletStates(handedAfterMs: number): Promise<OutletState[]> }
  clock: Clock
  logger: Logger
  troubles: OutletTroubles
  onWaiting: (counts: ReadonlyMap<string, number>) => void
}

interface Watched {
  settings: OutletCommon
  /** What an attempt said that was given up, or the words of the last one while an urgent message waits too long. */
  failed?: string | undefined
  isFull: boolean
  isLate: boolean
  unanswered?: string | undefined
  isUnconfirmed: boolean
  lastAtMs?: number
  lastWords?: string
}

export class OutletWatch {
  readonly #options: OutletWatchOptions
  readonly #watched: Map<string, Watched>
  #isLooking = false

  constructor(options: OutletWatchOptions) {
    this.#options = options
    const fresh = (settings: OutletCommon): Watched => ({
      settings,
      isFull: false,
      isLate: false,
      isUnconfirmed: false,
    })
    this.#watched = new Map(options.settings.map((one) => [one.name, fresh(one)]))
  }

  /** Alarms of the last run stand until the receiver works again; those about outlets that are gone end. */
  start(): void {
    const { troubles } = this.#options
    for (const kind of ['outlet-failed', 'outlet-silent'] as const)
      for (const name of troubles.standing(kind)) {
        const watched = this.#watched.get(name)
        if (!watched) troubles.set(kind, name, undefined)
        else if (kind === 'outlet-failed') watched.failed = notHandedOver
        else watched.unanswered = notHandedOver
      }
  }

  attempted(name: string, isWell: boolean, words: string, isGivenUp: boolean): void {
    const watched = this.#watched.get(name)
    if (!watched) return
    watched.lastAtMs = Math.round(this.#options.clock.wallMs())
    watched.lastWords = plainWords(words)
    if (isWell) {
      watched.failed = undefined
      watched.isLate = false
      watched.unanswered = undefined
    } else if (isGivenUp) watched.failed = plainWords(words)
    this.#tell(watched)
  }

  /** Its supervision was answered, or was not. */
  heard(name: string, isWell: boolean, words: string): void {
    const watched = this.#watched.get(name)
    if (!watched) return
    watched.unanswered = isWell ? undefined : plainWords(words)
    this.#tell(watched)
  }

  /** About once a second. */
  look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    const { storage, clock, logger, onWaiting } = this.#options
    void storage
      .outletStates(clock.wallMs() - unconfirmedMsMax)
      .then((states) => {
        const byName = new Map(states.map((state) => [state.outlet, state]))
        for (const [name, watched] of this.#watched) this.#compare(watched, byName.get(name))
        onWaiting(new Map([...this.#watched.keys()].map((name) => [name, byName.get(name)?.waiting ?? 0])))
      })
      .catch((error: unknown) => logger.error({ err: error }, 'the queues of outlets could not be looked at'))
      .finally(() => (this.#isLooking = false))
  }

  stateOf(name: string): Pick<OutletSummary, 'trouble' | 'lastAtMs' | 'lastWords'> {
    const watched = this.#watched.get(name)
    if (!watched) return {}
    const trouble = failedWords(watched) ?? silentWords(watched)
    const { lastAtMs, lastWords } = watched
    return {
      ...(trouble === undefined ? {} : { trouble }),
      ...(lastAtMs === undefined ? {} : { lastAtMs }),
      ...(lastWords === undefined ? {} : { lastWords }),
    }
  }

  #compare(watched: Watched, state: OutletState | undefined): void {
    const nowMs = this.#options.clock.wallMs()
    const { alarmAfterSeconds, confirmWithinMinutes } = watched.settings
    const { urgentSinceMs, unconfirmedSinceMs, waiting = 0 } = state ?? {}
    watched.isLate = urgentSinceMs !== undefined && nowMs - urgentSinceMs >= alarmAfterSeconds * 1000
    watched.isFull = waiting >= this.#options.waitingMax
    watched.isUnconfirmed =
      confirmWithinMinutes !== undefined &&
      unconfirmedSinceMs !== undefined &&
      nowMs - unconfirmedSinceMs >= confirmWithinMinutes * 60_000
    this.#tell(watched)
  }

  #tell(watched: Watched): void {
    const { troubles } = this.#options
    const { name } = watched.settings
    troubles.set('outlet-failed', name, failedWords(watched))
    troubles.set('outlet-silent', name, silentWords(watched))
  }
}

function failedWords({ failed, isLate, isFull, lastWords }: Watched): string | undefined {
  if (failed !== undefined) return failed
  if (isFull) return '等待的消息已满 / as many messages wait as may'
  return isLate ? (lastWords ?? notHandedOver) : undefined
}

const silentWords = ({ unanswered, isUnconfirmed }: Watched): string | undefined =>
  unanswered ?? (isUnconfirmed ? '已交出，未得到确认 / handed over and not confirmed' : undefined)
