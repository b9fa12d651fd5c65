// The built pages and the machine's Chromium: the beginning of every browser test.
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { requireBuild } from '../kits/system/require-build.ts'
import type { Page } from '../../web/vite.config.ts'

/** The folder of a page in the build, as the programs serve it. */
export function pageFolder(page: Page): string {
  requireBuild()
  return fileURLToPath(new URL(`../../dist/web/${page}`, import.meta.url))
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
