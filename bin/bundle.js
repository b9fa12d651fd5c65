// Gathers the files and packages of the gateway and of the centre into a few large ones: a start reads and resolves some
// ten files instead of several hundred, which was most of the start time and, on a box, a fifth of the memory. What `tsc`
// made stays beside it; a build with `tsc` alone puts its own main.js back, so that what runs is never older than the source.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folderOf = (program) => join(root, 'dist', program, 'bundle')

/** `threads` are started by the program, each from a file of its own. */
async function bundle(program, threads) {
  const sources = ['main', ...threads].map((file) => `${program}/${file}.ts`)
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    build: {
      ssr: true,
      outDir: folderOf(program),
      emptyOutDir: true,
      // Readable: a stack trace names functions, and each part opens with the name of its source file.
      minify: false,
      target: 'node20',
      rolldownOptions: {
        input: Object.fromEntries(sources.map((file) => [basename(file, '.ts'), join(root, file)])),
        output: { comments: false, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
    // Native code.
    ssr: { noExternal: true, external: ['better-sqlite3'] },
  })
}

/** The program is started from its bundle. */
function startFromBundle(program, names) {
  const main = readFileSync(join(folderOf(program), 'main.js'), 'utf8')
  for (const name of names)
    if (!new RegExp(`export \\{[^}]*\\b${name}\\b`).test(main))
      throw new Error(`the bundle of ${program} does not export ${name}`)
  writeFileSync(
    join(root, 'dist', program, 'main.js'),
    `export { ${names.join(', ')} } from './bundle/main.js'\n`,
  )
}

await bundle('gateway', [
  'journal/journal-worker',
  'cameras/process/camera-program',
  'dialects/lorawan/codecs/codec-worker',
  'cameras/pictures/picture-worker',
])
// The engine of vendors' codecs: the worker reads it from beside itself.
const wasm = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
copyFileSync(wasm, join(folderOf('gateway'), 'quickjs.wasm'))
startFromBundle('gateway', ['runGateway'])

await bundle('centre', [
  'storage/sqlite/thread/storage-worker',
  'storage/postgres/thread/postgres-worker',
  'storage/postgres/connection/postgres-thread',
])
startFromBundle('centre', ['runCentre', 'checkCentreConfig'])
