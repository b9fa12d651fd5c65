// Builds one page at a time: `vite build -c web/vite.config.ts --mode desk` (or `console`, `responder`, `family`, `enrol`) into dist/web/<page>.
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type UserConfig } from 'vite'

export const pages = ['desk', 'console', 'responder', 'family', 'enrol'] as const
export type Page = (typeof pages)[number]

/** The whole build of one page. `outDir` is absolute. */
export function pageConfig(page: Page, outDir: string): UserConfig {
  return {
    root: fileURLToPath(new URL(page, import.meta.url)),
    // Relative addresses: the page works below any path that a proxy gives it.
    base: './',
    publicDir: fileURLToPath(new URL('public', import.meta.url)),
    plugins: [vue()],
    define: {
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
    build: {
      outDir,
      emptyOutDir: true,
      // The WebView of the oldest phones in use; no optional chaining, no CSS newer than it either.
      target: 'chrome70',
      cssTarget: 'chrome70',
      modulePreload: { polyfill: false },
      // Nothing is inlined as data: the content security policy allows 'self' only.
      assetsInlineLimit: 0,
      reportCompressedSize: true,
    },
    logLevel: 'warn',
  }
}

export default defineConfig(({ mode }) => {
  const page = pages.find((name) => name === mode)
  if (page === undefined) throw new Error(`--mode ${pages.join(' or --mode ')}, got ${mode}`)
  return pageConfig(page, fileURLToPath(new URL(`../dist/web/${page}`, import.meta.url)))
})
