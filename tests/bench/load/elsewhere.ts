// Processes that stand for other machines (cameras, devices, attackers) share two processors with the measured box.
import { execFileSync } from 'node:child_process'

/** From now on this process has the idle scheduling class, as if it ran on another machine. */
export function runElsewhere(): void {
  execFileSync('chrt', ['--idle', '--all-tasks', '--pid', '0', String(process.pid)])
}
