// One attempt outside of the queue, for the test button and the test command; with `isDry` nothing is sent: the bytes either way.
import type { OutletTestAnswer } from '../../protocols/desk/outlets.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { OutletMessage } from './message.ts'
import type { Outlet } from './port.ts'
import { attemptWithin } from './queue/outlet-turn.ts'
import type { OutletCommon } from './settings/outlet-rules.ts'

export async function testOutlet(
  { settings, outlet }: { settings: Pick<OutletCommon, 'timeoutSeconds'>; outlet: Outlet },
  message: OutletMessage,
  isDry: boolean,
  clock: Clock,
  stopped: AbortSignal,
): Promise<OutletTestAnswer> {
  const bytes = await outlet.preview([message])
  if (isDry) return { bytes }
  const answer = await attemptWithin(outlet, [message], settings.timeoutSeconds * 1000, clock, stopped)
  return { bytes, state: answer.state === 'refused' ? 'failed' : answer.state, words: answer.words }
}
