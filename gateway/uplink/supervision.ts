// The state of the uplink in numbers and in words: what waits, how old it is, and how long the disk space lasts.
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import type { Outbox, StoredRecord } from '../journal/port.ts'
import type { LaneFacts } from './port.ts'

/** Facts are read from the journal at most this often, however often they are requested. */
const freshForMs = 1000
/** A record takes about this much more of the disk than its body: its row, its indexes, the write-ahead log. */
const diskFactor = 2
/** A rate over a shorter time is not reported. */
const rateAfterMs = 60_000

export class Supervision {
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #startedMs: number
  #committedBytes = 0
  #dropped = 0
  #lanes: Promise<Record<Lane, LaneFacts>> | undefined
  #readMs = 0

  constructor(outbox: Outbox, clock: Clock) {
    this.#outbox = outbox
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  get dropped(): number {
    return this.#dropped
  }

  committed(records: readonly StoredRecord[]): void {
    for (const record of records) this.#committedBytes += record.body.length
  }

  drop(records: number): void {
    this.#dropped += records
  }

  lanes(): Promise<Record<Lane, LaneFacts>> {
    const nowMs = this.#clock.monotonicMs()
    if (!this.#lanes || nowMs - this.#readMs > freshForMs) {
      this.#readMs = nowMs
      this.#lanes = this.#read()
    }
    return this.#lanes
  }

  /** Days until the free space is used up at the rate seen so far; undefined while either is unknown. */
  daysLeft(diskFreeBytes: number | undefined): number | undefined {
    const ranMs = this.#clock.monotonicMs() - this.#startedMs
    if (diskFreeBytes === undefined || ranMs < rateAfterMs || this.#committedBytes === 0) return undefined
    return diskFreeBytes / ((this.#committedBytes * diskFactor) / ranMs) / 86_400_000
  }

  async #read(): Promise<Record<Lane, LaneFacts>> {
    const positions = this.#outbox.positions()
    const facts = await Promise.all(
      lanes.map(async (lane): Promise<[Lane, LaneFacts]> => {
        const { last, receipted } = positions[lane]
        if (last <= receipted) return [lane, { waiting: 0, oldestAgeMs: 0 }]
        const [oldest] = await this.#outbox.read(lane, receipted, { recordsMax: 1, bytesMax: 1 })
        return [lane, { waiting: last - receipted, oldestAgeMs: this.#ageMs(oldest) }]
      }),
    )
    return Object.fromEntries(facts) as Record<Lane, LaneFacts>
  }

  #ageMs(record: StoredRecord | undefined): number {
    const body: unknown = record ? JSON.parse(record.body) : undefined
    if (!isObject(body) || typeof body.atMs !== 'number') return 0
    return Math.max(0, this.#clock.wallMs() - body.atMs)
  }
}

/** "holds 19 days at this rate; oldest unsent red 0 s, routine 3 h; dropped 0" */
export function supervisionWords(
  facts: Record<Lane, LaneFacts>,
  daysLeft: number | undefined,
  dropped: number,
): BilingualText {
  const waiting = lanes.filter((lane) => facts[lane].waiting > 0 || lane === 'red')
  const days = daysLeft === undefined ? undefined : Math.min(9999, Math.floor(daysLeft))
  const en = waiting.map((lane) => `${lane} ${age(facts[lane].oldestAgeMs, units.en)}`).join(', ')
  const zh = waiting.map((lane) => `${laneNames[lane]} ${age(facts[lane].oldestAgeMs, units.zh)}`).join('，')
  return {
    en: `${days === undefined ? '' : `holds ${days} days at this rate; `}oldest unsent ${en}; dropped ${dropped}`,
    zh: `${days === undefined ? '' : `按目前速度还能存 ${days} 天；`}最早未送达：${zh}；已丢弃 ${dropped} 条`,
  }
}

const laneNames: Record<Lane, string> = {
  red: '红色',
  orange: '橙色',
  yellow: '黄色',
  blue: '蓝色',
  routine: '日常',
  picture: '图片',
}
const units = { en: ['s', 'min', 'h', 'days'], zh: ['秒', '分钟', '小时', '天'] }

function age(ms: number, names: readonly string[]): string {
  const seconds = Math.floor(ms / 1000)
  const [amount, unit] =
    seconds < 120
      ? [seconds, 0]
      : seconds < 7200
        ? [Math.floor(seconds / 60), 1]
        : seconds < 172_800
          ? [Math.floor(seconds / 3600), 2]
          : [Math.floor(seconds / 86_400), 3]
  return `${amount} ${names[unit]}`
}
