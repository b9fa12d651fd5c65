// Sends camera requests to the gateway, and words the results.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { fill, say } from '../../shared/language.ts'
import { pageHeaders } from '../access/console-calls.ts'
import { cameraWords } from './camera-words.ts'

export type CameraAction = 'snapshot' | 'password' | 'certificate'

export interface Outcome {
  isGood: boolean
  text: string
  /** Of the new picture. */
  snapshot?: string
}

interface Answer {
  ok: boolean
  reason?: { text: BilingualText }
  problems?: { path: string; message: string }[]
  snapshot?: { id: string; width: number; height: number; bytes: number; answerMs: number }
}

export async function askCamera(camera: string, action: CameraAction, body: object): Promise<Outcome> {
  try {
    const response = await window.fetch(`api/v1/cameras/${encodeURIComponent(camera)}/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...pageHeaders() },
      body: JSON.stringify(body),
    })
    return outcomeOf(action, (await response.json()) as Answer)
  } catch {
    // The gateway is gone, or a proxy answered: either way there is no better text.
    return { isGood: false, text: say(cameraWords.failed) }
  }
}

function outcomeOf(action: CameraAction, { ok, reason, problems, snapshot }: Answer): Outcome {
  if (!ok) {
    const words = problems?.map(({ path, message }) => `${path}: ${message}`).join('; ')
    return { isGood: false, text: reason ? say(reason.text) : (words ?? say(cameraWords.failed)) }
  }
  if (!snapshot) return { isGood: true, text: say(cameraWords[action === 'password' ? 'kept' : 'trusted']) }
  const { id, width, height, bytes, answerMs } = snapshot
  const text = fill(cameraWords.saved, { width, height, bytes, ms: answerMs })
  return { isGood: true, text, snapshot: id }
}

export function pictureAddress(snapshot: string, who: string): string {
  return `api/v1/snapshots/${snapshot}/full?who=${encodeURIComponent(who)}`
}
