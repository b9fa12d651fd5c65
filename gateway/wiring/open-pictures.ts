// Brings cameras and uplink together: every stored picture travels, whatever it was taken for, behind the record about it.
import type { Logger } from 'pino'
import { snapshotTaken } from '../../protocols/domain/snapshot.ts'
import type { Cameras, Snapshot } from '../cameras/port.ts'
import type { Intake } from '../intake/intake.ts'
import { laneOfOthers } from '../cameras/pictures/picture-lanes.ts'
import type { PictureSource, Uplink } from '../uplink/port.ts'

/** A centre without the record gets it once more when it has said so this often: the first may still be on its way. */
const recordAgainAfter = 2
const snapshotsMax = 20_000

export interface PictureTravelOptions {
  intake: Pick<Intake, 'log'>
  logger: Logger
}

export class PictureTravel {
  readonly #options: PictureTravelOptions
  #cameras: Cameras | undefined
  #uplink: Uplink | undefined

  constructor(options: PictureTravelOptions) {
    this.#options = options
  }

  /** Where the uplink finds the bytes. */
  source(cameras: Cameras): PictureSource {
    this.#cameras = cameras
    return {
      read: (sha256, offset, length) => cameras.readFile(sha256, offset, length),
      reached: (sha256) => cameras.markReached(sha256),
      refused: (sha256, problem, times) => {
        if (problem === 'unknown' && times >= recordAgainAfter) this.#recordAgain(sha256)
        if (problem === 'damaged')
          this.#reported(cameras.verify(sha256), 'a picture could not be checked on the disk')
      },
    }
  }

  /** What an earlier run could not bring to its end goes on. */
  start(uplink: Uplink | undefined): void {
    this.#uplink = uplink
    for (const { snapshot, sizes } of this.#cameras?.unreached() ?? [])
      uplink?.addPicture(snapshot, true, sizes)
  }

  /** Told with the commit of the record about a picture: the bytes follow once it is on disk, or was refused. */
  taken(snapshot: Snapshot, recorded: Promise<void>): void {
    recorded.then(
      () => this.#uplink?.addPicture(snapshot, false),
      // The centre will say that it does not know this one; then the record goes again.
      () => this.#uplink?.addPicture(snapshot, true),
    )
  }

  #recordAgain(sha256: string): void {
    const all = this.#cameras?.snapshots({ limit: snapshotsMax }) ?? []
    for (const snapshot of all.filter(({ preview, full }) => [preview.sha256, full.sha256].includes(sha256)))
      this.#reported(
        this.#options.intake.log(snapshotTaken, { ...snapshot }, laneOfOthers(snapshot.colour), false),
        'the record about a picture could not be kept',
      )
  }

  #reported(work: Promise<unknown>, words: string): void {
    work.catch((error: unknown) => this.#options.logger.warn({ err: error }, words))
  }
}
