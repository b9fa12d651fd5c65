// The picture of the village plan on the box: one file, replaced as a whole.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pictureTypeOf, type PictureType } from '../../../platform/formats/picture-type.ts'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'

export const planBytesMax = 5 * 1024 * 1024
const nameOf = (dataDir: string): string => join(dataDir, 'village-plan')

export interface PlanPicture {
  type: PictureType
  bytes: Buffer
}

export function readPlan(dataDir: string): PlanPicture | undefined {
  if (!existsSync(nameOf(dataDir))) return undefined
  const bytes = readFileSync(nameOf(dataDir))
  const type = pictureTypeOf(bytes)
  return type && { type, bytes }
}

export const hasPlan = (dataDir: string): boolean => existsSync(nameOf(dataDir))

/** False for anything that is no picture. */
export function writePlan(dataDir: string, bytes: Uint8Array): boolean {
  if (!pictureTypeOf(bytes)) return false
  replaceFileSync(nameOf(dataDir), bytes, 0o600)
  return true
}

export const removePlan = (dataDir: string): void => rmSync(nameOf(dataDir), { force: true })
