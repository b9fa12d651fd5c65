// Are codes those of RFC 6238, do they count once, and do recovery codes?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Secret, TOTP } from 'otpauth'
import { SecondFactor, stepOfCode } from '../../../../centre/accounts/second-factor.ts'
import { openReader, openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import {
  createSignInReader,
  createSignInWriter,
} from '../../../../centre/storage/sqlite/sign-in/factor-table.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

let folder: string
let open: Sqlite[]
let clock: VirtualClock
let factor: SecondFactor

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-factor-'))
  const [writing, reading] = (open = [
    openWriter(join(folder, 'centre.db'), 1),
    openReader(join(folder, 'centre.db')),
  ])
  clock = new VirtualClock()
  const calls = { ...createSignInWriter(writing as Sqlite), ...createSignInReader(reading as Sqlite) }
  const storage = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      async (...args: never[]) => (call as (...all: never[]) => unknown)(...args),
    ]),
  ) as never
  factor = new SecondFactor({ storage, clock, random: createSeededRandom(1) })
})
afterEach(() => {
  for (const db of open) db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What the person's app shows. */
const codeOf = (secret: string, atMs: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: atMs })
const otherThan = (code: string): string => `${(Number(code[0]) + 1) % 10}${code.slice(1)}`

async function enrolled(user = 'li'): Promise<{ secret: string; codes: string[] }> {
  const begun = await factor.begin(user)
  if (!begun) throw new Error('stands already')
  const codes = await factor.confirm(user, codeOf(begun.secret, clock.wallMs()), 'session')
  clock.advance(60_000)
  return { secret: begun.secret, codes: codes ?? [] }
}

// RFC 6238, appendix B: SHA-1, the last six of its eight digits.
it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
])('takes the code of the RFC at %i s, one step around it and no further', (seconds, code) => {
  const secret = Buffer.from('12345678901234567890').toString('hex')
  const step = Math.floor(seconds / 30)
  expect([-60, -30, 0, 30, 60].map((by) => stepOfCode(secret, code, (seconds + by) * 1000))).toEqual([
    undefined,
    step,
    step,
    step,
    undefined,
  ])
  for (const wrong of ['', '28708', '2870822', 'abcdef', otherThan(code)])
    expect(stepOfCode(secret, wrong, seconds * 1000)).toBeUndefined()
})

it('counts only once confirmed, and a code only once, also one of an earlier step', async () => {
  const begun = await factor.begin('li')
  const secret = begun?.secret ?? ''
  expect(begun?.uri).toMatch(/^otpauth:\/\/totp\/Gengfu:li\?/)
  expect(await factor.isRight('li', codeOf(secret, clock.wallMs()))).toBe(false)
  expect(await factor.confirm('li', otherThan(codeOf(secret, clock.wallMs())), 's')).toBeUndefined()
  expect(await factor.confirm('li', codeOf(secret, clock.wallMs()), 's')).toHaveLength(10)
  // The code that confirmed it is used up.
  expect(await factor.isRight('li', codeOf(secret, clock.wallMs()))).toBe(false)
  clock.advance(60_000)
  const [before, now] = [clock.wallMs() - 30_000, clock.wallMs()].map((at) => codeOf(secret, at))
  expect(await factor.isRight('li', now ?? '')).toBe(true)
  expect(await factor.isRight('li', now ?? '')).toBe(false)
  expect(await factor.isRight('li', before ?? '')).toBe(false)
  // A stranger in the session can not put another one in its place.
  expect(await factor.begin('li')).toBeUndefined()
})

it('takes each recovery code once, of its own person, however it is written', async () => {
  const { codes } = await enrolled()
  const [first = '', second = ''] = codes
  await enrolled('wang')
  expect(await factor.isRight('wang', first)).toBe(false)
  expect(await factor.isRight('li', first.toUpperCase().replace('-', ' '))).toBe(true)
  expect(await factor.isRight('li', first)).toBe(false)
  expect(await factor.stateOf('li')).toEqual({ isConfirmed: true, codesLeft: 9 })
  await factor.remove('li')
  expect(await factor.isRight('li', second)).toBe(false)
  expect(await factor.stateOf('li')).toEqual({ isConfirmed: false, codesLeft: 0 })
})
