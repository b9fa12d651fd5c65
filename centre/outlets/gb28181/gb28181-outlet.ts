// Alarms to a platform above by GB/T 28181, where the centre is a lower platform. Designed after the 2016 and 2022 editions, certified to none.
import { encodeGbXml } from '../../../platform/gb28181/gb-xml.ts'
import { decodeGb18030 } from '../../../platform/gb28181/gb18030.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { Gb28181Settings } from '../../config/outlets/gb28181-settings.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet } from '../../../platform/outlets/port.ts'
import { channelOf, gbAlarm, hasGbAlarm } from './gb-alarm.ts'
import { GbPlatform } from './gb-platform.ts'

const noMessage = 'no message of GB/T 28181 for this step: nothing is sent'

export interface Gb28181OutletOptions {
  settings: Gb28181Settings
  textOf: (message: OutletMessage) => string
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
}

export function createGb28181Outlet(options: Gb28181OutletOptions): Outlet {
  const { settings, textOf } = options
  const platform = new GbPlatform(options)
  const bodyOf = (message: OutletMessage): Buffer => encodeGbXml('Notify', gbAlarm(message, settings, textOf))
  return {
    preview: (messages) =>
      messages
        .map((message) =>
          hasGbAlarm(message)
            ? `MESSAGE ${platform.uri} SIP/2.0\n\n${decodeGb18030(bodyOf(message))}`
            : noMessage,
        )
        .join('\n'),
    send: ([message], signal) => {
      if (!message) return Promise.resolve({ state: 'refused', words: 'no message', isFinal: true })
      if (!hasGbAlarm(message)) return Promise.resolve({ state: 'handed-over', words: noMessage })
      const { id, number } = message
      return platform.alarm(id, number, channelOf(settings, message), bodyOf(message), signal)
    },
    start: ({ heard, confirmed }) =>
      platform.start({ heard, confirmed: (id, words) => confirmed(id, words, settings.serverCode) }),
    stop: () => platform.stop(),
  }
}
