// `npm run schemas`: writes protocols/schemas/*.json, to be committed together with the change that caused them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonSchemas } from './json-schemas.ts'

// From the root of the project, where npm runs it: the compiled program is in another folder than the JSON files.
const folder = join(process.cwd(), 'protocols', 'schemas')
for (const [name, text] of createJsonSchemas()) {
  writeFileSync(join(folder, `${name}.json`), text)
  console.log(`protocols/schemas/${name}.json`)
}
