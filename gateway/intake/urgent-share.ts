// The share of one device in the red and orange lanes while the centre does not keep up with them: a device that repeats its
// alarm a hundred times a second on a thin link would make the call of another device wait behind all of it. Its excess goes
// in the blue lane: never deleted unsent, and later at the centre, which orders the changes of an alarm by their sequence.
import { Counter, type Registry } from 'prom-client'
import { forgetOldest } from '../../platform/forget-oldest.ts'
import type { Colour, Lane } from '../../protocols/domain/colour.ts'
import type { Alarm, AlarmChange, AlarmState } from '../../protocols/domain/alarm.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import type { LanePositions } from '../journal/port.ts'

/** Red and orange records without a Receipt, below which nothing is moved: the link keeps up. */
export const waitingMin = 8
/** Inputs of one device whose records keep their lane at once, and after that in each second. */
export const inputsAtOnce = 10
const inputsPerSecond = 1
/** Devices with recent urgent records, and alarms of each; beyond it the oldest is forgotten, and has its whole share. */
const devicesMax = 2000
const alarmsMax = 32

/** Changes that a raised alarm goes through again and again; all others keep their lane. */
const repeating: ReadonlySet<AlarmChange> = new Set(['repeated', 'returned', 'updated', 'deescalated'])

interface Placed {
  lane: Lane
  record: JournalRecord
}

interface Share {
  left: number
  atMs: number
  /** The newest state of each alarm that went into the urgent lanes. */
  reported: Map<string, { state: AlarmState; colour: Colour }>
}

export interface UrgentShareOptions {
  journal: { positions(): LanePositions }
  metrics: Registry
}

export class UrgentShare {
  readonly #options: UrgentShareOptions
  readonly #shares = new Map<string, Share>()
  readonly #moved

  constructor(options: UrgentShareOptions) {
    this.#options = options
    this.#moved = new Counter({
      name: 'gengfu_urgent_repeats_moved_total',
      help: 'Records of red and orange repeats sent in the blue lane: their device repeats faster than the link carries',
      registers: [options.metrics],
    })
  }

  /** The records of one input of `device`, each in the lane in which it leaves. */
  place(device: string | undefined, records: readonly Placed[], steadyMs: number): readonly Placed[] {
    if (device === undefined) return records
    const alarms = records.flatMap(({ record }) => (record.type === 'alarm' ? [record] : []))
    if (!records.some(({ lane }) => lane === 'red' || lane === 'orange')) return records
    const share = this.#shareOf(device, steadyMs)
    const isRepeat =
      alarms.length > 0 && alarms.every(({ change, alarm }) => isReported(share, change, alarm))
    if (isRepeat && share.left < 1 && this.#waiting() >= waitingMin) {
      this.#moved.inc(records.length)
      return records.map(({ record }) => ({ lane: 'blue', record }))
    }
    share.left = Math.max(0, share.left - 1)
    for (const { alarm } of alarms) share.reported.set(alarm.id, { state: alarm.state, colour: alarm.colour })
    forgetOldest(share.reported, alarmsMax)
    return records
  }

  #shareOf(device: string, steadyMs: number): Share {
    const share = this.#shares.get(device) ?? { left: inputsAtOnce, atMs: steadyMs, reported: new Map() }
    const refill = ((steadyMs - share.atMs) / 1000) * inputsPerSecond
    share.left = Math.min(inputsAtOnce, share.left + refill)
    share.atMs = steadyMs
    this.#shares.delete(device)
    this.#shares.set(device, share)
    forgetOldest(this.#shares, devicesMax)
    return share
  }

  #waiting(): number {
    const { red, orange } = this.#options.journal.positions()
    return red.last - red.receipted + orange.last - orange.receipted
  }
}

/**
 * True when the desk loses nothing by a delay: its newest record in the urgent lanes has the same state, or the state in
 * which a person must answer. So the desk shows a flapping alarm as active.
 */
function isReported({ reported }: Share, change: AlarmChange, { id, state, colour }: Alarm): boolean {
  const last = reported.get(id)
  if (!last || !repeating.has(change) || last.colour !== colour) return false
  return last.state === state || last.state === 'unacknowledged'
}
