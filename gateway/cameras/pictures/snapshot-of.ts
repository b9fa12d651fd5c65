// Builds the Snapshot of one alarm or request from a finished picture.
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { ProcessedPicture, Wanted } from '../camera-unit.ts'
import type { FinishedFile } from './picture-processor.ts'
import type { PictureFile, Snapshot } from '../port.ts'

export function snapshotOf(
  id: string,
  settings: CameraSettings,
  wanted: Wanted,
  processed: ProcessedPicture,
): Snapshot {
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
    fetchedAt: processed.fetchedAt,
    full: pictureFile(processed.finished.full),
    preview: pictureFile(processed.finished.preview),
    source: processed.raw.source,
    isMasked: settings.masks.length > 0,
    picture: processed.picture,
    answerMs: Math.round(processed.raw.answerMs),
    readyMs: 0,
  }
}

const pictureFile = ({ sha256, bytes, width, height }: FinishedFile): PictureFile => ({
  sha256,
  bytes: bytes.length,
  width,
  height,
})
