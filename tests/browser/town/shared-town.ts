// One town and one Chromium for all tests of the pages behind the queue: each start of them costs more than most of the tests.
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../pages.ts'
import { startTownDesk, type TownDesk } from './town-desk.ts'

/** Set before the first test. */
export let desk: TownDesk
export let browser: Browser

export async function openTown(): Promise<void> {
  desk = await startTownDesk()
  browser = await launchBrowser()
}

export async function closeTown(): Promise<void> {
  await browser.close()
  await desk.stop()
}
