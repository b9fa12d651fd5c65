// The loudspeaker at the sound card of this machine: a tone and the public words, by a program that plays a WAV file from its input.
import { spawn } from 'node:child_process'
import type { OutletMessage } from '../message.ts'
import type { Outlet, OutletAnswer } from '../port.ts'
import type { SpeakerLocalSettings } from '../settings/speaker-settings.ts'
import { pause, speak, speechVoices, tone, writeWav } from '../voice/speech.ts'
import { publicWords } from '../words.ts'

const gapMs = 800
const errorTextMax = 300

export function createSpeakerLocalOutlet(settings: SpeakerLocalSettings): Outlet {
  const { playerCommand, playerArguments, language } = settings
  // A sound card plays one thing at a time: the next message waits.
  let last: Promise<unknown> = Promise.resolve()
  const play = async (message: OutletMessage, signal: AbortSignal): Promise<OutletAnswer> => {
    const voice = settings.voice ?? speechVoices[language]
    const words = publicWords(message, language)
    const spoken = await speak({ command: settings.speechCommand, voice }, words, signal)
    const read = Array.from({ length: settings.repeats }, () => [spoken, pause(gapMs)])
    const wav = writeWav(Buffer.concat([tone(settings.toneSeconds * 1000), ...read.flat()]))
    return playWav(settings, wav, signal)
  }
  return {
    preview: (messages) =>
      messages
        .map((message) => {
          const line = [playerCommand, ...playerArguments].join(' ')
          return `${line}\n\n${publicWords(message, language)}`
        })
        .join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      const made = last.then(() => play(message, signal))
      last = made.catch(() => undefined)
      return made
    },
  }
}

/** Handed over when the program has played it to the end; a time that is over ends the program. */
function playWav(
  { playerCommand, playerArguments }: SpeakerLocalSettings,
  wav: Buffer,
  signal: AbortSignal,
): Promise<OutletAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(playerCommand, playerArguments, { signal, stdio: ['pipe', 'ignore', 'pipe'] })
    let errors = ''
    child.on('error', (error) => reject(new Error(`${playerCommand}: ${error.message}`)))
    // A program that ends before it has read everything says why with its exit code.
    child.stdin.on('error', () => undefined)
    child.stderr.on('data', (part: Buffer) => (errors = (errors + part.toString()).slice(0, errorTextMax)))
    child.on('close', (code) => {
      if (code === 0) resolve({ state: 'handed-over', words: `${playerCommand} played` })
      else
        resolve({
          state: 'refused',
          words: `${playerCommand} ended with ${code ?? 'a signal'} ${errors}`.trim(),
        })
    })
    child.stdin.end(wav)
  })
}
