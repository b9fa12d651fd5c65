// Are device passwords checked correctly, off the event loop, a few at a time, and cheaply when devices reconnect?
import { chmod, chown, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CheckQueue } from '../../../../gateway/broker/credentials/check-queue.ts'
import { PasswordCredentials } from '../../../../gateway/broker/credentials/password-credentials.ts'
import { writePasswordEntry } from '../../../../gateway/broker/credentials/password-file.ts'
import { writeDevicePassword } from '../../../../gateway/cli/device-password.ts'
import {
  hashPassword,
  parsePasswordHash,
  parsePasswordLines,
} from '../../../../gateway/broker/credentials/passwords.ts'
import { guessesPerNameMax } from '../../../../platform/strangers/guess-limit.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

const random = createSystemRandom()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broker-passwords-'))
  file = join(folder, 'passwords')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function create(
  limits = { passwordChecks: 2, passwordChecksWaiting: 100 },
  clock = new VirtualClock(),
) {
  const credentials = new PasswordCredentials({ file, limits, clock, logger: pino({ level: 'silent' }) })
  await credentials.load()
  return credentials
}

describe('a password', () => {
  it('is right only when it is the one that was hashed', async () => {
    await writePasswordEntry(file, 'dev-1', await hashPassword('right', random))
    const credentials = await create()
    expect(await credentials.verify('dev-1', bytes('right'), 'x')).toBe('right')
    for (const wrong of ['wrong', 'Right', 'right ', '', 'r'.repeat(5000)])
      expect(await credentials.verify('dev-1', bytes(wrong), 'x')).toBe('wrong')
    expect(await credentials.verify('dev-2', bytes('right'), 'x')).toBe('unknown-device')
  })

  it('hashes differently each time', async () => {
    expect(await hashPassword('same', random)).not.toBe(await hashPassword('same', random))
  })

  it('that was right stops being so when the entry changes, and after a reload only', async () => {
    await writePasswordEntry(file, 'dev-1', await hashPassword('old', random))
    const credentials = await create()
    expect(await credentials.verify('dev-1', bytes('old'), 'x')).toBe('right')
    await writePasswordEntry(file, 'dev-1', await hashPassword('new', random))
    expect(await credentials.verify('dev-1', bytes('old'), 'x')).toBe('right')
    await credentials.load()
    expect(await credentials.verify('dev-1', bytes('old'), 'x')).toBe('wrong')
    expect(await credentials.verify('dev-1', bytes('new'), 'x')).toBe('right')
    await writePasswordEntry(file, 'dev-1', undefined)
    await credentials.load()
    expect(await credentials.verify('dev-1', bytes('new'), 'x')).toBe('unknown-device')
  })

  it('that was right is remembered, so that a storm of reconnects costs no scrypt', async () => {
    await writePasswordEntry(file, 'dev-1', await hashPassword('right', random))
    // No check may wait: a second scrypt at the same time would answer busy.
    const credentials = await create({ passwordChecks: 1, passwordChecksWaiting: 0 })
    expect(await credentials.verify('dev-1', bytes('right'), 'x')).toBe('right')
    const storm = Array.from({ length: 500 }, () => credentials.verify('dev-1', bytes('right'), 'x'))
    expect(new Set(await Promise.all(storm))).toEqual(new Set(['right']))
  })

  it('check that finds the queue full is told to come back', async () => {
    await writePasswordEntry(file, 'dev-1', await hashPassword('right', random))
    const credentials = await create({ passwordChecks: 1, passwordChecksWaiting: 2 })
    const verdicts = await Promise.all(
      Array.from({ length: 6 }, () => credentials.verify('dev-1', bytes('right'), 'x')),
    )
    expect(verdicts.toSorted()).toEqual(['busy', 'busy', 'busy', 'right', 'right', 'right'])
  })

  it('guessed too often from one address is not looked at for a while; other addresses and names are', async () => {
    const clock = new VirtualClock()
    for (const device of ['dev-1', 'dev-2'])
      await writePasswordEntry(file, device, await hashPassword('right', random))
    const credentials = await create(undefined, clock)
    // At once, as a program guesses: waiting attempts count as well.
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, i) => credentials.verify('dev-1', bytes(`guess ${i}`), '192.0.2.1')),
    )
    expect(guesses.filter((verdict) => verdict === 'wrong').length).toBeLessThanOrEqual(guessesPerNameMax + 1)
    expect(await credentials.verify('dev-1', bytes('right'), '192.0.2.1')).toBe('too-many-guesses')
    expect(await credentials.verify('dev-1', bytes('right'), '192.0.2.2')).toBe('right')
    expect(await credentials.verify('dev-2', bytes('right'), '192.0.2.1')).toBe('right')
    clock.advance(61_000)
    expect(await credentials.verify('dev-1', bytes('guess'), '192.0.2.1')).toBe('wrong')
  })

  it('of an unknown name is hashed and throttled like one of a known name', async () => {
    await writePasswordEntry(file, 'dev-1', await hashPassword('right', random))
    const credentials = await create({ passwordChecks: 1, passwordChecksWaiting: 0 })
    // The unknown one holds the only place, as a known one would.
    const verdicts = await Promise.all(
      ['nobody', 'dev-1'].map((device) => credentials.verify(device, bytes('x'), '192.0.2.1')),
    )
    expect(verdicts).toEqual(['unknown-device', 'busy'])
    for (let i = 0; i < guessesPerNameMax; i++) await credentials.verify('nobody', bytes('x'), '192.0.2.1')
    expect(await credentials.verify('nobody', bytes('x'), '192.0.2.1')).toBe('too-many-guesses')
  })
})

describe('the turns of checks', () => {
  /** Order in which `waiting` get their turn behind one that runs. */
  async function order(waiting: string[], known: string[] = [], passwordChecksWaiting = 100) {
    const queue = new CheckQueue({ passwordChecks: 1, passwordChecksWaiting }, (one) => known.includes(one))
    const served: string[] = []
    let end = (): void => undefined
    const running = queue.run('first', () => new Promise<void>((resolve) => (end = resolve)))
    const all = waiting.map(async (name) => {
      const done = await queue.run(name, async () => served.push(name))
      return done === 'busy' ? `${name} busy` : name
    })
    end()
    await running
    return { verdicts: await Promise.all(all), served }
  }

  it('go round by address, and first to addresses from which a device has signed in', async () => {
    expect((await order(['a', 'a', 'a', 'b', 'c'])).served).toEqual(['a', 'b', 'c', 'a', 'a'])
    expect((await order(['a', 'a', 'b'], ['b'])).served).toEqual(['b', 'a', 'a'])
  })

  it('that are too many are taken from the address that has most of them', async () => {
    const { verdicts } = await order(['a', 'a', 'a', 'b'], [], 3)
    expect(verdicts).toEqual(['a', 'a', 'a busy', 'b'])
  })
})

describe('the password file', () => {
  it('is written whole, readable by its owner only, one line per device', async () => {
    for (const device of ['dev-1', 'dev-2', 'dev-1'])
      await writePasswordEntry(file, device, await hashPassword('x', random))
    const { entries, problems } = parsePasswordLines(await readFile(file, 'utf8'))
    expect([...entries.keys()]).toEqual(['dev-2', 'dev-1'])
    expect(problems).toEqual([])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('keeps its owner and mode, and no link is followed', async () => {
    await writePasswordEntry(file, 'dev-1', await hashPassword('x', random))
    // Only root can change the owner of a file.
    const owner = process.getuid?.() === 0 ? 1234 : (await stat(file)).uid
    await chown(file, owner, (await stat(file)).gid)
    await chmod(file, 0o640)
    const victim = join(folder, 'victim')
    await writeFile(victim, 'precious')
    await symlink(victim, `${file}.new`)
    await writePasswordEntry(file, 'dev-2', await hashPassword('x', random))
    const { uid, mode } = await stat(file)
    expect([uid, mode & 0o777]).toEqual([owner, 0o640])
    const link = join(folder, 'link')
    await symlink(victim, link)
    expect(await writeDevicePassword(link, 'dev-1')).toMatchObject({ ok: false })
    expect(await readFile(victim, 'utf8')).toBe('precious')
  })

  it('keeps comments and other lines when an entry changes', async () => {
    await writeFile(file, '# sensors of the school\nbroken line\n')
    await writePasswordEntry(file, 'dev-1', await hashPassword('x', random))
    expect(await readFile(file, 'utf8')).toMatch(/^# sensors of the school\nbroken line\ndev-1:scrypt\$/)
  })

  it('names bad lines and admits nobody by them', async () => {
    const { entries, problems } = parsePasswordLines(
      [
        'dev-1:plain',
        '#x',
        '',
        'no colon',
        '+/#:scrypt$4096$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      ].join('\n'),
    )
    expect(entries.size).toBe(0)
    expect(problems).toHaveLength(3)
  })

  it.each([
    'scrypt$1048576$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$4096$64$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$4096$8$99$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$4095$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$4096$8$1$AA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$4096$8$1$AAAAAAAAAAAAAAAA$AA',
    'scrypt$NaN$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'bcrypt$4096$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '',
  ])('refuses the hash %s', (text) => {
    expect(parsePasswordHash(text).ok).toBe(false)
  })
})
