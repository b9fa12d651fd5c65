// The last few pictures of a camera, in memory only: the scene directly before an alarm.
import type { BoxTime } from '../../../protocols/domain/event.ts'
import type { RawPicture } from '../talk/camera-client.ts'

const depth = 3
/** For one camera; eight of them stay within 16 MiB. */
const ringBytesMax = 2 * 1024 * 1024

export interface RingPicture extends RawPicture {
  fetchedAt: BoxTime
}

export class PictureRing {
  #pictures: RingPicture[] = []

  add(picture: RingPicture): void {
    this.#pictures.push(picture)
    const size = (): number => this.#pictures.reduce((sum, one) => sum + one.bytes.byteLength, 0)
    while (this.#pictures.length > depth || (this.#pictures.length > 1 && size() > ringBytesMax)) {
      this.#pictures.shift()
    }
  }

  /** The newest picture that is not older than `maxAgeMs`. */
  newest(nowSinceBootMs: number, maxAgeMs: number): RingPicture | undefined {
    const last = this.#pictures.at(-1)
    return last && nowSinceBootMs - last.fetchedAt.sinceBootMs <= maxAgeMs ? last : undefined
  }

  clear(): void {
    this.#pictures = []
  }
}
