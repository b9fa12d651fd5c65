// Runs a command of `gengfu gateway` from its sources.
import { runGateway } from '../../../gateway/main.ts'

await runGateway(process.argv.slice(2))
