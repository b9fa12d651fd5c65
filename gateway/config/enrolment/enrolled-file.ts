// What a box got from its centre: its name there, its key and certificate, the authority, and where Reports go. One file, replaced as a
// whole, so that a power cut leaves the old enrolment or the new one; the files that TLS reads are made of it.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { issuedSchema } from '../../../protocols/enrolment/messages.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'

const enrolledSchema = issuedSchema.extend({
  v: z.literal(1),
  /** Where certificates are renewed. */
  centreUrl: z.string().min(1).max(400),
  key: z.string().min(1).max(4096),
})
export type Enrolled = z.infer<typeof enrolledSchema>

const folderOf = (dataDir: string): string => join(dataDir, 'enrolment')
const fileOf = (dataDir: string): string => join(folderOf(dataDir), 'enrolled.json')
/** The key for the newest code: the same again when the answer was lost, and another one for another code. */
const askedKeyOf = (dataDir: string): string => join(folderOf(dataDir), 'asked.key')

export function readEnrolled(dataDir: string): Result<Enrolled> | undefined {
  const file = fileOf(dataDir)
  if (!existsSync(file)) return undefined
  try {
    return fromZod(enrolledSchema, JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return bad(`${file}: ${error instanceof SyntaxError ? 'not JSON' : 'can not be read'}`)
  }
}

export const writeEnrolled = (dataDir: string, enrolled: Enrolled): void =>
  replaceFileSync(fileOf(dataDir), JSON.stringify(enrolled), 0o600)

/** Back to the enrolment of before: the new one does not fit the installer's file. */
export function restoreEnrolled(dataDir: string, before: Enrolled | undefined): void {
  if (before) writeEnrolled(dataDir, before)
  else rmSync(fileOf(dataDir), { force: true })
}

/** `code` as `codeId` gives it. A key is never used for a second code: a thief may have a copy of it. */
export function readAskedKey(dataDir: string, code: string): string | undefined {
  const file = askedKeyOf(dataDir)
  const [first, ...pem] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return first === code ? pem.join('\n') : undefined
}

export const writeAskedKey = (dataDir: string, code: string, pem: string): void =>
  replaceFileSync(askedKeyOf(dataDir), `${code}\n${pem}`, 0o600)

export interface EnrolledPaths {
  caFile: string
  certFile: string
  keyFile: string
}

export const enrolledPaths = (dataDir: string): EnrolledPaths => ({
  caFile: join(folderOf(dataDir), 'ca.crt'),
  // One file for both: a certificate never stands beside the key of another.
  certFile: join(folderOf(dataDir), 'box.pem'),
  keyFile: join(folderOf(dataDir), 'box.pem'),
})

/** Writes the files for TLS again where they differ from the enrolment. */
export function placeEnrolledFiles(
  dataDir: string,
  { authority, certificate, key }: Enrolled,
): EnrolledPaths {
  const paths = enrolledPaths(dataDir)
  const place = (file: string, content: string, mode: number): void => {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== content) replaceFileSync(file, content, mode)
  }
  place(paths.caFile, authority, 0o644)
  place(paths.certFile, `${certificate}${key}`, 0o600)
  return paths
}

/** The id in the configuration of a box that was just installed. */
export const newBoxId = 'new-box'

/**
 * The configuration with what the box got from its centre, where its file says nothing else: a file that a person wrote stays his.
 * A problem when it names another box.
 */
export function withEnrolment(
  whole: Readonly<Record<string, unknown>>,
  dataDir: string,
): Result<Readonly<Record<string, unknown>>> {
  const enrolled = readEnrolled(dataDir)
  if (enrolled === undefined) return ok(whole)
  if (!enrolled.ok) return enrolled
  const { box: id, name, uplinkUrl: url } = enrolled.value
  const own = isObject(whole['box']) ? whole['box'] : {}
  const ownId = own['id']
  if (typeof ownId === 'string' && ownId !== newBoxId && ownId !== id)
    return bad(
      `the centre has enrolled this box as ${id}: write that id, leave it out, or enrol anew with a code for ${ownId}`,
      'box.id',
    )
  // The name of a box that was just installed says nothing.
  const named = name === undefined ? {} : { name }
  const box = ownId === newBoxId ? { ...own, ...named, id } : { ...named, ...own, id }
  const uplink = isObject(whole['uplink']) ? whole['uplink'] : {}
  return ok({
    ...whole,
    box,
    // The code of enrolment names one centre; a list in the file counts in place of it.
    uplink: { ...(uplink['urls'] === undefined ? { url } : {}), ...enrolledPaths(dataDir), ...uplink },
  })
}
