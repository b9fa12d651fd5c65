// What this box took over from the one before it: kept as one file, and used where the installer's own file says nothing. Each step can
// be done again after a power cut.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { boxCopySchema, copyCharsMax, type BoxCopy } from '../../../protocols/enrolment/box-copy.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'
import { readEnrolled } from './enrolled-file.ts'

const takenOverSchema = boxCopySchema.extend({
  /** The box whose place was taken: another enrolment makes it void. */
  box: z.string(),
  /** Zones are armed as they were. */
  isGuardDone: z.boolean().optional(),
})
export type TakenOver = z.infer<typeof takenOverSchema>

const fileOf = (dataDir: string): string => join(dataDir, 'enrolment', 'taken-over.json')

/** Undefined without one; one that is damaged counts as none, and `gengfu check` names what is missing. */
export function readTakenOver(dataDir: string): TakenOver | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(fileOf(dataDir))
  } catch {
    return undefined
  }
  const json = parseJson(bytes, 4 * copyCharsMax)
  const parsed = json.ok ? fromZod(takenOverSchema, json.value) : json
  return parsed.ok ? parsed.value : undefined
}

export const writeTakenOver = (dataDir: string, takenOver: TakenOver): void =>
  replaceFileSync(fileOf(dataDir), JSON.stringify(takenOver), 0o600)

/** Before the enrolment itself is written: a box that is enrolled has its copy too. */
export const placeCopy = (dataDir: string, box: string, copy: BoxCopy): void =>
  writeTakenOver(dataDir, { ...copy, box })

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)

/** The configuration with the sections of the box before, where it has none of its own. */
export function withTakenOver(
  whole: Readonly<Record<string, unknown>>,
  dataDir: string,
): Readonly<Record<string, unknown>> {
  const takenOver = readTakenOver(dataDir)
  const enrolled = takenOver && readEnrolled(dataDir)
  if (!takenOver || !enrolled?.ok || enrolled.value.box !== takenOver.box) return whole
  const { sections } = takenOver
  const lacking = Object.entries(sections).filter(([name]) => isEmpty(whole[name]))
  return lacking.length === 0 ? whole : { ...whole, ...Object.fromEntries(lacking) }
}

/** The passwords of devices, where the box has none yet. True when they were written. */
export function placePasswords(dataDir: string, box: string, passwordFile: string | undefined): boolean {
  const takenOver = readTakenOver(dataDir)
  if (takenOver?.passwords === undefined || takenOver.box !== box || passwordFile === undefined) return false
  if (existsSync(passwordFile) && statSync(passwordFile).size > 0) return false
  replaceFileSync(passwordFile, takenOver.passwords, 0o600)
  return true
}
