// The reports of a person at the scene, stored on the phone until the centre has them: a bad link, a closed page or an empty battery loses
// nothing. Everything has an id of its own, so that a report that is sent twice counts once. Steps go before photos.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { CaseOutcome } from '../../protocols/domain/case.ts'
import {
  pieceBytesMax,
  type PhotoAnswer,
  type ResponderAnswer,
  type ResponderEntry,
  type ResponderStep,
  type ResponderView,
} from '../../protocols/desk/responder.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Random } from '../../protocols/kit/random.ts'

export const retryMinMs = 2000
export const retryMaxMs = 30_000
/** Things that wait at once; more can not be added until some are sent. */
export const waitingMax = 50

export interface WaitingStep {
  id: string
  do: ResponderStep
  text: string
  outcome?: CaseOutcome | undefined
  writtenAtMs: number
}

export interface WaitingPhoto {
  id: string
  /** Base64. */
  data: string
  bytes: number
}

/** Text that was typed and not sent. */
export interface Draft {
  text: string
  outcome: CaseOutcome | ''
}

export interface SavedWork {
  device: string
  view?: ResponderView | undefined
  draft: Draft
  steps: WaitingStep[]
  photos: WaitingPhoto[]
  /** The centre did not take these; they stay to be read. */
  refused: { text: string; why: BilingualText }[]
}

/** A refusal contains its reason; every other failure is tried again. */
export class Refused extends Error {
  readonly text: BilingualText
  /** The link itself is of no use any more. */
  readonly isFinal: boolean

  constructor(text: BilingualText, isFinal: boolean) {
    super(text.en)
    this.text = text
    this.isFinal = isFinal
  }
}

export interface CentreCalls {
  open(device: string): Promise<ResponderAnswer>
  step(device: string, entry: ResponderEntry): Promise<ResponderAnswer>
  piece(
    device: string,
    photo: { id: string; bytes: number; offset: number },
    piece: Uint8Array,
  ): Promise<PhotoAnswer>
}

export interface OutboxOptions {
  calls: CentreCalls
  clock: Clock
  random: Random
  read: () => string | null
  /** False when the phone keeps nothing. */
  write: (text: string) => boolean
  onChange: (state: OutboxState) => void
}

export interface OutboxState extends SavedWork {
  /** The last call got through. */
  isReached: boolean
  isSending: boolean
  /** All of it is on the phone: the page may be closed. */
  isKept: boolean
  /** The link opens nothing any more, and why. */
  ended?: BilingualText
}

const emptyDraft: Draft = { text: '', outcome: '' }

/** The stored work of an earlier page; a broken text begins anew. */
export function parseSavedWork(text: string | null, device: string): SavedWork {
  const fresh: SavedWork = { device, draft: emptyDraft, steps: [], photos: [], refused: [] }
  if (text === null) return fresh
  try {
    const kept = JSON.parse(text) as Partial<SavedWork> | null
    const isWhole =
      kept !== null &&
      typeof kept.device === 'string' &&
      [kept.steps, kept.photos, kept.refused].every(Array.isArray) &&
      typeof kept.draft === 'object'
    return isWhole ? (kept as SavedWork) : fresh
  } catch {
    return fresh
  }
}

export class Outbox {
  readonly #options: OutboxOptions
  #saved: SavedWork
  #isReached = false
  #isSending = false
  #isKept = true
  #ended: BilingualText | undefined
  #waitMs = retryMinMs
  #cancel = (): void => {}
  #isOpened = false

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#saved = parseSavedWork(options.read(), options.random.hex(16))
    this.#save()
  }

  get state(): OutboxState {
    return {
      ...this.#saved,
      isReached: this.#isReached,
      isSending: this.#isSending,
      isKept: this.#isKept,
      ...(this.#ended ? { ended: this.#ended } : {}),
    }
  }

  get isFull(): boolean {
    return this.#saved.steps.length + this.#saved.photos.length >= waitingMax
  }

  start(): void {
    void this.#send()
  }

  /** The phone has a link again, or the person looks at the page. */
  sendNow(): void {
    this.#waitMs = retryMinMs
    void this.#send()
  }

  keepDraft(draft: Draft): void {
    this.#change({ draft })
  }

  add(what: ResponderStep, text: string, outcome?: CaseOutcome): void {
    if (this.isFull) return
    const { clock, random } = this.#options
    const step = { id: random.hex(8), do: what, text, outcome, writtenAtMs: clock.wallMs() }
    this.#change({
      steps: [...this.#saved.steps, step],
      draft: what === 'feedback' ? emptyDraft : this.#saved.draft,
    })
    this.sendNow()
  }

  addPhoto(data: string, bytes: number): void {
    if (this.isFull) return
    this.#change({ photos: [...this.#saved.photos, { id: this.#options.random.hex(8), data, bytes }] })
    this.sendNow()
  }

  stop(): void {
    this.#cancel()
  }

  async #send(): Promise<void> {
    if (this.#isSending || this.#ended) return
    this.#cancel()
    this.#isSending = true
    this.#tell()
    try {
      if (!this.#isOpened) {
        const { view } = await this.#options.calls.open(this.#saved.device)
        this.#isOpened = true
        this.#reached(view)
      }
      while (await this.#sendNext());
      this.#waitMs = retryMinMs
    } catch (error) {
      if (error instanceof Refused) this.#ended = error.text
      else this.#again()
    } finally {
      this.#isSending = false
      this.#tell()
    }
  }

  #again(): void {
    this.#isReached = false
    this.#cancel = this.#options.clock.after(this.#waitMs, () => void this.#send())
    this.#waitMs = Math.min(retryMaxMs, this.#waitMs * 2)
  }

  /** False when nothing waits. */
  async #sendNext(): Promise<boolean> {
    const [step] = this.#saved.steps
    const [photo] = this.#saved.photos
    if (!step && !photo) return false
    try {
      if (step) await this.#sendStep(step)
      else if (photo) await this.#sendPhoto(photo)
    } catch (error) {
      if (!(error instanceof Refused) || error.isFinal) throw error
      const text = step ? step.text || step.do : '□'
      this.#change({ refused: [...this.#saved.refused.slice(-9), { text, why: error.text }] })
      this.#drop(step?.id ?? photo?.id ?? '')
    }
    return true
  }

  async #sendStep(step: WaitingStep): Promise<void> {
    const { writtenAtMs, ...entry } = step
    // A phone whose clock was set back must not claim that it was written in the future.
    const agoSeconds = Math.max(0, Math.round((this.#options.clock.wallMs() - writtenAtMs) / 1000))
    const { view } = await this.#options.calls.step(this.#saved.device, { ...entry, agoSeconds })
    this.#drop(step.id)
    this.#reached(view)
  }

  async #sendPhoto({ id, data, bytes }: WaitingPhoto): Promise<void> {
    const whole = fromBase64(data)
    let offset = 0
    for (;;) {
      const piece = whole.subarray(offset, offset + pieceBytesMax)
      const { storedTo, view } = await this.#options.calls.piece(
        this.#saved.device,
        { id, bytes, offset },
        piece,
      )
      this.#isReached = true
      if (view) {
        this.#drop(id)
        this.#reached(view)
        return
      }
      offset = storedTo < bytes ? storedTo : 0
      // A report written meanwhile goes first; the photo continues where the centre has it.
      if (this.#saved.steps.length > 0) return
    }
  }

  #reached(view: ResponderView): void {
    this.#isReached = true
    this.#change({ view })
  }

  #drop(id: string): void {
    this.#change({
      steps: this.#saved.steps.filter((one) => one.id !== id),
      photos: this.#saved.photos.filter((one) => one.id !== id),
    })
  }

  #change(part: Partial<SavedWork>): void {
    this.#saved = { ...this.#saved, ...part }
    this.#save()
    this.#tell()
  }

  /** Without the photos when the phone has no room for them: typed text goes first. */
  #save(): void {
    this.#isKept = this.#options.write(JSON.stringify(this.#saved))
    if (!this.#isKept) this.#options.write(JSON.stringify({ ...this.#saved, photos: [] }))
  }

  #tell(): void {
    this.#options.onChange(this.state)
  }
}

function fromBase64(data: string): Uint8Array {
  const text = atob(data)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}
