// The channel between the tabs of one desk in one browser; undefined if the browser has no BroadcastChannel.
import { sounds } from './volume-and-pitch.ts'
import type { SoundChannel, SoundMessage } from './sound-turn.ts'

/** Behind a proxy two centres may share one origin: the path separates their desks. */
export function openTabChannel(path: string): SoundChannel | undefined {
  if (typeof BroadcastChannel === 'undefined') return undefined
  try {
    const channel = new BroadcastChannel(`gengfu-sound ${path}`)
    return {
      say: (news) => channel.postMessage(news),
      hear: (listener) => {
        channel.onmessage = ({ data }: MessageEvent<unknown>) => {
          if (isNews(data)) listener(data)
        }
      },
    }
  } catch {
    // A browser that forbids it for this page: every tab sounds.
    return undefined
  }
}

/** Another version of the page may be open in the other tab. */
function isNews(data: unknown): data is SoundMessage {
  if (typeof data !== 'object' || data === null) return false
  const { id, plays, silenced } = data as Partial<SoundMessage>
  return (
    typeof id === 'string' &&
    [plays, silenced].every((sound) => sound === undefined || sounds.includes(sound))
  )
}
