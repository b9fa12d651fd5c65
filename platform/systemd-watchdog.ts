// Reports to systemd that the program works, if systemd asks for it (WatchdogSec). Node can not send to a Unix datagram
// socket, so systemd's own small program does it.
import { CommandShell } from './command-shell.ts'

/** A box under load starts a program slowly; a failure is known, and tried again, long before a minute is over. */
const reportS = 8

/**
 * Undefined without a watchdog. Call it whenever the program has shown that it works; it reports no more often than
 * needed. After a failure the next call tries again.
 */
export function createWatchdog(
  environment: NodeJS.ProcessEnv,
  nowMs: () => number,
  onFailure: (error: Error) => void,
): (() => void) | undefined {
  const { WATCHDOG_USEC: limit, NOTIFY_SOCKET: socket } = environment
  if (limit === undefined || socket === undefined) return undefined
  const everyMs = Number.parseInt(limit, 10) / 1000 / 4
  const shell = new CommandShell({ environment, seconds: reportS })
  let fedMs = -Infinity
  return () => {
    if (nowMs() - fedMs < everyMs) return
    fedMs = nowMs()
    // Its error text is an answer too, so the shell always succeeds.
    void shell.ask('sh', ['-c', 'systemd-notify WATCHDOG=1 2>&1 && printf fed; true']).then((answer) => {
      if (answer === 'fed') return
      fedMs = -Infinity
      onFailure(new Error(`systemd-notify did not report: ${answer.trim() || 'no answer'}`))
    })
  }
}
