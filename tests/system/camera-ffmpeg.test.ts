// How ffmpeg is run: by a small process of its own, yielding to everything, tied to us and bounded; also where a sandbox forbids
// something of it. A script in its place says what it was given.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Ffmpeg } from '../../gateway/cameras/ffmpeg-run.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'

const limits = { deadlineMs: 10_000, signal: new AbortController().signal }
const path = process.env['PATH'] ?? ''
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-ffmpeg-'))
})

afterEach(() => {
  process.env['PATH'] = path
  rmSync(folder, { recursive: true, force: true })
})

function script(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

/** What a process that is run as ffmpeg finds about itself. */
async function found(): Promise<string> {
  const command = script(
    'fake-ffmpeg',
    'if [ "$1" = -version ]; then echo "ffmpeg version 5.1"; exit; fi\nPATH=/usr/bin:/bin; chrt -p $$; nice; ulimit -d',
  )
  const ffmpeg = new Ffmpeg({ clock: createSystemClock(), command })
  return (await ffmpeg.run([], '', limits)).output.toString()
}

it('runs only where nothing else wants to, with so much memory and no more', async () => {
  const words = await found()
  expect(words).toContain('SCHED_IDLE')
  expect(words).toMatch(/^262144$/m)
})

it('is at least nice where that is forbidden, and bounded all the same', async () => {
  script('chrt', 'exit 1')
  process.env['PATH'] = `${folder}:${path}`
  const words = await found()
  expect(words).toContain('SCHED_OTHER')
  expect(words).toMatch(/^10$/m)
  expect(words).toMatch(/^262144$/m)
})

it('runs as it is where none of the helpers are there', async () => {
  for (const name of ['chrt', 'nice']) script(name, 'exit 1')
  process.env['PATH'] = `${folder}:${path}`
  expect(await found()).toMatch(/^unlimited$/m)
})

/** Runs `words` as ffmpeg. */
function runs(words: string): Ffmpeg {
  const command = script(
    'fake-ffmpeg',
    `if [ "$1" = -version ]; then echo "ffmpeg version 5.1"; exit; fi\n${words}`,
  )
  return new Ffmpeg({ clock: createSystemClock(), command })
}
const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`)
const written = (file: string): string => readFileSync(join(folder, file), 'utf8')

it('is started by a small process, which ends with us', async () => {
  const ffmpeg = runs('echo $PPID')
  const starter = Number((await ffmpeg.run([], '', limits)).output)
  expect(readFileSync(`/proc/${starter}/cmdline`, 'utf8')).toContain('ffmpeg-starter')
  expect(Number((await ffmpeg.run([], '', limits)).output)).toBe(starter)
  ffmpeg.stop()
  await vi.waitFor(() => expect(isRunning(starter)).toBe(false), 5000)
})

it('leaves nothing behind when we stop in the middle, and none waits for an answer', async () => {
  const ffmpeg = runs(`echo $$ $PPID > ${folder}/pids; sleep 60`)
  const answers = Promise.allSettled([ffmpeg.run([], '', limits)])
  await vi.waitFor(() => expect(written('pids')).toContain('\n'), 5000)
  ffmpeg.stop()
  expect(await answers).toMatchObject([{ status: 'rejected', reason: { code: 'stopped' } }])
  const [child = 0, starter = 0] = written('pids').split(' ').map(Number)
  await vi.waitFor(() => expect([isRunning(child), isRunning(starter)]).toEqual([false, false]), 5000)
})

it('whose starter is killed fails once, and the next picture has a new one', async () => {
  const ffmpeg = runs(
    `if [ -e ${folder}/pids ]; then echo fine; exit; fi; echo $$ $PPID > ${folder}/pids; sleep 60`,
  )
  const answers = Promise.allSettled([ffmpeg.run([], '', limits)])
  await vi.waitFor(() => expect(written('pids')).toContain('\n'), 5000)
  const [child = 0, starter = 0] = written('pids').split(' ').map(Number)
  process.kill(starter, 'SIGKILL')
  expect(await answers).toMatchObject([{ status: 'rejected', reason: { code: 'stopped' } }])
  expect((await ffmpeg.run([], '', limits)).output.toString()).toBe('fine\n')
  await vi.waitFor(() => expect(isRunning(child)).toBe(false), 5000)
  ffmpeg.stop()
})

it('is ended at its deadline, and gets what it is to read on its standard input', async () => {
  const ffmpeg = runs('cat; if [ "$1" = long ]; then exec sleep 60; fi')
  expect((await ffmpeg.run([], 'words', limits)).output.toString()).toBe('words')
  const late = ffmpeg.run(['long'], 'words', { ...limits, deadlineMs: 300 })
  await expect(late).rejects.toMatchObject({ code: 'slow' })
  expect(ffmpeg.running).toBe(0)
  ffmpeg.stop()
})

/** What has ended but is in nobody's care any more, as the thread that would have reaped it is gone, does not count. */
const isAtWork = (pid: number): boolean => {
  const file = `/proc/${pid}/stat`
  return existsSync(file) && !/^\d+ \(.*\) Z/.test(readFileSync(file, 'latin1'))
}

it('ends when the thread that asked for it hangs and is given up', async () => {
  const command = script(
    'fake-ffmpeg',
    `if [ "$1" = -version ]; then echo "ffmpeg version 5.1"; exit; fi\necho $$ $PPID > ${folder}/pids; exec sleep 60`,
  )
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
  const hanging = `
    import('tsx/esm/api').then(async ({ register }) => {
      register()
      const { Ffmpeg } = await import(${url('../../gateway/cameras/ffmpeg-run.ts')})
      const { createSystemClock } = await import(${url('../../protocols/kit/clock.ts')})
      const ffmpeg = new Ffmpeg({ clock: createSystemClock(), command: ${JSON.stringify(command)} })
      ffmpeg.run([], '', { deadlineMs: 60000, signal: new AbortController().signal }).catch(() => {})
      const { existsSync } = await import('node:fs')
      setInterval(() => { if (existsSync(${JSON.stringify(join(folder, 'pids'))})) for (;;); }, 20)
    })`
  const thread = new Worker(hanging, { eval: true })
  await vi.waitFor(() => expect(written('pids')).toContain('\n'), 10_000)
  const [child = 0, starter = 0] = written('pids').split(' ').map(Number)
  expect([isAtWork(child), isAtWork(starter)]).toEqual([true, true])
  await thread.terminate()
  await vi.waitFor(() => expect([isAtWork(child), isAtWork(starter)]).toEqual([false, false]), 5000)
}, 20_000)
