// Changes of settings from a page: the box starts anew with each, so the page waits until it answers with the next version.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { SettingsAnswer } from '../../../protocols/console/installing.ts'
import { ask, personName, problemText, refreshSession, send, waitFor } from './console-calls.ts'

/** The answer that is read first may be from before the start. */
const startMs = 2500

export interface SettingsChange {
  settings: ShallowRef<SettingsAnswer | undefined>
  problems: Ref<string[]>
  isBusy: Ref<boolean>
  read: () => Promise<boolean>
  change: (path: string, body: object) => Promise<boolean>
  set: (what: string, values: Record<string, unknown>) => Promise<boolean>
  by: () => { by: string }
}

export function useSettings(onRead: (settings: SettingsAnswer) => void = () => undefined): SettingsChange {
  const settings = shallowRef<SettingsAnswer>()
  const problems = ref<string[]>([])
  const isBusy = ref(false)
  const by = (): { by: string } => ({ by: personName() || 'at the box' })

  async function read(): Promise<boolean> {
    const answer = await ask<SettingsAnswer>('settings')
    if (!answer) return false
    settings.value = answer
    onRead(answer)
    return true
  }
  async function change(path: string, body: object): Promise<boolean> {
    problems.value = []
    isBusy.value = true
    const version = settings.value?.version ?? 0
    const result = await send(path, { ...by(), ...body })
    if (result.isGood) {
      await waitFor(async () => (await read()) && (settings.value?.version ?? 0) > version)
      await new Promise((resolve) => setTimeout(resolve, startMs))
      await waitFor(async () => (await refreshSession()) && (await read()))
    } else problems.value = result.problems.map(problemText)
    isBusy.value = false
    return result.isGood
  }
  const set = (what: string, values: Record<string, unknown>): Promise<boolean> =>
    change('settings', { what, set: values })
  return { settings, problems, isBusy, read, change, set, by }
}
