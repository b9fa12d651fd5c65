// The pictures of alarms on this desk: requested when a row shows, updated by the stream, and requested
// again during a transfer.
import { shallowReactive } from 'vue'
import type { DeskPicture, StreamMessage } from '../../../protocols/desk/api.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { DeskApi } from '../link/desk-api.ts'

/** Alarms whose pictures are kept; the oldest are removed and requested again. */
const alarmsMax = 200
/** During a transfer its progress is requested this often. */
const againMs = 2500

type PictureUpdate = Extract<StreamMessage, { picture: DeskPicture }>

export const isSettled = ({ preview, full }: DeskPicture): boolean =>
  [preview, full].every(({ state }) => state === 'here' || state === 'gone')

const byTime = (a: DeskPicture, b: DeskPicture): number =>
  a.taken.boot - b.taken.boot || a.taken.sinceBootMs - b.taken.sinceBootMs || (a.id < b.id ? -1 : 1)

export class PictureShelf {
  readonly #api: Pick<DeskApi, 'pictures'>
  readonly #clock: Clock
  readonly #pictures = shallowReactive(new Map<string, readonly DeskPicture[]>())
  /** Rows that show an alarm's pictures now. */
  readonly #watched = new Map<string, number>()
  readonly #loading = new Set<string>()
  #cancel: (() => void) | undefined

  constructor(options: { api: Pick<DeskApi, 'pictures'>; clock: Clock }) {
    this.#api = options.api
    this.#clock = options.clock
  }

  /** In the order in which they were taken. */
  of(alarm: string): readonly DeskPicture[] {
    return this.#pictures.get(alarm) ?? []
  }

  hear({ picture }: PictureUpdate): void {
    const { alarm } = picture
    if (alarm === undefined) return
    const others = this.of(alarm).filter(({ id }) => id !== picture.id)
    this.#put(alarm, [...others, picture])
    this.#askLater()
  }

  /** A row shows this alarm's pictures until the undo is called. */
  watch(alarm: string): () => void {
    this.#watched.set(alarm, (this.#watched.get(alarm) ?? 0) + 1)
    void this.#load(alarm)
    return () => {
      const left = (this.#watched.get(alarm) ?? 1) - 1
      if (left > 0) this.#watched.set(alarm, left)
      else this.#watched.delete(alarm)
    }
  }

  clear(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#pictures.clear()
  }

  /** After a lost connection the stream may have missed some. */
  refresh(): void {
    for (const alarm of this.#watched.keys()) void this.#load(alarm)
  }

  async #load(alarm: string): Promise<void> {
    if (this.#loading.has(alarm)) return
    this.#loading.add(alarm)
    try {
      this.#put(alarm, await this.#api.pictures(alarm))
    } catch {
      // The row keeps its pictures; the link reports that the centre is away, and later everything is requested again.
    } finally {
      this.#loading.delete(alarm)
    }
    this.#askLater()
  }

  #put(alarm: string, pictures: readonly DeskPicture[]): void {
    this.#pictures.set(alarm, [...pictures].sort(byTime))
    if (this.#pictures.size <= alarmsMax) return
    for (const known of [...this.#pictures.keys()].slice(0, this.#pictures.size - alarmsMax))
      if (!this.#watched.has(known)) this.#pictures.delete(known)
  }

  #askLater(): void {
    if (this.#cancel) return
    const open = [...this.#watched.keys()].filter((alarm) => !this.of(alarm).every(isSettled))
    if (open.length === 0) return
    this.#cancel = this.#clock.after(againMs, () => {
      this.#cancel = undefined
      for (const alarm of open) if (this.#watched.has(alarm)) void this.#load(alarm)
    })
  }
}
