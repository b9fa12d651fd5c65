// Threads of the program: started from sources or from a build, each with its own priority.
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setPriority } from 'node:os'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts the thread of `file`, such as `gateway/journal/journal-worker`. In a build it is beside the module at
 * `moduleUrl`; from sources it is bundled into one script first, and `moduleUrl` is then any file of the working copy.
 */
export function startThread(moduleUrl: string, file: string, options: WorkerOptions): Worker {
  if (!moduleUrl.endsWith('.ts')) return new Worker(new URL(`./${basename(file)}.js`, moduleUrl), options)
  const root = sourceRoot(fileURLToPath(moduleUrl))
  const { gatherSources } = createRequire(moduleUrl)(`${root}/bin/gather-sources.cjs`) as {
    gatherSources: (file: string) => string
  }
  return new Worker(gatherSources(`${root}/${file}.ts`), { ...options, eval: true })
}

/** A bundled script may be in a folder of any depth. */
function sourceRoot(file: string): string {
  const folder = dirname(file)
  return existsSync(`${folder}/bin/gather-sources.cjs`) || folder === '/' ? folder : sourceRoot(folder)
}

/**
 * Sets the priority of the calling thread, as `nice` does; a value below 0 is a higher priority. Linux has priorities
 * per thread, under the number at the end of this link. Returns false where that is not so, or not allowed.
 */
export function setThreadNiceness(niceness: number): boolean {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness)
    return true
  } catch {
    return false
  }
}

/** Sets the priority of all threads of this process, including V8's; later threads inherit it. */
export function setProcessNiceness(niceness: number): void {
  try {
    for (const id of readdirSync('/proc/self/task')) setPriority(Number(id), niceness)
  } catch {
    // Not Linux, or not allowed: as setThreadNiceness.
  }
}
