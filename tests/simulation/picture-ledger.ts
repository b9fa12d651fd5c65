// Pictures in the simulated world: those of the box, the bytes at the centre, and the promises that hold throughout.
import { createHash } from 'node:crypto'
import type { SnapshotFacts } from '../../protocols/domain/snapshot.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { parsePictureChunk, type PictureChunk } from '../../protocols/uplink/picture-chunk.ts'
import type { PictureReceipt } from '../../protocols/uplink/picture-receipt.ts'
import type { SendOrderOptions } from '../../gateway/uplink/send-order.ts'
import { BrokenPromise } from './broken-promise.ts'

const commitMs = 4
/** The planted fault: the answer is sent long before the commit. */
const lateCommitMs = 1000

export class PictureLedger {
  readonly reached = new Set<string>()
  /** Bytes of pictures sent by the box, repeats included. */
  sentBytes = 0
  readonly #files = new Map<string, Uint8Array>()
  readonly #snapshots: SnapshotFacts[] = []
  /** The bytes for which the box has an answer of the centre. */
  readonly #receipted = new Map<string, number>()
  readonly #stored = new Map<string, Uint8Array>()
  readonly #random: Random
  readonly #clock: Clock
  readonly #answersEarly: boolean
  #life = 0
  #count = 0

  constructor(options: { random: Random; clock: Clock; answersEarly?: boolean }) {
    this.#random = options.random
    this.#clock = options.clock
    this.#answersEarly = options.answersEarly ?? false
  }

  /** A new snapshot, stored at the box. */
  take(previewBytes: number, fullBytes: number, alarm: string): SnapshotFacts {
    const file = (bytes: number) => {
      const data = Uint8Array.from({ length: bytes }, () => Math.floor(this.#random.next() * 256))
      const sha256 = createHash('sha256').update(data).digest('hex')
      this.#files.set(sha256, data)
      return { sha256, bytes, width: 8, height: 8 }
    }
    const snapshot: SnapshotFacts = {
      id: String(++this.#count).padStart(8, '0'),
      camera: 'cam-1',
      zone: 'z',
      moment: 'at-once',
      alarm,
      colour: 'red',
      fetchedAt: { boot: 1, sinceBootMs: 0, atMs: 0, clock: 'synced' },
      preview: file(previewBytes),
      full: file(fullBytes),
      isMasked: false,
      picture: 'good',
    }
    this.#snapshots.push(snapshot)
    return snapshot
  }

  /** The state that a restarted box has without the centre's answer. */
  unreached(): SnapshotFacts[] {
    return this.#snapshots.filter(
      ({ preview, full }) => !this.reached.has(preview.sha256) || !this.reached.has(full.sha256),
    )
  }

  calls(): NonNullable<SendOrderOptions['pictures']> {
    return {
      read: (sha256, offset, length, done) => {
        this.#clock.after(this.#random.between(1, 15), () =>
          done(this.#files.get(sha256)?.subarray(offset, offset + length)),
        )
      },
      onReached: (sha256) => {
        const [there, own] = [this.#stored.get(sha256), this.#files.get(sha256)]
        if (!there || !own || Buffer.compare(there, own) !== 0)
          throw new BrokenPromise(
            `picture ${sha256.slice(0, 8)} is settled, and the centre has not all of it`,
          )
        this.reached.add(sha256)
      },
      onProblem: (sha256, problem) => {
        throw new BrokenPromise(`an honest picture was refused: ${problem} ${sha256.slice(0, 8)}`)
      },
      onGone: (sha256) => {
        throw new BrokenPromise(`picture ${sha256.slice(0, 8)} was given up though the box has it`)
      },
    }
  }

  /** Sent by the box: never a byte that it knows to be stored. */
  leave(payload: Uint8Array): PictureChunk {
    const parsed = parsePictureChunk(payload)
    if (!parsed.ok) throw new BrokenPromise('a chunk does not parse')
    const chunk = parsed.value
    const receipted = this.#receipted.get(chunk.sha256) ?? 0
    if (chunk.part.length > 0 && chunk.offset < receipted)
      throw new BrokenPromise(`bytes sent again from ${chunk.offset} although receipted up to ${receipted}`)
    this.sentBytes += chunk.part.length
    return chunk
  }

  /** Arrives at the centre; it answers once its commit is done. */
  arrive({ sha256, offset, part }: PictureChunk, answer: (receipt: PictureReceipt) => void): void {
    const life = this.#life
    const end = offset + part.length
    if (this.#answersEarly) answer({ v: 1, sha256, storedTo: end })
    this.#clock.after(this.#answersEarly ? lateCommitMs : commitMs, () => {
      if (life !== this.#life) return
      const before = this.#stored.get(sha256) ?? new Uint8Array(0)
      if (offset <= before.length && end > before.length)
        this.#stored.set(sha256, Buffer.concat([before, part.subarray(before.length - offset)]))
      if (!this.#answersEarly) answer({ v: 1, sha256, storedTo: this.#stored.get(sha256)?.length ?? 0 })
    })
  }

  /** The box gets the answer. */
  hear({ sha256, storedTo }: PictureReceipt): void {
    this.#receipted.set(sha256, Math.max(this.#receipted.get(sha256) ?? 0, storedTo))
  }

  /** The centre loses uncommitted data. */
  crash(): void {
    this.#life++
  }

  get isDone(): boolean {
    return this.reached.size === this.#files.size
  }

  get totalBytes(): number {
    return [...this.#files.values()].reduce((sum, { length }) => sum + length, 0)
  }
}
