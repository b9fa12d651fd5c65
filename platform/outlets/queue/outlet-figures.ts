// Figures of outlets for the metrics page.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface OutletFigures {
  attempt: (outlet: string, result: string, tookMs: number) => void
  /** Since the message was queued. */
  handedOver: (outlet: string, afterMs: number) => void
  waiting: (counts: ReadonlyMap<string, number>) => void
}

const seconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600]

/** `program`: part of the names of the metrics. */
export function createOutletFigures(registry: Registry, program: 'centre' | 'gateway'): OutletFigures {
  const attempts = new Counter({
    name: `gengfu_${program}_outlet_attempts_total`,
    help: 'Attempts to hand a message over, by outlet and result (handed-over, confirmed, refused)',
    labelNames: ['outlet', 'result'],
    registers: [registry],
  })
  const answer = new Histogram({
    name: `gengfu_${program}_outlet_answer_seconds`,
    help: "How long one attempt took: the receiver's own answer time",
    labelNames: ['outlet'],
    buckets: seconds,
    registers: [registry],
  })
  const handed = new Histogram({
    name: `gengfu_${program}_outlet_handed_over_seconds`,
    help: 'From the queueing of a message to its hand-over',
    labelNames: ['outlet'],
    buckets: seconds,
    registers: [registry],
  })
  const waiting = new Gauge({
    name: `gengfu_${program}_outlet_waiting`,
    help: 'Messages that wait for a receiver, by outlet',
    labelNames: ['outlet'],
    registers: [registry],
  })
  return {
    attempt: (outlet, result, tookMs) => {
      attempts.inc({ outlet, result })
      answer.observe({ outlet }, tookMs / 1000)
    },
    handedOver: (outlet, afterMs) => handed.observe({ outlet }, Math.max(0, afterMs) / 1000),
    waiting: (counts) => {
      for (const [outlet, count] of counts) waiting.set({ outlet }, count)
    },
  }
}
