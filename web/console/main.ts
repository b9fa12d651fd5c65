// Starts the box console in the browser.
import '../shared/old-browsers.ts'
import '../shared/tokens.css'
import '../shared/base.css'
import './console.css'
import './installing.css'
import './plan/plan.css'
import '../shared/handover/handover.css'
import { createApp } from 'vue'
import { createBrowserClock } from '../shared/browser-clock.ts'
import { startTheme } from '../shared/theme.ts'
import { startLanguage } from '../shared/language.ts'
import ConsoleShell from './access/console-shell.vue'
import { HealthWatch } from './health-watch.ts'

startLanguage()
startTheme()
const clock = createBrowserClock()
const watch = new HealthWatch({ clock, fetch: (input, init) => window.fetch(input, init) })
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') watch.checkNow()
})
createApp(ConsoleShell, { watch, clock }).mount('#page')
