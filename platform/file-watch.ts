// Detects changes of files by checking them from time to time: file events do not report all renames, editors and mounts.
import { stat } from 'node:fs/promises'
import type { Clock } from '../protocols/kit/clock.ts'

const lookEveryMsDefault = 2000

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

const stampsOf = async (files: readonly string[]): Promise<string> =>
  (await Promise.all(files.map(stampOf))).join('\n')

/** Calls `onChange` after any of `files` has changed, and waits for it before the next check; returns the undo. */
export function watchFiles(
  files: readonly string[],
  clock: Clock,
  onChange: () => Promise<void>,
  lookEveryMs = lookEveryMsDefault,
): () => void {
  if (files.length === 0) return () => undefined
  let isStopped = false
  let cancel: () => void = () => undefined
  let known = stampsOf(files)
  const look = async (): Promise<void> => {
    const [before, now] = [await known, await stampsOf(files)]
    if (isStopped) return
    known = Promise.resolve(now)
    if (before !== now) await onChange()
    schedule()
  }
  const schedule = (): void => {
    if (!isStopped) cancel = clock.after(lookEveryMs, () => void look())
  }
  schedule()
  return () => {
    isStopped = true
    cancel()
  }
}
