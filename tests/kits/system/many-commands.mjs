// Runs the built command once for each line of standard input, a JSON array of arguments, in one process: starting the
// program for each would take half a second of processor a time. Answers a JSON line each.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const program = process.argv[2] ?? ''
const answer = process.stdout.write.bind(process.stdout)
// Each run listens for a closed pipe anew.
process.stdout.setMaxListeners(0)
process.stderr.setMaxListeners(0)
let outcome = { said: '', complained: '' }
const record = (key) => (text) => {
  // What comes after an exit would not be there.
  if (outcome.code === undefined) outcome[key] += String(text)
  return true
}
process.stdout.write = record('said')
process.stderr.write = record('complained')
class Exit extends Error {}
process.exit = (code) => {
  outcome.code ??= Number(code ?? process.exitCode ?? 0)
  throw new Exit()
}
let runs = 0
for (const line of readFileSync(0, 'utf8').split('\n')) {
  outcome = { said: '', complained: '' }
  process.argv = [process.execPath, program, ...JSON.parse(line)]
  process.exitCode = undefined
  await import(`${pathToFileURL(program).href}?${++runs}`).catch((error) => {
    if (!(error instanceof Exit)) throw error
  })
  outcome.code ??= Number(process.exitCode ?? 0)
  answer(`${JSON.stringify(outcome)}\n`)
}
process.exitCode = 0
