// Reports to systemd that the program works, if systemd asks for it (WatchdogSec). Node can not send to a Unix datagram
// socket, so systemd's own small program does it.
import { CommandShell } from './command-shell.ts'

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
  const shell = new CommandShell(environment)
  let fedMs = -Infinity
  return () => {
    if (nowMs() - fedMs < everyMs) return
    fedMs = nowMs()
    // The next report is never refused by this one: it is over long before.
    void shell.ask('sh', ['-c', 'systemd-notify WATCHDOG=1 2>&1 && printf fed']).then((answer) => {
      if (answer !== 'fed')
        onFailure(new Error(`systemd-notify did not report: ${answer.trim() || 'no answer'}`))
    })
  }
}
