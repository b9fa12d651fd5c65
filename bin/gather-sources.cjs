// Makes one script of a TypeScript file and all that it imports, so that a thread or a process can be started from sources: they
// do not inherit the loader that runs TypeScript, and loading one again for each costs more than they do. In a build nobody asks
// for it.
const { execFileSync } = require('node:child_process')
const { pathToFileURL } = require('node:url')

/**
 * All of it takes itself to be in the folder of `file`.
 * @param {string} file @returns {string} for `runInThisContext(script)` and `new Worker(script, { eval: true })`
 */
exports.gatherSources = (file) => {
  // The program itself: its package starts a thread of its own, and the script in front of it needs a `node` in the path.
  const parameters = ['--bundle', '--platform=node', '--packages=external', '--format=cjs', '--keep-names']
  parameters.push(`--define:import.meta.url=${JSON.stringify(pathToFileURL(file).href)}`)
  const program = require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`, {
    paths: [require.resolve('esbuild')],
  })
  const script = execFileSync(program, [file, ...parameters], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  // Packages are found from where the source lies; whatever kind of module the program itself is.
  const packages = `process.getBuiltinModule('node:module').createRequire(${JSON.stringify(file)})`
  return `((require) => {${script}\n})(${packages})`
}
