// Starts the town desk in the browser: creates its parts from the browser's interfaces, and mounts the page.
import '../shared/old-browsers.ts'
import '../shared/tokens.css'
import '../shared/base.css'
import './shell/shell.css'
import './queue/queue.css'
import './boxes/boxes.css'
import './cases/cases.css'

import './pictures/pictures.css'
import { createApp } from 'vue'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { createBrowserClock } from '../shared/browser-clock.ts'
import { startTheme } from '../shared/theme.ts'
import { startLanguage } from '../shared/language.ts'
import { openBrowserSocket } from './link/browser-socket.ts'
import { DeskApi } from './link/desk-api.ts'
import DeskPage from './desk-page.vue'
import { Desk } from './desk.ts'
import { openTabChannel } from './sound/tab-channel.ts'
import { routeOf } from './shell/routes.ts'

startLanguage()
startTheme()
const clock = createBrowserClock()
const random = createSystemRandom()
const desk = new Desk({
  api: new DeskApi({ fetch: (input, init) => window.fetch(input, init) }),
  clock,
  random,
  openSocket: openBrowserSocket,
  isPageVisible: () => document.visibilityState === 'visible',
  go: (hash) => (location.hash = hash),
  tab: `${Date.now()}-${random.hex(8)}`,
  soundChannel: openTabChannel(location.pathname),
})

const showRoute = (): void => {
  desk.route.value = routeOf(location.hash)
}
window.addEventListener('hashchange', showRoute)
showRoute()

const unlockSound = (): void => {
  // A browser without sound, or with sound forbidden: the page keeps showing that the sound is off.
  desk.sound.unlock().catch(() => undefined)
}
document.addEventListener('pointerdown', unlockSound)
document.addEventListener('keydown', unlockSound)
document.addEventListener('visibilitychange', () => {
  desk.seen.visibilityChanged()
  if (document.visibilityState === 'visible') desk.checkNow()
})
window.addEventListener('pagehide', () => desk.sound.leave())
window.addEventListener('online', () => desk.checkNow())

createApp(DeskPage, { desk, clock }).mount('#page')
void desk.start()
