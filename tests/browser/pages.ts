// Builds a page into a temporary folder and opens it in the machine's Chromium: the beginning of every browser test.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { build } from 'vite'
import { pageConfig, type Page } from '../../web/vite.config.ts'

export interface BuiltPage {
  folder: string
  remove(): Promise<void>
}

export async function buildPage(page: Page): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), `gengfu-${page}-`))
  // vitest sets NODE_ENV to test, which would build Vue's development half.
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    await build({ configFile: false, ...pageConfig(page, folder) })
  } finally {
    process.env['NODE_ENV'] = before
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
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
