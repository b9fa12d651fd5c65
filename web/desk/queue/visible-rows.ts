// Detects which rows are really on the screen and passes them to the reporter of seen alarms.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { SeenReporter } from './seen-reporter.ts'

/** This share of a row must be visible so that its headline can be read. */
const shownPart = 0.6

export class VisibleRows {
  #reporter: () => SeenReporter
  #observer: IntersectionObserver | undefined
  #watched = new Map<string, Element>()

  constructor(reporter: () => SeenReporter) {
    this.#reporter = reporter
  }

  /** Observes the rows below `list` whose alarms are not yet seen, and stops observing all others. */
  watch(list: Element, alarms: readonly DeskAlarm[]): void {
    const unseen = new Set(
      alarms.filter(({ stage }) => stage === 'stored' || stage === 'centre').map(({ id }) => id),
    )
    const observer = (this.#observer ??= new IntersectionObserver((entries) => this.#changed(entries), {
      threshold: [0, shownPart],
    }))
    for (const [id, element] of this.#watched) {
      if (unseen.has(id) && element.isConnected) continue
      observer.unobserve(element)
      this.#watched.delete(id)
      this.#reporter().hide(id)
    }
    for (const element of Array.from(list.querySelectorAll<HTMLElement>('[data-alarm]'))) {
      const id = element.dataset['alarm'] ?? ''
      if (!unseen.has(id) || this.#watched.get(id) === element) continue
      this.#watched.set(id, element)
      observer.observe(element)
    }
  }

  stop(): void {
    this.#observer?.disconnect()
    for (const id of this.#watched.keys()) this.#reporter().hide(id)
    this.#watched.clear()
  }

  #changed(entries: IntersectionObserverEntry[]): void {
    for (const { target, intersectionRatio, isIntersecting } of entries) {
      const id = target instanceof HTMLElement ? target.dataset['alarm'] : undefined
      if (id === undefined) continue
      if (isIntersecting && intersectionRatio >= shownPart) this.#reporter().show(id)
      else this.#reporter().hide(id)
    }
  }
}
