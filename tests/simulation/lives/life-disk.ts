// The box's disk and its thread as a model: a commit is there completely or not at all, whatever happens meanwhile.
// Checks that its content is consistent.
import { JournalError, type UncountedId, type StoredRecord } from '../../../gateway/journal/port.ts'
import type { JournalThread } from '../../../gateway/journal/open-worker.ts'
import type { CommitRequest, OpenedJournal, WorkerRequest } from '../../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { AlarmRecord, JournalRecord } from '../../../protocols/domain/record.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { contentHash } from '../../../protocols/kit/content-hash.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { BrokenPromise, type Canary, type LifeFaults } from './life-faults.ts'

const space = { state: 'sound' as const, freeBytes: 1e9, isForAlarmsOnly: false, dropped: 0 }

export class Disk {
  readonly epoch = 'e0e0e0e0e0e0'
  boot = 0
  readonly rows = new Map<Lane, Map<number, string>>(lanes.map((lane) => [lane, new Map<number, string>()]))
  readonly last = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>
  readonly state = new Map<string, string>()
  readonly uncountedIds: UncountedId[] = []
  /** Every event ever stored, by device and message id, and its position. */
  readonly events = new Map<string, { lane: Lane; number: number }>()
  /** The newest record of every alarm ever stored. */
  readonly alarms = new Map<string, AlarmRecord>()
  readonly evicted = new Set<string>()
  #receipted = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>

  open(): OpenedJournal {
    this.boot++
    let lastSequence = 0
    for (const lane of lanes) {
      const body = this.rows.get(lane)?.get(this.last[lane])
      if (body) lastSequence = Math.max(lastSequence, (JSON.parse(body) as JournalRecord).sequence)
    }
    const positions = Object.fromEntries(
      lanes.map((lane) => [lane, { last: this.last[lane], receipted: this.#receipted[lane] }]),
    ) as OpenedJournal['positions']
    const { epoch, boot } = this
    return { epoch, boot, positions, lastSequence, quarantined: 0, sizeBytes: 0, space }
  }

  apply(request: CommitRequest, isTorn = false): void {
    const count = isTorn ? Math.ceil(request.numbers.length / 2) : request.numbers.length
    for (let i = 0; i < count; i++) {
      const lane = lanes[request.lanes[i] ?? 0] ?? 'routine'
      this.#keep(lane, request.numbers[i] ?? 0, request.bodies[i] ?? '')
    }
    if (isTorn) return
    for (const [key, value] of request.state)
      if (value === null) this.state.delete(key)
      else this.state.set(key, value)
    this.uncountedIds.push(...request.uncountedIds)
    if (request.keepsReceipted) this.#receipted = { ...request.receipted }
  }

  #keep(lane: Lane, number: number, body: string): void {
    if (number !== this.last[lane] + 1)
      throw new BrokenPromise(`${lane} ${number} leaves a gap in the journal`)
    this.last[lane] = number
    this.rows.get(lane)?.set(number, body)
    const record = JSON.parse(body) as JournalRecord
    if (record.type === 'event') {
      const key = `${record.device} ${record.messageId}`
      if (this.events.has(key)) throw new BrokenPromise(`${key} is kept twice`)
      this.events.set(key, { lane, number })
    }
    if (record.type === 'alarm') this.alarms.set(record.alarm.id, record)
  }

  /** Deletes receipted records, as a full disk does; the newest row of a lane stays. */
  evict(receipted: Record<Lane, number>): void {
    for (const lane of lanes)
      for (const [number, body] of this.rows.get(lane) ?? [])
        if (number <= receipted[lane] && number < this.last[lane]) {
          this.rows.get(lane)?.delete(number)
          this.evicted.add(`${lane}/${number}`)
          const record = JSON.parse(body) as JournalRecord
          // The ids stay, as in the real journal.
          if (record.type === 'event') {
            const content = contentHash(record.readings, record.deviceAtMs)
            this.uncountedIds.push([record.device, record.messageId, -1 - content])
          }
        }
  }

  read(lane: Lane, after: number, recordsMax: number): StoredRecord[] {
    const found: StoredRecord[] = []
    const rows = this.rows.get(lane)
    for (let number = after + 1; number <= this.last[lane] && found.length < recordsMax; number++) {
      const body = rows?.get(number)
      if (body !== undefined) found.push({ lane, number, body })
    }
    return found
  }

  /** The document of every alarm agrees with its newest record: they were committed together. */
  check(): void {
    const standing = new Map<string, string>()
    for (const [key, text] of this.state)
      if (key.startsWith('judge:alarm:')) {
        const { alarm, isUntold } = JSON.parse(text) as {
          alarm: { id: string; state: string }
          isUntold?: boolean
        }
        // A chattering alarm below red sends its repeats once a minute.
        standing.set(alarm.id, isUntold ? (this.alarms.get(alarm.id)?.alarm.state ?? 'untold') : alarm.state)
      }
    for (const [id, { alarm }] of this.alarms)
      if ((standing.get(id) ?? 'normal') !== alarm.state)
        throw new BrokenPromise(
          `${id} is ${standing.get(id) ?? 'normal'}, its last record says ${alarm.state}`,
        )
    for (const [id, state] of standing)
      if (state !== 'normal' && !this.alarms.has(id)) throw new BrokenPromise(`${id} stands without a record`)
  }
}

export interface ThreadOptions {
  disk: Disk
  clock: Clock
  random: Random
  faults: () => LifeFaults
  canary: Canary | undefined
  /** The power fails now. */
  onPowerCut: () => void
}

/** One opening of the disk; `die` is a power cut. */
export class DiskThread implements JournalThread {
  readonly opened: OpenedJournal
  readonly ended = new Promise<void>(() => undefined)
  readonly #options: ThreadOptions
  /** In the order in which they will be on disk. */
  readonly #running: CommitRequest[] = []
  #freeMs = 0
  #isDead = false
  #hasCommitted = false

  constructor(options: ThreadOptions) {
    this.#options = options
    if (options.canary === 'forgets-alarms')
      for (const key of options.disk.state.keys())
        if (key.startsWith('judge:alarm:')) options.disk.state.delete(key)
    this.opened = options.disk.open()
  }

  sizeBytes = (): number => 0
  space = () => space
  spoilt = (): number => 0

  die(): void {
    this.#isDead = true
    const { disk, random, canary } = this.#options
    const [first] = this.#running
    if (first && canary === 'tears-commits') return disk.apply(first, true)
    for (const request of this.#running) {
      // It was running: on disk or not, without an answer. Later ones are not there without it.
      if (random.next() < 0.5) return
      disk.apply(request)
    }
  }

  ask(request: WorkerRequest): Promise<unknown> {
    const { clock, random, faults } = this.#options
    const tookMs = request.type === 'commit' ? random.next() * faults().commitMsMax : random.next() * 3
    const nowMs = clock.monotonicMs()
    this.#freeMs = Math.max(this.#freeMs, nowMs) + tookMs
    if (request.type === 'commit') {
      this.#running.push(request)
      if (random.next() < faults().dieInCommit)
        clock.after(this.#freeMs - nowMs - random.next() * tookMs, () => {
          if (!this.#isDead) this.#options.onPowerCut()
        })
    }
    return new Promise((resolve, reject) => {
      clock.after(this.#freeMs - nowMs, () => {
        if (this.#isDead) return
        try {
          resolve(this.#answer(request))
        } catch (error) {
          if (!(error instanceof JournalError)) throw error
          reject(error)
        }
      })
    })
  }

  #answer(request: WorkerRequest): unknown {
    const { disk, random, faults, canary } = this.#options
    if (request.type !== 'commit' && !this.#hasCommitted && canary === 'forgets-repeats') return []
    switch (request.type) {
      case 'commit':
        this.#running.shift()
        this.#hasCommitted = true
        if (random.next() < faults().refuseCommit) throw new JournalError('SQLITE_IOERR', 'the disk refused')
        disk.apply(request)
        if (random.next() < faults().evictReceipted) disk.evict(request.receipted)
        return undefined
      case 'read':
        return disk.read(request.lane, request.after, Math.min(request.recordsMax, 300))
      case 'state':
        return [...disk.state]
          .filter(([key]) => key.startsWith(request.prefix))
          .map(([key, text]): [string, unknown] => [key, JSON.parse(text)])
      case 'uncountedIds':
        return [...disk.uncountedIds]
      default:
        return request.type === 'trim' ? 0 : []
    }
  }
}
