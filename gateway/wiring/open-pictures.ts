// Connects cameras and uplink: every stored picture is sent, whatever its purpose, after its record.
import type { Logger } from 'pino'
import { snapshotTaken } from '../../protocols/domain/snapshot.ts'
import type { Cameras, Snapshot } from '../cameras/port.ts'
import type { Intake } from '../intake/intake.ts'
import { laneOfOthers } from '../cameras/pictures/picture-lanes.ts'
import type { PictureSource, Uplink } from '../uplink/port.ts'

/**
 * If a centre has answered this often that it has no record of the picture, the record is sent once more: the first may
 * still be on its way.
 */
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

  /** The source of the bytes for the uplink. */
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

  /** Pictures that an earlier run did not finish continue. */
  start(uplink: Uplink | undefined): void {
    this.#uplink = uplink
    for (const { snapshot, sizes } of this.#cameras?.unreached() ?? [])
      uplink?.addPicture(snapshot, true, sizes)
  }

  /** Called with the commit of the picture's record: the bytes follow once it is on disk, or was refused. */
  taken(snapshot: Snapshot, recorded: Promise<void>): void {
    recorded.then(
      () => this.#uplink?.addPicture(snapshot, false),
      // The centre will answer that it does not know this picture; then the record is sent again.
      () => this.#uplink?.addPicture(snapshot, true),
    )
  }

  #recordAgain(sha256: string): void {
    const all = this.#cameras?.snapshots({ limit: snapshotsMax }) ?? []
    for (const snapshot of all.filter(({ preview, full }) => [preview.sha256, full.sha256].includes(sha256)))
      this.#reported(
        this.#options.intake.log(snapshotTaken, { ...snapshot }, laneOfOthers(snapshot.colour), false),
        'the record about a picture could not be stored',
      )
  }

  #reported(work: Promise<unknown>, words: string): void {
    work.catch((error: unknown) => this.#options.logger.warn({ err: error }, words))
  }
}
