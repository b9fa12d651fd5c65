// `npm run look -- FOLDER`: every page of the desk and the console as pictures, in three sizes, both languages and both
// themes, for people to look at. The desk is the real one on a real centre; the console gets a box with every state on
// it. `npm run look -- --handbook` writes the pictures of the handbook.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { createUser } from '../../centre/cli/accounts.ts'
import { parseCentreConfig } from '../../centre/config/config.ts'
import type { CaseAnswer } from '../../protocols/desk/cases.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import {
  dropFolder,
  makeFolder,
  startCentre,
  until,
  type CentreUnderTest,
} from '../contract/centre/centre-parts.ts'
import { FakeConsole, makeHealth } from './fake-console.ts'
import { connectVillages, config, fillTown } from './look-town.ts'
import { launchBrowser, pageFolder } from './pages.ts'
import { fillTownDesk, startTownDesk, upper } from './town/town-desk.ts'

const sizes = [
  [1366, 768],
  [390, 844],
  [2560, 1440],
] as const
const locales = ['zh-CN', 'en-GB'] as const
const themes = ['light', 'dark'] as const
const password = 'open sesame, please'

const isHandbook = process.argv[2] === '--handbook'
const folder = resolve(isHandbook ? '/tmp/gengfu-handbook' : (process.argv[2] ?? '/tmp/gengfu-look'))
/** Only pictures whose name contains this. */
const wanted = isHandbook ? '' : (process.argv[3] ?? '')
/** Of the handbook: one size, one theme. */
const ofHandbook =
  /^(sign-in|queue|sheet|villages|console|map-village|sheet-water|watch)-1366-(zh|en)-light\.png$/

interface Shot {
  name: string
  /** Leads the page to the state that is shown. */
  go: (page: Page) => Promise<void>
  isWhole?: boolean
}

async function shoot(browser: Browser, url: string, before: (page: Page) => Promise<void>, shots: Shot[]) {
  for (const [width, height] of sizes)
    for (const locale of locales)
      for (const colorScheme of themes) {
        const named = shots
          .map((shot) => ({
            ...shot,
            file: `${shot.name}-${width}-${locale.slice(0, 2)}-${colorScheme}.png`,
          }))
          .filter(({ file }) => (isHandbook ? ofHandbook.test(file) : file.includes(wanted)))
        if (named.length === 0) continue
        const context = await browser.newContext({ locale, colorScheme, viewport: { width, height } })
        const page = await context.newPage()
        page.setDefaultTimeout(120_000)
        page.on('pageerror', (error) => process.stderr.write(`${error.message}\n`))
        await page.goto(url)
        await before(page)
        for (const { file, go, isWhole } of named) {
          await go(page)
          const wide = await page.evaluate<number>(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          if (wide > 0) process.stderr.write(`${file}: ${wide} px wider than the screen\n`)
          await page.screenshot({ path: join(folder, file), fullPage: isWhole ?? width < 500 })
        }
        await context.close()
      }
}

async function signIn(page: Page, name = 'wang'): Promise<void> {
  await page.fill('#user', name)
  await page.fill('#password', password)
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')
}

const atHash =
  (hash: string, selector: string) =>
  async (page: Page): Promise<void> => {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
    await page.waitForSelector(selector)
  }

async function shootDesk(browser: Browser): Promise<void> {
  const home = makeFolder()
  const options = { config: parsedConfig(home), clock: createSystemClock(), random: createSystemRandom() }
  for (const [name, role] of [
    ['wang', 'operator'],
    ['zhao', 'supervisor'],
  ] as const)
    await createUser(options, { name, role, password })
  const town = await startCentre(home, { config })
  const boxes = await connectVillages(town.centre.uplinkUrls[0] ?? '')
  try {
    await shoot(browser, town.centre.httpUrl, async () => undefined, [
      { name: 'sign-in', go: async (page) => void (await page.waitForSelector('#user')) },
    ])
    await shoot(browser, town.centre.httpUrl, signIn, [
      { name: 'queue-empty', go: async (page) => void (await page.waitForSelector('.empty')) },
    ])
    const { sos, accepted } = await fillTown(town, boxes)
    const caseId = await caseOf(town, accepted)
    await shoot(browser, town.centre.httpUrl, signIn, [
      { name: 'queue', go: atHash('#/queue', '.alarm') },
      {
        name: 'queue-open',
        go: async (page) => {
          await page.click('.is-waiting .open >> nth=0')
          await page.waitForSelector('.alarm.is-open')
        },
      },
      { name: 'sheet', go: atHash(`#/alarm/${sos}`, '.sheet-title'), isWhole: true },
      { name: 'sheet-accepted', go: atHash(`#/alarm/${accepted}`, '.history'), isWhole: true },
      { name: 'villages', go: atHash('#/villages', '#find-box') },
      { name: 'cases', go: atHash('#/cases', '.case-list') },
      { name: 'case', go: atHash(`#/case/${caseId}`, '.history'), isWhole: true },
    ])
    await shoot(browser, town.centre.httpUrl, (page) => signIn(page, 'zhao'), [
      { name: 'people', go: atHash('#/people', '.people-page section'), isWhole: true },
      { name: 'bulletins', go: atHash('#/bulletins', '.bulletins-page section'), isWhole: true },
    ])
    const link = await linkOf(town, accepted)
    await shoot(browser, new URL(link, town.centre.httpUrl).href, async () => undefined, [
      { name: 'responder', go: async (page) => void (await page.waitForSelector('.state')), isWhole: true },
    ])
  } finally {
    for (const box of boxes) await box.end()
    await town.centre.stop()
    dropFolder(home)
  }
}

function parsedConfig(dataDir: string) {
  const parsed = parseCentreConfig({ ...config, dataDir })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

async function caseOf(town: CentreUnderTest, alarm: string): Promise<string> {
  const token = town.token('operator', 'wang')
  const answer = await until(async () => {
    const response = await town.get(`/api/v1/alarms/${alarm}/case`, token)
    return response.ok && ((await response.json()) as CaseAnswer)
  })
  return answer.case.id
}

/** People for the roster, and the link of the one who is sent. */
async function linkOf(town: CentreUnderTest, alarm: string): Promise<string> {
  const leader = town.token('supervisor', 'zhao')
  for (const [name, role] of [
    ['李建国 Li Jianguo', 'village-doctor'],
    ['周秀英 Zhou Xiuying', 'volunteer'],
  ])
    await town.post('/api/v1/roster', leader, {
      name,
      role,
      phone: '13800138000',
      villages: ['320612104201'],
      hours: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }],
      consent: { how: 'paper', atMs: 1 },
    })
  const answer = await town.post(`/api/v1/alarms/${alarm}/dispatch`, town.token('operator', 'wang'), {
    to: ['李建国 Li Jianguo'],
    text: '带上担架 bring the stretcher',
  })
  const { links } = (await answer.json()) as { links?: { path: string }[] }
  return links?.[0]?.path ?? ''
}

/** The pages behind the queue: a town with a map, plans, tiles and a gauge. */
async function shootTown(browser: Browser): Promise<void> {
  const desk = await startTownDesk()
  try {
    const { sos, water } = await fillTownDesk(desk)
    await shoot(browser, desk.town.centre.httpUrl, (page) => signIn(page, 'root'), [
      { name: 'map', go: atHash('#/map', '.map-mark') },
      { name: 'map-village', go: atHash(`#/map/${upper}`, '.map-mark.is-device') },
      { name: 'sheet-place', go: atHash(`#/alarm/${sos}`, '.plan-picture') },
      { name: 'sheet-water', go: atHash(`#/alarm/${water}`, '.water-plot canvas') },
      { name: 'search', go: atHash('#/search', '.search-form') },
      { name: 'watch', go: atHash('#/watch', '.measures') },
      { name: 'admin', go: atHash('#/admin', '[data-step=accept]') },
      { name: 'wall', go: atHash('#/wall', '[data-proof]') },
    ])
  } finally {
    await desk.stop()
  }
}

async function shootConsole(browser: Browser): Promise<void> {
  const gateway = new FakeConsole(pageFolder('console'), makeHealth())
  const url = await gateway.start()
  try {
    await shoot(browser, url, async (page) => void (await page.waitForSelector('.cards')), [
      { name: 'console', go: async () => undefined, isWhole: true },
    ])
  } finally {
    await gateway.stop()
  }
}

/** With 128 colours, which makes them a third of the size. */
function writeHandbook(): void {
  const target = fileURLToPath(new URL('../../docs/pictures', import.meta.url))
  mkdirSync(target, { recursive: true })
  for (const name of readdirSync(folder)) {
    const [, page, language] = ofHandbook.exec(name) ?? []
    if (page === undefined) continue
    const colours =
      'scale=1024:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=128:stats_mode=single[p];[b][p]paletteuse=dither=none'
    const args = ['-v', 'error', '-y', '-i', join(folder, name), '-vf', colours, '-frames:v', '1']
    execFileSync('ffmpeg', [...args, '-compression_level', '9', join(target, `${page}.${language}.png`)])
  }
}

mkdirSync(folder, { recursive: true })
const browser = await launchBrowser()
try {
  await shootDesk(browser)
  await shootTown(browser)
  await shootConsole(browser)
} finally {
  await browser.close()
}
if (isHandbook) writeHandbook()
process.stdout.write(`pictures are in ${folder}\n`)
