// The second window for pictures: it follows the alarm whose sheet is open in the first one.
const windowName = 'gengfu-pictures'

const channelOf = (): BroadcastChannel | undefined => {
  try {
    // Behind a proxy two centres may share one origin: the path separates their desks.
    return typeof BroadcastChannel === 'undefined'
      ? undefined
      : new BroadcastChannel(`gengfu-pictures ${location.pathname}`)
  } catch {
    return undefined
  }
}
let channel: BroadcastChannel | undefined

/** An alarm is open here; a second window shows its pictures. */
export function showInSecondWindow(alarm: string): void {
  channel ??= channelOf()
  channel?.postMessage({ alarm })
}

/** Called with each alarm that the first window opens; returns what ends it. */
export function followFirstWindow(onAlarm: (alarm: string) => void): () => void {
  const own = channelOf()
  if (!own) return () => undefined
  own.onmessage = ({ data }: MessageEvent<unknown>) => {
    const alarm = typeof data === 'object' && data !== null ? (data as { alarm?: unknown }).alarm : undefined
    if (typeof alarm === 'string') onAlarm(alarm)
  }
  return () => own.close()
}

export const openSecondWindow = (hash: string): void =>
  void window.open(hash, windowName, 'popup,width=1100,height=800')
