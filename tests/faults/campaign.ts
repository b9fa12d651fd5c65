// `npm run campaign -- NAME`: the long runs that do not fit into the test command. Each prints its seed and its result.
import { Command } from 'commander'
import { runKillCampaign } from './kill-campaign.ts'
import { runPowerCuts } from './power-cuts.ts'

/** Kills of one round; a campaign of more runs several rounds on fresh data. */
const killsPerRound = 100

const program = new Command('npm run campaign --').description(
  'long fault campaigns; each ends with code 1 on a broken promise',
)

program
  .command('kill')
  .description('SIGKILL gateway and centre at random moments under load')
  .option('--kills <n>', 'in total, half of them the gateway', '1000')
  .option('--seed <n>', 'of the first round', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { kills: string; seed: string }) => {
    let left = Number(options.kills)
    for (let seed = Number(options.seed); left > 0; seed++) {
      const kills = Math.min(left, killsPerRound)
      left -= kills
      say(`round with seed ${seed}: ${kills} kills`)
      const result = await runKillCampaign({
        seed,
        devices: 50,
        events: kills * 100,
        gatewayKills: Math.ceil(kills / 2),
        centreKills: Math.floor(kills / 2),
        pauseMsMax: 800,
        progress: (text) => say(`  ${text}`),
      })
      say(`  ${JSON.stringify(result)}`)
      const { lost, doubled, outOfOrder, wrongAlarms } = result
      if (lost.length + doubled.length + outOfOrder.length + wrongAlarms.length > 0) {
        say(`a promise is broken; again with --seed ${seed} --kills ${kills}`)
        process.exitCode = 1
        return
      }
    }
    say(
      'every acknowledged event is at the centre exactly once, in order; every red alarm is once on the desk',
    )
  })

program
  .command('power')
  .description('power cuts that drop every write since the last sync')
  .option('--cuts <n>', 'how many', '200')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { cuts: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const result = await runPowerCuts({
      seed: Number(options.seed),
      cuts: Number(options.cuts),
      devices: 30,
      eventsPerSecond: 150,
      progress: (text) => say(`  ${text}`),
    })
    say(JSON.stringify(result))
    if (result.lost.length + result.salvaged > 0) process.exitCode = 1
    else say('every acknowledged event was there after every cut, and the journal opened as it was')
  })

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

await program.parseAsync()
