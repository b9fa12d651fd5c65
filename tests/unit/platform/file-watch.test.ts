// Is a changed file noticed, also when it appears or goes, and is the change awaited before the next check?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { watchFiles } from '../../../platform/file-watch.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'

it('calls once for each change, and never after its undo', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-watch-'))
  try {
    const file = join(folder, 'list')
    const clock = new VirtualClock()
    let changes = 0
    const stop = watchFiles([file], clock, async () => void changes++)
    const pass = async (): Promise<number> => {
      // The state of the files is read on the disk, outside of the virtual time.
      for (let tries = 0; tries < 3; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
      clock.advance(2000)
      for (let tries = 0; tries < 3; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
      return changes
    }
    expect(await pass()).toBe(0)
    writeFileSync(file, 'a')
    expect(await pass()).toBe(1)
    writeFileSync(file, 'longer')
    expect(await pass()).toBe(2)
    expect(await pass()).toBe(2)
    rmSync(file)
    expect(await pass()).toBe(3)
    stop()
    writeFileSync(file, 'a')
    expect(await pass()).toBe(3)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
