// Starts the page of a person who was sent. The token is behind the # of the address; typed text stays on the phone.
import '../shared/old-browsers.ts'
import '../shared/tokens.css'
import '../shared/base.css'
import '../shared/phone.css'
import { createApp, h, shallowRef } from 'vue'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { createBrowserClock } from '../shared/browser-clock.ts'
import { say, startLanguage } from '../shared/language.ts'
import { startTheme } from '../shared/theme.ts'
import { Outbox, type OutboxState } from './outbox.ts'
import { createResponderCalls } from './responder-calls.ts'
import ResponderPage from './responder-page.vue'
import { words } from './responder-words.ts'

startLanguage()
startTheme()

const token = location.hash.slice(1)
if (/^[0-9a-f]{64}$/.test(token)) openLink()
else createApp({ render: () => h('main', { class: 'responder' }, say(words.noLink)) }).mount('#page')

function openLink(): void {
  // A part of the token is the key of what is stored; the whole token is in the address only.
  const key = `gengfu.respond.${token.slice(0, 16)}`
  const state = shallowRef<OutboxState>()
  const outbox = new Outbox({
    calls: createResponderCalls(token, (input, init) => window.fetch(input, init)),
    clock: createBrowserClock(),
    random: createSystemRandom(),
    read: () => stored(() => localStorage.getItem(key)) ?? null,
    write: (text) =>
      stored(() => {
        localStorage.setItem(key, text)
        return true
      }) === true,
    onChange: (next) => (state.value = next),
  })
  state.value = outbox.state
  window.addEventListener('online', () => outbox.sendNow())
  // Another link in the same tab.
  window.addEventListener('hashchange', () => location.reload())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') outbox.sendNow()
  })
  createApp(ResponderPage, { outbox, state }).mount('#page')
  outbox.start()
}

/** Private windows and full phones refuse storage. */
function stored<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
