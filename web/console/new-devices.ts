// Asks the gateway about devices that knock, and to take one in, open the door of a bridge, or begin a walk test.
import { shallowRef } from 'vue'
import type { DevicesAnswer } from '../../protocols/console/api.ts'
import { say } from '../shared/language.ts'
import { pageHeaders } from './access/console-calls.ts'
import { newDeviceWords } from './new-device-words.ts'

export interface Outcome {
  isGood: boolean
  text: string
}

export class NewDevices {
  readonly answer = shallowRef<DevicesAnswer>()

  /** Keeps the earlier answer when there is none: the page already shows that the gateway is away. */
  async ask(): Promise<void> {
    try {
      const response = await window.fetch('api/v1/devices', { cache: 'no-store' })
      if (response.ok) this.answer.value = (await response.json()) as DevicesAnswer
    } catch {
      // The next answer of the gateway asks again.
    }
  }

  async tell(path: string, body: object, done: string): Promise<Outcome> {
    try {
      const response = await window.fetch(`api/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...pageHeaders() },
        body: JSON.stringify(body),
      })
      const { problems } = (await response.json()) as { problems?: { path: string; message: string }[] }
      if (response.ok) return { isGood: true, text: done }
      const words = problems?.map(({ path: where, message }) =>
        where === '' ? message : `${where}: ${message}`,
      )
      return { isGood: false, text: words?.join('; ') ?? say(newDeviceWords.failed) }
    } catch {
      return { isGood: false, text: say(newDeviceWords.failed) }
    }
  }
}
