// Starts the threads that do the cameras' work, and sets them behind the thread of the alarms.
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { Worker } from 'node:worker_threads'

/** As `nice`: on a box with one or two cores the thread of the alarms comes first. */
const niceness = 10
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 }

/** Starts the thread of a file beside this one. Threads do not inherit the loader that runs TypeScript: from sources one registers it first. */
export function startThread(name: string, workerData?: unknown): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL(`./${name}.js`, import.meta.url), { resourceLimits, workerData })
  const source = JSON.stringify(new URL(`./${name}.ts`, import.meta.url).href)
  const run = `import('tsx/esm/api').then(({ register }) => { register(); return import(${source}) })`
  return new Worker(run, { eval: true, resourceLimits, workerData })
}

/** Linux gives threads priorities of their own, under the number that this link ends in; where it does not, all are equal. */
export function stepBack(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness)
  } catch {
    // No such link, or not allowed: slower beside alarms, and right all the same.
  }
}
