// Does one shell answer every command in order, and does a command that fails, hangs or floods cost only its own answer?
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CommandShell } from '../../../platform/command-shell.ts'

let shell: CommandShell
beforeEach(() => {
  shell = new CommandShell({ seconds: 1 })
})
afterEach(() => shell.stop())

const fieldsOf = (pid: string): { text: string; parent: number } => {
  try {
    // The name in brackets may hold spaces; the state and the parent come after it.
    const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]
    return { text: readFileSync(`/proc/${pid}/cmdline`, 'utf8'), parent: Number.parseInt(parent ?? '', 10) }
  } catch {
    return { text: '', parent: 0 }
  }
}

/** Process ids of the shells that this process has started. */
const shells = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => fieldsOf(name).parent === process.pid && fieldsOf(name).text.includes('while read -r'))
    .map((name) => Number.parseInt(name, 10))

it('answers each command in order, whatever characters its words hold', async () => {
  const odd = `it's "$HOME" \\0 \`id\` 更夫`
  const answers = await Promise.all([
    shell.ask('printf', ['%s', 'one']),
    shell.ask('no-such-command', []),
    shell.ask('printf', ['%s', odd]),
    shell.ask('echo', ['last']),
  ])
  expect(answers.map((text) => Buffer.from(text, 'latin1').toString('utf8'))).toEqual([
    'one',
    '',
    odd,
    'last\n',
  ])
})

it('a command that fails has no answer, whatever it wrote before', async () => {
  expect(await shell.ask('sh', ['-c', 'echo yes; exit 3'])).toBe('')
  expect(await shell.ask('sh', ['-c', 'echo yes; kill $$'])).toBe('')
  expect(await shell.ask('echo', ['next'])).toBe('next\n')
})

it('an answer has at most 4 KiB, and a longer one is none', async () => {
  const spaces = (count: number): Promise<string> => shell.ask('printf', [`%${count}s`, ''])
  expect(await spaces(4096)).toHaveLength(4096)
  expect(await spaces(4097)).toBe('')
  expect(await shell.ask('yes', [])).toBe('')
  expect(await shell.ask('echo', ['next'])).toBe('next\n')
})

it('a zero byte in an answer does not end it', async () => {
  const [first, next] = await Promise.all([
    shell.ask('printf', [String.raw`a\000b`]),
    shell.ask('echo', ['next']),
  ])
  expect([first, next]).toEqual(['ab', 'next\n'])
})

it.each([
  ['sleeps', 'sleep 600'],
  ['refuses to end', `trap '' TERM; while :; do sleep 1; done`],
  ['leaves a process behind that holds its output open', 'sleep 20 & exit 0'],
])('a command that %s blocks no later command', { timeout: 60_000 }, async (_title, text) => {
  const [, next] = await Promise.all([shell.ask('sh', ['-c', text]), shell.ask('echo', ['next'])])
  expect(next).toBe('next\n')
})

it('a shell that is stuck itself is replaced', { timeout: 60_000 }, async () => {
  expect(await shell.ask('echo', ['first'])).toBe('first\n')
  const [stuck] = shells()
  if (stuck === undefined) throw new Error('no shell')
  process.kill(stuck, 'SIGSTOP')
  expect(await shell.ask('echo', ['lost'])).toBe('')
  expect(await shell.ask('echo', ['next'])).toBe('next\n')
  expect(shells()).not.toContain(stuck)
  expect(shells()).toHaveLength(1)
})

it('answers with nothing when the shell can not start', async () => {
  const withoutShell = new CommandShell({ environment: { PATH: '/no/such/folder' } })
  expect(await withoutShell.ask('echo', ['one'])).toBe('')
  // `spawn` itself throws for this.
  const refused = new CommandShell({ environment: { ...process.env, WRONG: 'zero\0byte' } })
  expect(await Promise.all([refused.ask('echo', ['one']), refused.ask('echo', ['two'])])).toEqual(['', ''])
})

it('a stopped shell answers with nothing, and starts no other one', async () => {
  const asked = shell.ask('sleep', ['600'])
  shell.stop()
  expect(await asked).toBe('')
  expect(await shell.ask('echo', ['again'])).toBe('')
  expect(shells()).toEqual([])
})

it('takes no more than 16 questions at a time', async () => {
  const asked = Array.from({ length: 18 }, () => shell.ask('echo', ['one']))
  const answers = await Promise.all(asked)
  expect(answers.map((answer) => answer !== '')).toEqual([...Array(16).fill(true), false, false])
  expect(await shell.ask('echo', ['next'])).toBe('next\n')
})
