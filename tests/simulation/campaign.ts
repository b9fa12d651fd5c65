// `npm run campaign -- simulate`: thousands of lives in virtual time, or one of them again.
import type { Command } from 'commander'
import { canaries, type Canary } from './lives/life-faults.ts'
import { runLives } from './lives/run-lives.ts'

export function addSimulate(program: Command, say: (text: string) => void): void {
  program
    .command('simulate')
    .description('lives of a village in virtual time: devices, the whole box, link and centre under faults')
    .option('--lives <n>', 'how many', '10000')
    .option('--seed <n>', 'of the campaign', String(Math.floor(Math.random() * 1e6)))
    .option('--life <k>', 'only this one, to see a failure again')
    .option('--canary <name>', `plants a bug, which must be found: ${Object.keys(canaries).join(', ')}`)
    .action(async (options: { lives: string; seed: string; life?: string; canary?: string }) => {
      const { lives, seed, life, canary } = options
      if (canary !== undefined && !(canary in canaries)) throw new Error(`no canary is called ${canary}`)
      const planted = canary as Canary | undefined
      say(`seed ${seed}${planted ? `, with a bug: ${canaries[planted]}` : ''}`)
      const startMs = performance.now()
      let toldMs = startMs
      const { broken, ...figures } = await runLives({
        lives: Number(lives),
        seed: Number(seed),
        life: life === undefined ? undefined : Number(life),
        canary: planted,
        progress: (lived) => {
          if (performance.now() - toldMs < 10_000) return
          toldMs = performance.now()
          say(`  ${lived} of ${lives} lives, ${((lived / (toldMs - startMs)) * 1000).toFixed(1)} a second`)
        },
      })
      const seconds = (performance.now() - startMs) / 1000
      say(JSON.stringify({ ...figures, seconds, livesPerSecond: figures.lived / seconds }))
      if (broken) {
        const again = `--seed ${seed} --life ${broken.life}${canary === undefined ? '' : ` --canary ${canary}`}`
        say(`life ${broken.life} broke a promise: ${broken.promise}; again with ${again}`)
      }
      if ((broken !== undefined) !== (planted !== undefined)) process.exitCode = 1
      if (planted && !broken) say('the planted bug was not found')
      if (!planted && !broken) say('every promise was kept in every life')
    })
}
