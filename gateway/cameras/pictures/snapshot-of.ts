// Builds the Snapshot of one alarm or request from a finished picture.
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { Shot, Wanted } from '../camera-unit.ts'
import type { FinishedFile } from './picture-processor.ts'
import type { PictureFile, Snapshot } from '../port.ts'

export function snapshotOf(id: string, settings: CameraSettings, wanted: Wanted, shot: Shot): Snapshot {
  const { moment, alarm, colour, askedBy, command } = wanted
  return {
    id,
    camera: settings.id,
    zone: settings.zone[0] ?? '',
    moment,
    ...(alarm === undefined ? {} : { alarm }),
    ...(colour === undefined ? {} : { colour }),
    ...(askedBy === undefined ? {} : { askedBy }),
    ...(command === undefined ? {} : { command }),
    fetchedAt: shot.fetchedAt,
    full: pictureFile(shot.finished.full),
    preview: pictureFile(shot.finished.preview),
    source: shot.raw.source,
    isMasked: settings.masks.length > 0,
    picture: shot.picture,
    answerMs: Math.round(shot.raw.answerMs),
    readyMs: 0,
  }
}

const pictureFile = ({ sha256, bytes, width, height }: FinishedFile): PictureFile => ({
  sha256,
  bytes: bytes.length,
  width,
  height,
})
