// Runs a program of TypeScript sources in a process of its own, gathered first (see gather-sources.cjs): `run-source.cjs FILE ...`.
const { runInThisContext } = require('node:vm')
const { gatherSources } = require('./gather-sources.cjs')

// As if it had been started itself.
process.argv.splice(1, 1)
runInThisContext(gatherSources(process.argv[1]), process.argv[1])
