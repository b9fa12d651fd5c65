// Reports the events of cameras and pictures: facts for the journal, the offline alarm, counters, the log.
import type { Logger } from 'pino'
import { outranks, type Colour } from '../../protocols/domain/colour.ts'
import type { Condition } from './camera-condition.ts'
import type { CameraEventReport } from './talk/onvif/camera-events.ts'
import type { CameraMetrics } from './camera-metrics.ts'
import type { CameraProblem } from './talk/camera-problem.ts'
import type { Wanted } from './camera-unit.ts'
import { unreachedOf, type Deleted } from './pictures/picture-store.ts'
import type { CameraOutlets, LookRequest, Snapshot } from './port.ts'

export class CameraAnnouncer {
  readonly #outlets: CameraOutlets
  readonly #metrics: CameraMetrics
  readonly #log: Logger
  /** The last state reported for each camera; empty after a start. */
  readonly #isOfflineReported = new Map<string, boolean>()

  constructor(options: { outlets: CameraOutlets; metrics: CameraMetrics; log: Logger }) {
    this.#outlets = options.outlets
    this.#metrics = options.metrics
    this.#log = options.log
  }

  /** The fact is sent first: its record must reach the centre before the picture's bytes. */
  taken(snapshot: Snapshot): void {
    const { moment, source, answerMs } = snapshot
    this.#metrics.taken.inc({ moment, source })
    this.#metrics.answerSeconds.observe({ source }, answerMs / 1000)
    this.#outlets.onSnapshot(snapshot, {
      what: 'snapshot-taken',
      colour: snapshot.colour,
      facts: { ...snapshot },
    })
  }

  /** One fact for all requests that share the picture, in the lane of the most urgent of them. */
  failed(camera: string, wanted: readonly Wanted[], problem: CameraProblem): void {
    this.#metrics.failed.inc({ code: problem.code })
    const colours = wanted.flatMap((one) => (one.colour ? [one.colour] : []))
    const colour = colours.reduce<Colour | undefined>((a, b) => (a && outranks(a, b) ? a : b), undefined)
    const alarms = [...new Set(wanted.flatMap((one) => (one.alarm === undefined ? [] : [one.alarm])))]
    const moments = [...new Set(wanted.map((one) => one.moment))]
    this.#outlets.onFact({
      what: 'snapshot-failed',
      colour,
      facts: { camera, moments, alarms, reason: problem.reason },
    })
    for (const one of wanted) one.done?.({ ok: false, reason: problem.reason })
  }

  condition(camera: string, before: Condition, after: Condition): void {
    const isSame =
      before.state === after.state &&
      before.picture === after.picture &&
      before.reason?.code === after.reason?.code
    if (!isSame) {
      const facts = { camera, state: after.state, picture: after.picture, reason: after.reason }
      this.#log.info({ ...facts, reason: after.reason?.code }, 'camera condition changed')
      this.#outlets.onFact({ what: 'camera-state', colour: undefined, facts })
    }
    // Reported once after a start: an alarm from before may still be active although its camera answers again.
    const isReported = this.#isOfflineReported.get(camera) === after.isOffline
    if (isReported || (after.state === undefined && !after.isOffline)) return
    // A single failure after a start is neither state.
    if (!after.isOffline && after.failuresInRow > 0) return
    this.#isOfflineReported.set(camera, after.isOffline)
    const { reason } = after
    this.#outlets.onBoxFact({
      kind: 'camera-offline',
      isPresent: after.isOffline,
      subject: camera,
      ...(reason ? { facts: { reason: reason.code }, remark: reason.text } : {}),
    })
  }

  deleted({ snapshot, reason }: Deleted): void {
    this.#metrics.deleted.inc({ reason })
    const { id, camera, alarm, full, preview } = snapshot
    // The centre gets a notice about a picture that will never come; if a person deleted it, or its term ended, that is
    // no loss.
    const unsent = unreachedOf(snapshot)
    if (unsent.length > 0) this.#metrics.unsent.inc({ reason })
    if (unsent.length > 0 && (reason === 'quota' || reason === 'damaged'))
      this.#log.warn(
        { snapshot: id, camera, alarm, reason, unsent },
        'a picture went before the centre had it',
      )
    this.#outlets.onFact({
      what: 'snapshot-deleted',
      colour: undefined,
      facts: { snapshot: id, camera, alarm, reason, full: full.sha256, preview: preview.sha256, unsent },
    })
  }

  looked(camera: string, look: LookRequest): void {
    this.#metrics.looked.inc()
    this.#outlets.onFact({ what: 'snapshot-looked-at', colour: undefined, facts: { ...look, camera } })
  }

  events(camera: string, report: CameraEventReport): void {
    switch (report.is) {
      case 'event':
        return this.#outlets.onEvent(report.event)
      case 'dropped':
        this.#metrics.eventsDropped.inc()
        if (report.isFirst) this.#log.warn({ camera }, 'camera sends too many events')
        return
      case 'subscribed':
        return this.#log.info({ camera }, 'camera events subscribed')
      case 'lost':
        return this.#log.warn({ camera, code: report.code }, 'camera events lost')
    }
  }

  /** What a person changed, and who; never the new value. */
  changed(
    what: 'camera-password-set' | 'camera-certificate-forgotten',
    camera: string,
    askedBy: string,
  ): void {
    this.#outlets.onFact({ what, colour: undefined, facts: { camera, askedBy } })
  }

  pinned(camera: string, fingerprint: string): void {
    this.#outlets.onFact({
      what: 'camera-certificate-pinned',
      colour: undefined,
      facts: { camera, fingerprint },
    })
  }
}
