// The queue of messages to receivers as documents in the box's journal, with a copy in memory. What was looked at and the messages that
// came of it are one entry, so that none is lost and none is made twice; an attempt that failed writes nothing, to spare the flash.
import type {
  DeliveryMove,
  DeliveryQueue,
  DueQuery,
  NewDelivery,
  OutletState,
  StoredDelivery,
} from '../../platform/outlets/queue/queue-port.ts'
import { deliveryStates, outletSteps } from '../../protocols/desk/outlets.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import type { Journal } from '../journal/port.ts'

/** Messages that wait for one receiver; a further one fails at once, which is an alarm. */
export const boxWaitingMax = 500
/** Messages that are over: follow-ups and answers ask for them; the oldest is deleted. */
const finishedMax = 500
const wordsMax = 300
const rowPrefix = 'outlet:'
const cursorKey = 'outlets'

type State = readonly (readonly [key: string, value: object | undefined])[]

/** Up to where the lanes were looked at. `sequence` recognises records that a salvage gave other numbers. */
export interface Cursor {
  epoch: string
  lastNumber: number
  lanes: Record<string, { number: number; sequence: number }>
}

export type QueueJournal = Pick<Journal, 'append' | 'loadState'>

const keyOf = ({ number }: StoredDelivery): string => `${rowPrefix}${number}`

function rowOf(value: unknown): StoredDelivery | undefined {
  if (!isObject(value)) return undefined
  const isGood =
    ['id', 'outlet', 'case', 'body', 'words'].every((key) => typeof value[key] === 'string') &&
    ['number', 'attempts', 'colourRank', 'madeAtMs', 'dueAtMs', 'endsAtMs', 'changedAtMs'].every((key) =>
      Number.isFinite(value[key]),
    ) &&
    typeof value['isUrgent'] === 'boolean' &&
    outletSteps.some((step) => step === value['step']) &&
    deliveryStates.some((state) => state === value['state'])
  return isGood ? (value as unknown as StoredDelivery) : undefined
}

export class BoxQueue implements DeliveryQueue<never> {
  readonly #journal: QueueJournal
  readonly #rows = new Map<number, StoredDelivery>()
  /** What the journal has refused; it goes along with the next entry. */
  readonly #unsaved = new Map<string, object | undefined>()
  #cursor: Cursor | undefined

  constructor(journal: QueueJournal) {
    this.#journal = journal
  }

  get cursor(): Cursor | undefined {
    return this.#cursor
  }

  /** Without outlets everything is deleted: a later one begins with what happens then. Messages to others are failed. */
  async open(outlets: readonly string[], fresh: Cursor, atMs: number): Promise<void> {
    const [cursors, rows] = await Promise.all([
      this.#journal.loadState(cursorKey),
      this.#journal.loadState(rowPrefix),
    ])
    const stored = cursors.find(([key]) => key === cursorKey)?.[1] as Cursor | undefined
    if (outlets.length === 0) {
      const all = [...cursors.filter(([key]) => key === cursorKey), ...rows]
      if (all.length > 0)
        await this.#store(
          all.map(([key]) => [key, undefined] as const),
          false,
        )
      return
    }
    for (const [, value] of rows) {
      const row = rowOf(value)
      if (row) this.#rows.set(row.number, row)
    }
    if (stored) this.#cursor = stored
    else await this.add([], fresh, atMs)
    const gone = [...this.#rows.values()].filter(
      ({ state, outlet }) => state === 'waiting' && !outlets.includes(outlet),
    )
    await this.moveDeliveries({
      numbers: gone.map(({ number }) => number),
      state: 'failed',
      words: '出口已不在配置中 / no such outlet is configured any more',
      atMs,
      isAttempt: false,
    })
  }

  async add(made: readonly NewDelivery[], cursor: Cursor, atMs: number): Promise<void> {
    let { lastNumber } = this.#cursor ?? cursor
    const counts = new Map<string, number>()
    for (const { outlet, state } of this.#rows.values())
      if (state === 'waiting') counts.set(outlet, (counts.get(outlet) ?? 0) + 1)
    const added = made.map((one): StoredDelivery => {
      const count = counts.get(one.outlet) ?? 0
      const isFull = count >= boxWaitingMax
      if (!isFull) counts.set(one.outlet, count + 1)
      return {
        ...one,
        number: ++lastNumber,
        state: isFull ? 'failed' : 'waiting',
        words: isFull ? '队列已满 / the queue is full' : '',
        attempts: 0,
        changedAtMs: atMs,
      }
    })
    const next = { ...cursor, lastNumber }
    const isUrgent = made.some((one) => one.isUrgent)
    await this.#store([[cursorKey, next], ...added.map((row) => [keyOf(row), row] as const)], isUrgent)
    this.#cursor = next
    for (const row of added) this.#rows.set(row.number, row)
  }

  async moveDeliveries({ numbers, state, words, atMs, dueAtMs, isAttempt }: DeliveryMove): Promise<never[]> {
    const changes: [string, StoredDelivery][] = []
    for (const number of numbers) {
      const row = this.#rows.get(number)
      // A delivery that is confirmed or given up does not wait again; a late answer may still confirm one that failed.
      if (!row || row.state === 'confirmed' || (row.state !== 'waiting' && state === 'waiting')) continue
      const moved = {
        ...row,
        state,
        words: words.slice(0, wordsMax),
        attempts: row.attempts + (isAttempt ? 1 : 0),
        dueAtMs: dueAtMs ?? row.dueAtMs,
        changedAtMs: atMs,
      }
      if (state === 'waiting') this.#rows.set(number, moved)
      else changes.push([keyOf(moved), moved])
    }
    if (changes.length === 0) return []
    const dropped = this.#overdue(changes.length)
    for (const [, row] of changes) this.#rows.set(row.number, row)
    for (const { number } of dropped) this.#rows.delete(number)
    const entry = [...changes, ...dropped.map((row) => [keyOf(row), undefined] as const)]
    // Urgent: the next message of this receiver waits for the answer. On a full disk the memory counts: a telephone must not ring every
    // second because its answer could not be stored.
    await this.#store(entry, true).catch(() => {
      for (const [key, value] of entry) this.#unsaved.set(key, value)
    })
    return []
  }

  dueDeliveries({ outlet, isUrgent, nowMs, limit, isAll }: DueQuery): Promise<StoredDelivery[]> {
    const due = this.#waitingFor(outlet, isUrgent).filter(({ dueAtMs }) => isAll || dueAtMs <= nowMs)
    due.sort((one, other) => one.colourRank - other.colourRank || one.number - other.number)
    return Promise.resolve(due.slice(0, limit))
  }

  nextDelivery(outlet: string, isUrgent: boolean): Promise<number | undefined> {
    const due = this.#waitingFor(outlet, isUrgent).map(({ dueAtMs }) => dueAtMs)
    return Promise.resolve(due.length === 0 ? undefined : Math.min(...due))
  }

  delivery(id: string): StoredDelivery | undefined {
    return [...this.#rows.values()].find((row) => row.id === id)
  }

  /** What the receivers of an alarm have got. */
  sentOf(alarm: string): StoredDelivery[] {
    return [...this.#rows.values()].filter((row) => row.case === alarm)
  }

  outletStates(handedAfterMs: number): Promise<OutletState[]> {
    const states = new Map<string, OutletState>()
    for (const { outlet, state, isUrgent, madeAtMs, changedAtMs } of this.#rows.values()) {
      const known = states.get(outlet) ?? { outlet, waiting: 0 }
      states.set(outlet, known)
      if (state === 'waiting') {
        known.waiting++
        if (isUrgent) known.urgentSinceMs = Math.min(known.urgentSinceMs ?? madeAtMs, madeAtMs)
      } else if (state === 'handed-over' && changedAtMs > handedAfterMs)
        known.unconfirmedSinceMs = Math.min(known.unconfirmedSinceMs ?? changedAtMs, changedAtMs)
    }
    return Promise.resolve([...states.values()])
  }

  #waitingFor(outlet: string, isUrgent: boolean): StoredDelivery[] {
    return [...this.#rows.values()].filter(
      (row) => row.outlet === outlet && row.isUrgent === isUrgent && row.state === 'waiting',
    )
  }

  /** The oldest finished rows beyond the limit, when `more` rows become finished. */
  #overdue(more: number): StoredDelivery[] {
    const finished = [...this.#rows.values()].filter(({ state }) => state !== 'waiting')
    return finished.slice(0, Math.max(0, finished.length + more - finishedMax))
  }

  async #store(state: State, isUrgent: boolean): Promise<void> {
    const pending = [...this.#unsaved]
    await this.#journal.append({ records: [], state: [...pending, ...state], isUrgent })
    for (const [key, value] of pending) if (this.#unsaved.get(key) === value) this.#unsaved.delete(key)
  }
}
