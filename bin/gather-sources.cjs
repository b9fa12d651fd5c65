// Makes one script of a TypeScript file and all that it imports, so that a thread or a process can be started from sources: they
// do not inherit the loader that runs TypeScript, and loading one again for each costs more than they do. A build does not use
// it. A script is cached in node_modules/.cache and used again until one of its sources changes: tests start the same few
// threads some hundred times.
const { execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const root = path.dirname(__dirname)
const cache = path.join(root, 'node_modules', '.cache', 'gengfu-sources')
/** What changes a script beside its sources. */
const settings = [__filename, path.join(root, 'tsconfig.json'), path.join(root, 'package-lock.json')]

/**
 * Of the content: a copy may have the size and the time of what it replaces.
 * @param {string} file @returns {[string, string]}
 */
function stampOf(file) {
  return [file, createHash('sha256').update(readFileSync(file)).digest('hex')]
}

/** @param {string} cached @returns {string | undefined} The script, if all of its sources are as they were. */
function readCached(cached) {
  try {
    const { stamps, script } = JSON.parse(readFileSync(cached, 'utf8'))
    for (const stamp of stamps) if (String(stampOf(stamp[0])) !== String(stamp)) return undefined
    return script
  } catch {
    return undefined
  }
}

/** The times of files go in steps, of 10 ms and of a second on some file systems. */
const clockStepMs = 1000

/** @param {string} file @param {string} cached @returns {string} */
function gather(file, cached) {
  const beganMs = Date.now()
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'new-'))
  try {
    const metafile = path.join(folder, 'sources.json')
    const parameters = ['--bundle', '--platform=node', '--packages=external', '--format=cjs', '--keep-names']
    // A hundred files that each thread would find, read and compile again: a third of the start of a thread.
    parameters.push(`--alias:zod=${path.join(root, 'node_modules/zod/index.js')}`)
    parameters.push(`--define:import.meta.url=${JSON.stringify(pathToFileURL(file).href)}`)
    // The program itself: its package starts a thread of its own, and the script in front of it needs a `node` in the path.
    const program = require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`, {
      paths: [require.resolve('esbuild')],
    })
    const outfile = path.join(folder, 'script.js')
    parameters.push(`--outfile=${outfile}`, `--metafile=${metafile}`, '--log-level=error')
    execFileSync(program, [file, ...parameters], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    const script = readFileSync(outfile, 'utf8')
    const { inputs } = JSON.parse(readFileSync(metafile, 'utf8'))
    const sources = [...settings, ...Object.keys(inputs).map((input) => path.join(root, input))]
    const stamps = sources.map(stampOf)
    // A source that changed after it was read would have the stamp of its new content beside a script of the old one.
    if (sources.some((source) => statSync(source).mtimeMs > beganMs - clockStepMs)) return script
    // Renamed into place: another process never reads half of it.
    writeFileSync(path.join(folder, 'script.json'), JSON.stringify({ stamps, script }))
    renameSync(path.join(folder, 'script.json'), cached)
    return script
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Scripts of this process: it goes on with its sources as it first read them, as with all that it imported. */
const gathered = new Map()

/**
 * Its relative addresses are those of the folder of `file`.
 * @param {string} file @returns {string} for `runInThisContext(script)` and `new Worker(script, { eval: true })`
 */
exports.gatherSources = (file) => {
  const cached = path.join(cache, `${createHash('sha256').update(file).digest('hex').slice(0, 24)}.json`)
  const script = gathered.get(file) ?? readCached(cached) ?? gather(file, cached)
  gathered.set(file, script)
  // Packages are found from where the source lies; whatever kind of module the program itself is.
  const packages = `process.getBuiltinModule('node:module').createRequire(${JSON.stringify(file)})`
  return `((require) => {${script}\n})(${packages})`
}
