// Asks the centre for the state at the relatives' home: every half a minute while the page is shown, and less often on a bad link.
import type { FamilyStateAnswer } from '../../protocols/desk/families.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'

export const askEveryMs = 30_000
const retryMs = 10_000
const timeoutMs = 15_000

export interface FamilyView {
  state?: FamilyStateAnswer | undefined
  /** The latest answer came. */
  isReached: boolean
  /** The link opens nothing any more. */
  isOver: boolean
}

export interface FamilyWatchOptions {
  token: string
  fetch: typeof fetch
  clock: Clock
  onChange: (view: FamilyView) => void
}

export class FamilyWatch {
  readonly #options: FamilyWatchOptions
  #view: FamilyView = { isReached: false, isOver: false }
  #cancel = (): void => {}

  constructor(options: FamilyWatchOptions) {
    this.#options = options
  }

  start(): void {
    void this.#look()
  }

  refresh(): void {
    if (!this.#view.isOver) void this.#look()
  }

  /** The family asks for no more notices. */
  async leave(): Promise<void> {
    const response = await this.#ask('family/leave')
    if (response.ok) this.#show({ isReached: true, isOver: true, state: undefined })
  }

  async #look(): Promise<void> {
    this.#cancel()
    try {
      const response = await this.#ask('family')
      if (response.status === 404) return this.#show({ isReached: true, isOver: true, state: undefined })
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      this.#show({ isReached: true, isOver: false, state: (await response.json()) as FamilyStateAnswer })
      this.#cancel = this.#options.clock.after(askEveryMs, () => void this.#look())
    } catch {
      this.#show({ ...this.#view, isReached: false })
      this.#cancel = this.#options.clock.after(retryMs, () => void this.#look())
    }
  }

  async #ask(path: string): Promise<Response> {
    const aborter = new AbortController()
    const timer = setTimeout(() => aborter.abort(), timeoutMs)
    try {
      return await this.#options.fetch(`../api/v1/${path}`, {
        method: 'POST',
        cache: 'no-store',
        credentials: 'omit',
        signal: aborter.signal,
        headers: { authorization: `Bearer ${this.#options.token}`, 'content-type': 'application/json' },
        body: '{}',
      })
    } finally {
      clearTimeout(timer)
    }
  }

  #show(view: FamilyView): void {
    this.#view = view
    this.#options.onChange(view)
  }
}
