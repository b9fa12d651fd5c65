// A control group with little memory and a share of one core, created and removed by its user.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = '/sys/fs/cgroup'
const periodUs = 100_000

export interface ControlGroup {
  /** Prefix for a command line that runs inside. */
  wrap: string[]
  /** Processes that the kernel has killed in it for want of memory. */
  killed(): number
  /** Removes it; no process may run in it any more. */
  remove(): void
}

/** Throws the system's error (EACCES, EROFS, ENOENT) if this machine does not allow one. */
export function createControlGroup(megabytes: number, cores: number): ControlGroup {
  const name = `gengfu-${process.pid}`
  const memory = join(root, 'memory', name)
  const cpu = join(root, 'cpu', name)
  const folders = [memory, cpu]
  const made: string[] = []
  try {
    for (const folder of folders) {
      mkdirSync(folder)
      made.push(folder)
    }
    writeFileSync(join(memory, 'memory.limit_in_bytes'), String(megabytes * 1024 * 1024))
    writeFileSync(join(cpu, 'cpu.cfs_period_us'), String(periodUs))
    writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(cores * periodUs))
  } catch (error) {
    for (const folder of made) rmdirSync(folder)
    throw error
  }
  const enter = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join(' && ')
  return {
    wrap: ['sh', '-c', `${enter} && exec "$@"`, 'sh'],
    killed() {
      const [, count] =
        /^oom_kill (\d+)$/m.exec(readFileSync(join(memory, 'memory.oom_control'), 'utf8')) ?? []
      return Number(count ?? 0)
    },
    remove() {
      for (const folder of folders) rmdirSync(folder)
    },
  }
}
