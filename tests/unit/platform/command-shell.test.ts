// Does one shell answer every command in order, and does a command that fails, hangs or floods cost only its own answer?
import { afterEach, expect, it } from 'vitest'
import { CommandShell } from '../../../platform/command-shell.ts'

const shell = new CommandShell()
afterEach(() => shell.stop())

it('answers each command in order, whatever characters its words hold', async () => {
  const odd = `it's "$HOME" \\0 \`id\` 更夫`
  const answers = await Promise.all([
    shell.ask('printf', ['%s', 'one']),
    shell.ask('no-such-command', []),
    shell.ask('printf', ['%s', odd]),
    shell.ask('sh', ['-c', 'echo bad >&2; exit 3']),
  ])
  expect(answers.map((text) => Buffer.from(text, 'latin1').toString('utf8'))).toEqual(['one', '', odd, ''])
})

it('cuts an answer without end, and the next command is answered', async () => {
  expect(await shell.ask('yes', [])).toHaveLength(4096)
  expect(await shell.ask('echo', ['next'])).toBe('next\n')
})

it('a command that hangs is ended after its time', async () => {
  const [hung, next] = await Promise.all([shell.ask('sleep', ['600']), shell.ask('echo', ['next'])])
  expect([hung, next]).toEqual(['', 'next\n'])
})

it('an ended shell answers what was asked with nothing, and a new one answers the next', async () => {
  const asked = shell.ask('sleep', ['600'])
  shell.stop()
  expect(await asked).toBe('')
  expect(await shell.ask('echo', ['again'])).toBe('again\n')
})

it('takes no more questions than it can have in hand', async () => {
  const asked = Array.from({ length: 18 }, () => shell.ask('echo', ['-n']))
  expect(await Promise.all(asked)).toHaveLength(18)
})
