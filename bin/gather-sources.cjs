// Makes one script of a TypeScript file and all that it imports, so that a thread can be started from sources: threads do not
// inherit the loader that runs TypeScript, and loading one again for each costs more than the thread does. In a build nobody
// asks for it.
const { buildSync } = require('esbuild')

/** @param {string} file @returns {string} for `new Worker(script, { eval: true })` */
exports.gatherSources = (file) => {
  const { outputFiles } = buildSync({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    packages: 'external',
    format: 'cjs',
    target: 'node20',
    keepNames: true,
    logLevel: 'silent',
  })
  // Packages are found from where the source lies.
  return `((require) => {${outputFiles[0].text}\n})(require('node:module').createRequire(${JSON.stringify(file)}))`
}
