// Starts the page of a family that asked for notices.
import '../shared/old-browsers.ts'
import '../shared/tokens.css'
import '../shared/base.css'
import '../shared/phone.css'
import { createApp, h, shallowRef } from 'vue'
import { createBrowserClock } from '../shared/browser-clock.ts'
import { say, startLanguage } from '../shared/language.ts'
import { startTheme } from '../shared/theme.ts'
import FamilyPage from './family-page.vue'
import { FamilyWatch, type FamilyView } from './family-watch.ts'
import { words } from './family-words.ts'

startLanguage()
startTheme()
const token = location.hash.slice(1)
if (/^[0-9a-f]{64}$/.test(token)) {
  const view = shallowRef<FamilyView>({ isReached: false, isOver: false })
  const family = new FamilyWatch({
    token,
    fetch: (input, init) => window.fetch(input, init),
    clock: createBrowserClock(),
    onChange: (next) => (view.value = next),
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') family.refresh()
  })
  createApp(FamilyPage, { family, view }).mount('#page')
  family.start()
} else createApp({ render: () => h('main', { class: 'responder' }, say(words.noLink)) }).mount('#page')
