// What the camera forms of the console ask of the box: a search, a trial picture, and a password stored before the camera is configured.
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { CameraSearchAnswer, CameraTrialAnswer } from '../../../protocols/console/cameras.ts'
import type { Reason } from '../../cameras/port.ts'

export interface CameraAccount {
  user: string
  password: string
}

export interface CameraWork {
  /** Takes a few seconds. */
  find(): Promise<CameraSearchAnswer['found']>
  /** One picture as the camera sends it: the masks of its settings are not applied. Never rejects. */
  takeTrial(settings: CameraSettings, account: CameraAccount | undefined): Promise<CameraTrialAnswer>
  /** Of a camera of the configuration: its password file, else what was stored. */
  accountOf(camera: CameraSettings): Promise<CameraAccount | undefined>
  /** Encrypted, also for a camera that is not configured yet; the reason when that is not possible. */
  storeAccount(camera: string, account: CameraAccount): Promise<Reason | undefined>
}
