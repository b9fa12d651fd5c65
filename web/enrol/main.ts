// Starts the page behind the QR code of a box. Code and hash stand behind the # of the address: a browser sends them to no server, and
// neither does this page, which asks the server for nothing.
import '../shared/old-browsers.ts'
import '../shared/tokens.css'
import '../shared/base.css'
import '../shared/phone.css'
import './enrol.css'
import { createApp } from 'vue'
import { startLanguage } from '../shared/language.ts'
import { startTheme } from '../shared/theme.ts'
import EnrolPage from './enrol-page.vue'

startLanguage()
startTheme()
createApp(EnrolPage).mount('#page')
