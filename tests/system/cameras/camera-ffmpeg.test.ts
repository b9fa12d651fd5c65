// How ffmpeg is run: at the lowest priority, tied to us and bounded; also where a sandbox forbids a part of it. A
// script in its place reports what it got.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Ffmpeg } from '../../../gateway/cameras/talk/stream/ffmpeg-run.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'

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

/** The facts that a process run as ffmpeg finds about itself. */
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

it('starts no other program for that where we run so already', async () => {
  for (const name of ['chrt', 'nice']) script(name, 'exit 1')
  const ask = (...words: string[]): unknown =>
    execFileSync('chrt', [...words, '--pid', '0', `${process.pid}`])
  ask('--idle')
  try {
    process.env['PATH'] = `${folder}:${path}`
    const words = await found()
    expect(words).toContain('SCHED_IDLE')
    expect(words).toMatch(/^262144$/m)
  } finally {
    process.env['PATH'] = path
    ask('--other')
  }
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

it('is reaped on a stop in the middle, no caller waits for ever, and nothing is started any more', async () => {
  // Its own child keeps its output open.
  const ffmpeg = runs(`echo $$ > ${folder}/pid; sleep 20`)
  const answers = Promise.allSettled([ffmpeg.run([], '', limits)])
  await vi.waitFor(() => expect(written('pid')).toContain('\n'), 5000)
  await ffmpeg.stop()
  expect(isRunning(Number(written('pid')))).toBe(false)
  await expect(ffmpeg.run([], '', limits)).rejects.toMatchObject({ code: 'stopped' })
  expect(await answers).toMatchObject([{ status: 'rejected', reason: { code: 'stopped' } }])
})

it('is ended at its deadline, and gets its input on standard input', async () => {
  const ffmpeg = runs('cat; if [ "$1" = long ]; then exec sleep 60; fi')
  expect((await ffmpeg.run([], 'words', limits)).output.toString()).toBe('words')
  const late = ffmpeg.run(['long'], 'words', { ...limits, deadlineMs: 300 })
  await expect(late).rejects.toMatchObject({ code: 'slow' })
  expect(ffmpeg.running).toBe(0)
})
