// Who may use the console: the claim code of a box without an installer, people with their passwords, their sessions, and until when the
// village's network is let in. One file, replaced as a whole.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../../platform/failure.ts'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'

export const peopleMax = 20
export const sessionsMax = 30
/** The people of a console. A maintainer looks, tests and replaces; an installer also sets up. */
export const personRoles = ['installer', 'maintainer'] as const
export type PersonRole = (typeof personRoles)[number]

const personSchema = z.strictObject({
  name: z.string().min(1).max(80),
  role: z.enum(personRoles),
  password: z.string().max(200),
})
const sessionSchema = z.strictObject({
  /** SHA-256 of the token in the cookie. */
  hash: z.string().length(64),
  name: z.string().min(1).max(80),
  /** Box time (steady ms), as all times here: it never steps, also when the clock is set. */
  sinceMs: z.number(),
  isFromVillage: z.boolean(),
})
const documentSchema = z.strictObject({
  v: z.literal(1),
  /** Until the box is claimed. */
  claimCode: z.string().max(40).optional(),
  people: z.array(personSchema).max(peopleMax),
  sessions: z.array(sessionSchema).max(sessionsMax),
  openUntilMs: z.number().optional(),
})
export type AccessDocument = z.infer<typeof documentSchema>
export type StoredSession = z.infer<typeof sessionSchema>
export type Person = z.infer<typeof personSchema>

export const accessFile = 'console-access.json'

/** Undefined: there is no file yet. */
export function readAccess(dataDir: string): Result<AccessDocument | undefined> {
  const file = join(dataDir, accessFile)
  if (!existsSync(file)) return ok(undefined)
  try {
    return fromZod(documentSchema, JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return bad(`${file}: ${messageOf(error)}`)
  }
}

export const writeAccess = (dataDir: string, document: AccessDocument): void =>
  replaceFileSync(join(dataDir, accessFile), `${JSON.stringify(document)}\n`, 0o600)
