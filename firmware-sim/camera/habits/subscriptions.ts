// A camera's subscriptions by the time of a clock: their lifetime, the end of pulls without events, their maximum
// number.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Habit } from './habit.ts'

export interface SubscriptionHabit extends Habit {
  /** A pull without events is closed after this long. */
  silentMs?: number
  lifeMs: number
  doesPullExtend: boolean
  renew: 'done' | 'refused' | 'closed'
  most: number
}

const usual: Omit<SubscriptionHabit, keyof Habit> = {
  lifeMs: 120_000,
  doesPullExtend: true,
  renew: 'done',
  most: 3,
}

export const subscriptionHabits: SubscriptionHabit[] = [
  {
    ...usual,
    name: 'closes-silent-pulls',
    does: {
      zh: '十秒没有事件就断开，只容三个订阅',
      en: 'closes a pull after ten seconds without an event, and has room for three subscriptions',
    },
    we: { zh: '在同一个订阅上再拉', en: 'pulls again on the same subscription' },
    silentMs: 10_000,
  },
  {
    ...usual,
    name: 'closes-on-renew',
    does: { zh: '续订时断开连接', en: 'closes the connection on a Renew' },
    we: { zh: '续订失败不是重新订阅的理由', en: 'goes on: a failed Renew is no reason to begin anew' },
    renew: 'closed',
  },
  {
    ...usual,
    name: 'ends-after-30-s',
    does: {
      zh: '不能续订，30 秒后订阅就没了',
      en: 'knows no Renew and ends a subscription after 30 seconds',
    },
    we: {
      zh: '期满之前开下一个，拉完旧的再退订',
      en: 'opens the next one before, pulls the rest of the old one and ends it',
    },
    renew: 'refused',
    lifeMs: 30_000,
    doesPullExtend: false,
  },
  {
    ...usual,
    name: 'one-subscription-only',
    does: { zh: '只容一个订阅', en: 'has room for one subscription' },
    we: { zh: '续订同一个，停止时退订', en: 'renews the one, and ends it when it stops' },
    most: 1,
  },
]

interface Live {
  id: number
  endsMs: number
  waiting: string[]
  wake: (() => void) | undefined
}

export type Pull = { events: string[]; leftMs: number } | 'closed' | 'unknown'

export class Subscriptions {
  readonly #habit: SubscriptionHabit
  readonly #clock: Clock
  readonly #live = new Map<number, Live>()
  #lastId = 0
  /** The most at once, and the number opened. */
  most = 0
  opened = 0

  constructor(habit: SubscriptionHabit, clock: Clock) {
    this.#habit = habit
    this.#clock = clock
  }

  get live(): number {
    const nowMs = this.#clock.monotonicMs()
    for (const [id, { endsMs }] of this.#live) if (endsMs <= nowMs) this.#live.delete(id)
    return this.#live.size
  }

  /** Undefined if there is no room. */
  open(): { id: number; lifeMs: number } | undefined {
    if (this.live >= this.#habit.most) return undefined
    const id = ++this.#lastId
    const { lifeMs } = this.#habit
    this.#live.set(id, { id, endsMs: this.#clock.monotonicMs() + lifeMs, waiting: [], wake: undefined })
    this.opened++
    this.most = Math.max(this.most, this.#live.size)
    return { id, lifeMs }
  }

  happen(event: string): void {
    if (this.live === 0) return
    for (const one of this.#live.values()) {
      one.waiting.push(event)
      one.wake?.()
    }
  }

  pull(id: number, waitMs: number): Promise<Pull> {
    const one = this.live > 0 ? this.#live.get(id) : undefined
    if (!one) return Promise.resolve('unknown')
    const { silentMs = Number.POSITIVE_INFINITY, doesPullExtend, lifeMs } = this.#habit
    if (doesPullExtend) one.endsMs = Math.max(one.endsMs, this.#clock.monotonicMs() + lifeMs)
    return new Promise((resolve) => {
      const give = (result?: 'closed'): void => {
        cancel()
        one.wake = undefined
        if (result) return resolve(result)
        resolve({ events: one.waiting.splice(0), leftMs: one.endsMs - this.#clock.monotonicMs() })
      }
      const cancel = this.#clock.after(Math.min(waitMs, silentMs), () =>
        give(silentMs < waitMs ? 'closed' : undefined),
      )
      one.wake = () => give()
      if (one.waiting.length > 0) give()
    })
  }

  renew(id: number): 'done' | 'refused' | 'closed' {
    const one = this.live > 0 ? this.#live.get(id) : undefined
    if (!one) return 'refused'
    if (this.#habit.renew === 'done') one.endsMs = this.#clock.monotonicMs() + this.#habit.lifeMs
    return this.#habit.renew
  }

  end(id: number): void {
    this.#live.delete(id)
  }
}
