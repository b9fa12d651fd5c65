// The folders of gammu-smsd: a message is a file whose name holds the number and our id; where the program moves it says what became of it.
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { codeOf } from '../../../platform/failure.ts'

export interface GammuFolders {
  outboxFolder: string
  sentFolder: string
  errorFolder: string
  inboxFolder?: string | undefined
}

const lookEveryMs = 200
/** Of one incoming message; a longer file is no answer. */
const incomingBytesMax = 4096
/** Incoming files in one look. */
const incomingMax = 50

/** The same at every attempt, so that a message is one file. */
export const fileNameOf = (id: string, phone: string, colourRank: number): string =>
  `OUT${'ABCD'[colourRank] ?? 'D'}20000101_000000_00_${phone}_${id}.txt`

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Under a name that the program does not look at, then renamed: it never reads a half. */
async function write(folder: string, name: string, text: string): Promise<void> {
  const draft = join(folder, `.${name}`)
  await rm(draft, { force: true })
  const file = await open(draft, 'wx', 0o660)
  try {
    // UTF-16 with its mark: read the same under every locale of the program.
    await file.writeFile(Buffer.from(`\uFEFF${text}`, 'utf16le'))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, join(folder, name))
}

/** Resolves when the program has sent it, and with false when it could not. Rejects when `signal` ends first: the file stays. */
export async function sendByGammu(
  folders: GammuFolders,
  name: string,
  text: string,
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<boolean> {
  const [out, sent, failed] = [folders.outboxFolder, folders.sentFolder, folders.errorFolder].map((one) =>
    join(one, name),
  ) as [string, string, string]
  // An earlier attempt may have been sent after its time.
  if (await isThere(sent)) return true
  await rm(failed, { force: true })
  if (!(await isThere(out))) await write(folders.outboxFolder, name, text)
  while (!signal.aborted) {
    if (await isThere(sent)) return true
    if (await isThere(failed)) return false
    await new Promise<void>((resolve) => void clock.after(lookEveryMs, resolve))
  }
  throw new Error('gammu-smsd has not taken it')
}

export interface Incoming {
  file: string
  /** When the modem's program wrote it. */
  atMs: number
  phone: string
  text: string
}

/** `IN20261130_120000_00_+8613800000000_00.txt`. */
export async function readIncoming(folder: string): Promise<Incoming[]> {
  const names = (await readdir(folder))
    .filter((name) => name.startsWith('IN'))
    .toSorted()
    .slice(0, incomingMax)
  const found: Incoming[] = []
  for (const name of names) {
    const phone = /^IN\d{8}_\d{6}_\d{2}_(\+?\d{3,15})_\d{2}\.txt$/.exec(name)?.[1]
    const file = join(folder, name)
    const bytes = phone === undefined ? undefined : await readFile(file)
    if (phone === undefined || !bytes || bytes.length > incomingBytesMax)
      await rm(file, { force: true, recursive: true })
    else found.push({ file, atMs: (await stat(file)).mtimeMs, phone, text: textOf(bytes) })
  }
  return found
}

function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le')
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(bytes.subarray(2, bytes.length & ~1))
      .swap16()
      .toString('utf16le')
  return bytes.toString('utf8')
}

/** Numbers with a country code must be the same; one without it is compared with the end of the other. */
export function isSameNumber(one: string, other: string): boolean {
  const [a, b] = [one, other].map((phone) => phone.replace(/\D/g, '')) as [string, string]
  if (one.startsWith('+') && other.startsWith('+')) return a === b
  return a !== '' && b !== '' && (a.endsWith(b) || b.endsWith(a))
}

/**
 * The id of the last message that was sent to this number before `atMs`, by the files of what was sent: also known after a
 * restart. A message that was sent after the answer came is not the one that it answers.
 */
export async function lastSentTo(
  sentFolder: string,
  phone: string,
  atMs: number,
): Promise<string | undefined> {
  let newest: { id: string; ms: number } | undefined
  for (const name of await readdir(sentFolder)) {
    const [, to = '', id = ''] =
      /^OUT[A-D]\d{8}_\d{6}_\d{2}_(\+?\d{3,15})_([A-Za-z0-9-]+)\.txt$/.exec(name) ?? []
    if (to === '' || !isSameNumber(to, phone)) continue
    const { mtimeMs } = await stat(join(sentFolder, name))
    if (mtimeMs <= atMs && (!newest || mtimeMs > newest.ms)) newest = { id, ms: mtimeMs }
  }
  return newest?.id
}
