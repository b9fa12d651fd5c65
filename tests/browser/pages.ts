// The built pages and the machine's Chromium: the beginning of every browser test.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import type { Page } from '../../web/vite.config.ts'

/** The folder of a page in the build, as the programs serve it. */
export function pageFolder(page: Page): string {
  const folder = fileURLToPath(new URL(`../../dist/web/${page}`, import.meta.url))
  if (!existsSync(`${folder}/index.html`)) throw new Error('there is no build: run `npm run build` first')
  return folder
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
