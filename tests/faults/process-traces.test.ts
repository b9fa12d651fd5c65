// Are the shells that start commands counted, and is nothing that they start taken for a child of the program?
import { expect, it, onTestFinished } from 'vitest'
import { CommandShell } from '../../platform/command-shell.ts'
import { tracesOf } from './process-traces.ts'

it('three shells at work are three shells and no children, and none after their stop', async () => {
  const before = tracesOf(process.pid)
  const shells = Array.from({ length: 3 }, () => new CommandShell({ seconds: 30 }))
  const stop = (): void => {
    for (const shell of shells) shell.stop()
  }
  onTestFinished(stop)
  await Promise.all(shells.map((shell) => shell.ask('echo', ['started'])))
  // Each has a command under way while it is counted.
  const answers = shells.map((shell) => shell.ask('sleep', ['20']))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const during = tracesOf(process.pid)
  expect(during.shells - before.shells).toBe(3)
  expect(during.children).toBe(before.children)
  stop()
  expect(await Promise.all(answers)).toEqual(['', '', ''])
  await expect.poll(() => tracesOf(process.pid).shells, { timeout: 20_000 }).toBe(before.shells)
})
