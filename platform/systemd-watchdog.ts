// Reports to systemd that the program works, if systemd asks for it (WatchdogSec). Node can not send to a Unix datagram
// socket, so systemd's own small program does it.
import { execFile } from 'node:child_process'

/**
 * Undefined without a watchdog. Call it whenever the program has shown that it works; it reports no more often than
 * needed.
 */
export function createWatchdog(
  environment: NodeJS.ProcessEnv,
  nowMs: () => number,
  onFailure: (error: Error) => void,
): (() => void) | undefined {
  const { WATCHDOG_USEC: limit, NOTIFY_SOCKET: socket } = environment
  if (limit === undefined || socket === undefined) return undefined
  const everyMs = Number.parseInt(limit, 10) / 1000 / 4
  let fedMs = -Infinity
  return () => {
    if (nowMs() - fedMs < everyMs) return
    fedMs = nowMs()
    execFile('systemd-notify', ['WATCHDOG=1'], { timeout: 10_000, env: environment }, (error) => {
      if (error) onFailure(error)
    })
  }
}
