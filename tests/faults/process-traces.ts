// Traces of a running process: children, open files, memory, and stored pictures without an owner.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of the whole box: its own process and that of its cameras, without the short-lived ffmpeg processes. */
export interface Traces {
  /** All processes below it, including that of the cameras, without `shells` and what they have started. */
  children: number
  /** Shells that start commands: one for the clock, and one for the watchdog where systemd asks for it. */
  shells: number
  openFiles: number
  residentMegabytes: number
  /** The part of the cameras' process. */
  camerasMegabytes: number
}

export function tracesOf(pid: number): Traces {
  const all = descendantsOf(pid)
  const looksLikeShell = all.filter(isShell)
  // While it starts a command, a shell has copies of itself below it.
  const startedByShell = new Set(looksLikeShell.flatMap((id) => descendantsOf(Number(id))))
  const shells = looksLikeShell.filter((id) => !startedByShell.has(id))
  const children = all.filter((id) => !shells.includes(id) && !startedByShell.has(id))
  const cameras = children.filter(isOfCameras)
  const box = [String(pid), ...cameras]
  const sum = (figures: number[]): number => figures.reduce((a, b) => a + b, 0)
  return {
    children: children.length,
    shells: shells.length,
    openFiles: sum(box.map((id) => readdirSync(`/proc/${id}/fd`).length)),
    residentMegabytes: sum(box.map(residentOf)),
    camerasMegabytes: sum(cameras.map(residentOf)),
  }
}

function residentOf(id: string): number {
  const status = readFileSync(`/proc/${id}/status`, 'utf8')
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024
}

/** The shell that starts commands (platform/command-shell.ts). */
function isShell(id: string): boolean {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('while read -r line')
  } catch {
    // Ended while we looked.
    return false
  }
}

/** True for the cameras' process of a box. */
export function isOfCameras(id: string): boolean {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('camera-program')
  } catch {
    // Ended while we looked.
    return false
  }
}

/** Processes below this one, by id. Zombies count: a child that was never reaped is the leak. */
export function descendantsOf(pid: number): string[] {
  const parents = readdirSync('/proc').flatMap((name): [string, string][] => {
    try {
      const stat = /^\d+$/.test(name) ? readFileSync(`/proc/${name}/stat`, 'latin1') : ''
      return stat === '' ? [] : [[name, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '']]
    } catch {
      // Ended while we looked.
      return []
    }
  })
  const below = (id: string): string[] =>
    parents.flatMap(([child, parent]) => (parent === id ? [child, ...below(child)] : []))
  return below(String(pid))
}

/** Picture files without a document and documents without their files; empty when the store is whole. */
export function strayPictures(dataDir: string): string[] {
  const names = (folder: string): string[] => readdirSync(join(dataDir, 'pictures', folder))
  const wanted = new Set(
    names('index').flatMap((name) => {
      const text = readFileSync(join(dataDir, 'pictures/index', name), 'utf8')
      const { full, preview } = JSON.parse(text) as Record<'full' | 'preview', { sha256: string }>
      return [full.sha256, preview.sha256]
    }),
  )
  const there = new Set(
    names('files').flatMap((shard) => names(`files/${shard}`).map((name) => name.replace(/\.jpg$/, ''))),
  )
  return [
    ...[...there].filter((name) => !wanted.has(name)).map((name) => `file without document: ${name}`),
    ...[...wanted].filter((name) => !there.has(name)).map((name) => `document without file: ${name}`),
  ]
}

/** Megabytes per hour by least squares over the second half, when everything is warm. */
export function slopePerHour(samples: readonly { atMs: number; megabytes: number }[]): number {
  const warm = samples.slice(Math.floor(samples.length / 2))
  const mean = (values: number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
  const [x, y] = [mean(warm.map(({ atMs }) => atMs)), mean(warm.map(({ megabytes }) => megabytes))]
  const above = warm.reduce((sum, { atMs, megabytes }) => sum + (atMs - x) * (megabytes - y), 0)
  const below = warm.reduce((sum, { atMs }) => sum + (atMs - x) ** 2, 0)
  return below === 0 ? 0 : (above / below) * 3_600_000
}
