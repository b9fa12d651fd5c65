// Threads of ours: started from sources or from a build, each with a priority of its own.
import { readdirSync, readlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Starts the thread of the file `name` beside the module at `moduleUrl`; from sources, gathered into one script first. */
export function startThread(moduleUrl: string, name: string, options: WorkerOptions): Worker {
  if (!moduleUrl.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, moduleUrl), options)
  const require = createRequire(moduleUrl)
  const { gatherSources } = require('../../bin/gather-sources.cjs') as {
    gatherSources: (file: string) => string
  }
  const script = gatherSources(fileURLToPath(new URL(`./${name}.ts`, moduleUrl)))
  return new Worker(script, { ...options, eval: true })
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
