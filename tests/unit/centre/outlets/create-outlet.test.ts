// Does each type of settings give an outlet that shows its message, and does one that writes files leave whole documents only?
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOutlet } from '../../../../centre/outlets/create-outlet.ts'
import { createFileOutlet } from '../../../../centre/outlets/file/file-outlet.ts'
import { testMessage } from '../../../../platform/outlets/message.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { settingsOf } from './outlet-kit.ts'

const message = testMessage('g-1', 1_760_000_000_000, 'ops')
const never = new AbortController().signal
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-outlet-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const partsOf = () => ({ clock: new VirtualClock(), random: createSystemRandom(), timeZone: 'Asia/Shanghai' })

test.each([
  ['file', { folder: '/nowhere' }],
  ['webhook', { url: 'http://127.0.0.1:9/hook' }],
  ['cap', { url: 'http://127.0.0.1:9/cap', sender: 'desk@town.example' }],
  ['mail', { host: '127.0.0.1', from: 'desk@town.example', to: ['li@town.example'] }],
])('an outlet of type %s shows its message', async (type, more) => {
  const shown = await createOutlet(settingsOf({ type, ...more }), partsOf()).preview([message])
  expect(shown.length).toBeGreaterThan(20)
})

test('a file outlet writes one document a message, named by its id, with the words in it', async () => {
  const outlet = createFileOutlet({ folder, textOf: () => '红色 紧急求助' })
  expect(await outlet.send([message], never)).toEqual({ state: 'handed-over', words: 'g-1.json' })
  await outlet.send([message], never)
  expect(readdirSync(folder)).toEqual(['g-1.json'])
  const written = readFileSync(join(folder, 'g-1.json'), 'utf8')
  expect(JSON.parse(written)).toMatchObject({ id: 'g-1', words: '红色 紧急求助' })
  expect(await outlet.preview([message])).toBe(written)
})

test('a file outlet without a message, or with a file in place of its folder, says so', async () => {
  writeFileSync(join(folder, 'file'), '')
  const outlet = createFileOutlet({ folder: join(folder, 'file'), textOf: () => '' })
  expect(await outlet.send([], never)).toMatchObject({ state: 'refused', isFinal: true })
  await expect(outlet.send([message], never)).rejects.toThrow(/ENOTDIR|EEXIST/)
})
