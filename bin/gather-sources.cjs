// Makes one script of a TypeScript file and all that it imports, so that a thread can be started from sources: threads do not
// inherit the loader that runs TypeScript, and loading one again for each costs more than the thread does. In a build nobody
// asks for it.
const { execFileSync } = require('node:child_process')

/** @param {string} file @returns {string} for `new Worker(script, { eval: true })` */
exports.gatherSources = (file) => {
  // The program, not its package: that starts a thread of its own.
  const parameters = ['--bundle', '--platform=node', '--packages=external', '--format=cjs', '--keep-names']
  const script = execFileSync(require.resolve('esbuild/bin/esbuild'), [file, ...parameters], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  // Packages are found from where the source lies; whatever kind of module the program itself is.
  const packages = `process.getBuiltinModule('node:module').createRequire(${JSON.stringify(file)})`
  return `((require) => {${script}\n})(${packages})`
}
