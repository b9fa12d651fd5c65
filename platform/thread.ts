// Threads of ours: started from sources or from a build, each with a priority of its own.
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setPriority } from 'node:os'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts the thread of `file`, such as `gateway/journal/journal-worker`. In a build it lies beside the module at `moduleUrl`;
 * from sources it is gathered into one script first, and `moduleUrl` is then any file of the working copy.
 */
export function startThread(moduleUrl: string, file: string, options: WorkerOptions): Worker {
  if (!moduleUrl.endsWith('.ts')) return new Worker(new URL(`./${basename(file)}.js`, moduleUrl), options)
  const root = sourceRoot(fileURLToPath(moduleUrl))
  const { gatherSources } = createRequire(moduleUrl)(`${root}/bin/gather-sources.cjs`) as {
    gatherSources: (file: string) => string
  }
  return new Worker(gatherSources(`${root}/${file}.ts`), { ...options, eval: true })
}

/** A gathered script may lie in a room of any depth. */
function sourceRoot(file: string): string {
  const folder = dirname(file)
  return existsSync(`${folder}/bin/gather-sources.cjs`) || folder === '/' ? folder : sourceRoot(folder)
}

/**
 * Sets the priority of the thread that calls, as `nice` does; below 0 goes ahead of others. Linux gives threads priorities
 * of their own, under the number that this link ends in. Returns false where that is not so, or not allowed.
 */
export function setThreadNiceness(niceness: number): boolean {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness)
    return true
  } catch {
    return false
  }
}

/** Sets the priority of all threads of this process, V8's own among them; threads to come inherit it. */
export function setProcessNiceness(niceness: number): void {
  try {
    for (const id of readdirSync('/proc/self/task')) setPriority(Number(id), niceness)
  } catch {
    // Not Linux, or not allowed: as setThreadNiceness.
  }
}
