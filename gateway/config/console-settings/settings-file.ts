// The file of the console's settings: what counts now, the versions with who and when, and what of the first start is done. Replaced as a
// whole, so that a power cut leaves the old state or the new one.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../../platform/failure.ts'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import { isSettingsKey } from './settings-entries.ts'

export const settingsFile = 'console-settings.json'
/** Versions kept, and the size above which the oldest are dropped first. */
export const versionsMax = 100
const bytesMax = 8 * 1024 * 1024

const entrySchema = z.strictObject({
  value: z.unknown(),
  base: z.unknown().optional(),
  by: z.string().max(80),
})
const key = z.string().refine(isSettingsKey)
const versionSchema = z.strictObject({
  n: z.int().min(1),
  /** Wall time of the box. */
  atMs: z.number(),
  by: z.string().max(80),
  what: z.string().max(200),
  /** The entries before this change; null: there was none. */
  before: z.record(key, entrySchema.nullable()),
})
const setupSchema = z.strictObject({
  language: z.enum(['zh', 'en']).optional(),
  done: z.array(z.string().max(40)).max(20).default([]),
  isFinished: z.boolean().default(false),
})
const documentSchema = z.strictObject({
  v: z.literal(1),
  entries: z.record(key, entrySchema),
  versions: z.array(versionSchema).max(versionsMax),
  /** Counts all versions, also those that were dropped. */
  last: z.int().min(0),
  /** Hashes that are not in the password file yet; null: its line is to be removed. */
  passwords: z.record(z.string(), z.string().max(300).nullable()).default({}),
  setup: setupSchema.default({ done: [], isFinished: false }),
})
export type SettingsDocument = z.infer<typeof documentSchema>
export type SettingsVersion = z.infer<typeof versionSchema>
export type SetupState = z.infer<typeof setupSchema>

export const emptySettings: SettingsDocument = {
  v: 1,
  entries: {},
  versions: [],
  last: 0,
  passwords: {},
  setup: { done: [], isFinished: false },
}

export function readSettings(dataDir: string): Result<SettingsDocument> {
  const file = join(dataDir, settingsFile)
  if (!existsSync(file)) return ok(emptySettings)
  try {
    return fromZod(documentSchema as z.ZodType<SettingsDocument>, JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return bad(`${file}: ${messageOf(error)}`)
  }
}

export function writeSettings(dataDir: string, document: SettingsDocument): Result<SettingsDocument> {
  let fitting = { ...document, versions: document.versions.slice(-versionsMax) }
  let text = JSON.stringify(fitting)
  while (Buffer.byteLength(text) > bytesMax && fitting.versions.length > 0) {
    fitting = { ...fitting, versions: fitting.versions.slice(1) }
    text = JSON.stringify(fitting)
  }
  try {
    replaceFileSync(join(dataDir, settingsFile), `${text}\n`, 0o600)
  } catch (error) {
    return bad(messageOf(error), settingsFile)
  }
  return ok(fitting)
}
