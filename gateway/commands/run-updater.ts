// Passes the version that the centre names to the updater that the box's owner configured. The version is the only
// argument and goes directly to the program: no shell ever sees a text of the centre.
import { execFile } from 'node:child_process'
import type { Ending } from './centre-command-document.ts'
import { commandReason } from './command-reasons.ts'

/** An updater that takes longer is ended. */
export const updaterMsMax = 15 * 60_000
const outputBytesMax = 64 * 1024

export function runUpdater(file: string, version: string, signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    const options = { timeout: updaterMsMax, maxBuffer: outputBytesMax, signal, cwd: '/', shell: false }
    execFile(file, [version], options, (error, _output, complaint) => {
      if (!error) return resolve({ state: 'done', reached: [version] })
      // Interrupted, perhaps by the update itself: the next start compares its version.
      if (signal.aborted) return resolve({ state: 'received', waiting: [version] })
      const words = complaint.trim().split('\n').at(-1) ?? ''
      const detail = `${error.code ?? error.message} ${words}`.slice(0, 200)
      return resolve({ state: 'failed', reason: commandReason('updater-failed', detail), missed: [version] })
    })
  })
}

/** After a restart: the running version shows whether the update succeeded. */
export function endOfUpdate(wanted: string | undefined, running: string): Ending {
  if (wanted === running) return { state: 'done', reached: [running] }
  return {
    state: 'failed',
    reason: commandReason('interrupted', running),
    missed: wanted === undefined ? [] : [wanted],
  }
}
