// The folders of gammu-smsd: a message is a file whose name holds the number and our id; where the program moves it says what became of it.
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { codeOf } from '../../failure.ts'
import type { SentMessage } from './sms-answers.ts'

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
/** An answer to an older message is none. */
const answeredWithinMs = 86_400_000
/** Messages to one number that an answer may mean: the newest. */
const sentMax = 50
/** Digits behind those of the country, from which on a number is read as whole without `+`. */
const nationalDigitsMin = 10

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

/**
 * The whole number in digits. `+` or `00` precede its country; a number without either is one of this country, as networks and
 * people write it: with or without the country's own digits, or with a 0 in front.
 */
export function wholeNumber(phone: string, countryCode: string): string {
  const digits = phone.replace(/\D/g, '')
  if (phone.startsWith('+')) return digits
  if (digits.startsWith('00')) return digits.slice(2)
  const isWhole = digits.startsWith(countryCode) && digits.length >= countryCode.length + nationalDigitsMin
  return isWhole ? digits : countryCode + digits.replace(/^0/, '')
}

/**
 * The messages to this number in the day before `atMs`, newest first. They are read from the folder of sent messages, so a restart loses none. A
 * message that was sent after the answer came is not the one that it answers.
 */
export async function sentTo(
  sentFolder: string,
  phone: string,
  atMs: number,
  countryCode: string,
): Promise<SentMessage[]> {
  const number = wholeNumber(phone, countryCode)
  const found: { id: string; ms: number; file: string }[] = []
  for (const name of await readdir(sentFolder)) {
    const [, to = '', id = ''] =
      /^OUT[A-D]\d{8}_\d{6}_\d{2}_(\+?\d{3,15})_([A-Za-z0-9-]+)\.txt$/.exec(name) ?? []
    if (to === '' || wholeNumber(to, countryCode) !== number) continue
    const file = join(sentFolder, name)
    const { mtimeMs: ms } = await stat(file)
    if (ms <= atMs && ms > atMs - answeredWithinMs) found.push({ id, ms, file })
  }
  const newest = found.toSorted((a, b) => b.ms - a.ms).slice(0, sentMax)
  return Promise.all(newest.map(async ({ id, file }) => ({ id, code: codeIn(textOf(await readFile(file))) })))
}

const asks = {
  zh: (code: string): string => `。回复“4 ${code}”接警 5转交 6已处理`,
  en: (code: string): string => `. Reply "4 ${code}" accept, 5 pass on, 6 done`,
}

/** The end of a message that can be answered; its code proves that the person who answers has the message. */
export const askFor = (code: string, language: keyof typeof asks): string => asks[language](code)

/** The last one: the words before it are those of other people. */
const codeIn = (text: string): string | undefined =>
  [...text.matchAll(/(?:回复“|Reply ")4 (\d{4})[”"]/g)].at(-1)?.[1]
