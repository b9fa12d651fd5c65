// Reports to the centre which alarms a person could really see: on the screen, in a visible page, for a moment.
import type { Clock } from '../../../protocols/kit/clock-port.ts'

/** An alarm that passes during scrolling has not been seen. */
export const seenAfterMs = 800
/** Reports in progress at once; the rest waits in the order of display. */
export const reportsAtOnceMax = 2
export const reportTriesMax = 5
export const reportRetryMs = 3000

export interface SeenReporterOptions {
  clock: Clock
  isPageVisible: () => boolean
  report: (id: string) => Promise<void>
  /** False ends it: this role may not report, or the session has ended. */
  isWorthRetrying: (error: unknown) => boolean
}

export class SeenReporter {
  #options: SeenReporterOptions
  /** Visible now and not reported yet, with the function that cancels its countdown. */
  #shown = new Map<string, () => void>()
  #queue: { id: string; tries: number }[] = []
  #taken = new Set<string>()
  #running = 0
  #isStopped = false

  constructor(options: SeenReporterOptions) {
    this.#options = options
  }

  /** `id` entered the screen. */
  show(id: string): void {
    if (this.#taken.has(id) || this.#shown.has(id)) return
    this.#shown.set(id, () => {})
    this.#countDown(id)
  }

  /** `id` left the screen, was seen by another person, or has ended. */
  hide(id: string): void {
    this.#shown.get(id)?.()
    this.#shown.delete(id)
  }

  /** The page became visible or hidden: the countdown of visible rows starts again. */
  visibilityChanged(): void {
    for (const id of this.#shown.keys()) this.#countDown(id)
  }

  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#shown.values()) cancel()
    this.#shown.clear()
    this.#queue = []
  }

  #countDown(id: string): void {
    this.#shown.get(id)?.()
    if (!this.#options.isPageVisible()) {
      this.#shown.set(id, () => {})
      return
    }
    const cancel = this.#options.clock.after(seenAfterMs, () => {
      this.#shown.delete(id)
      this.#taken.add(id)
      this.#queue.push({ id, tries: 0 })
      this.#drain()
    })
    this.#shown.set(id, cancel)
  }

  #drain(): void {
    while (!this.#isStopped && this.#running < reportsAtOnceMax) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#running += 1
      void this.#send(next)
    }
  }

  async #send(entry: { id: string; tries: number }): Promise<void> {
    try {
      await this.#options.report(entry.id)
    } catch (error) {
      entry.tries += 1
      if (!this.#options.isWorthRetrying(error)) this.stop()
      else if (entry.tries < reportTriesMax) {
        this.#options.clock.after(reportRetryMs, () => {
          this.#queue.push(entry)
          this.#drain()
        })
      } else this.#taken.delete(entry.id)
    } finally {
      this.#running -= 1
      this.#drain()
    }
  }
}
