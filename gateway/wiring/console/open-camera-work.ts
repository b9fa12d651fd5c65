// Wires the camera forms of the console. The search and the trial are loaded when a person asks for them: most boxes run without.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import type { CameraTrialAnswer } from '../../../protocols/console/cameras.ts'
import type { CredentialStore } from '../../cameras/secrets/credential-store.ts'
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { CameraAccount, CameraWork } from '../../console/cameras/camera-work.ts'
import type { Base } from '../base.ts'

const searchMs = 3000
/** Longest trial: a probe, then a snapshot, then the video stream of a slow camera. */
const trialMs = 40_000

export function openCameraWork({ config, clock, logger }: Base): CameraWork {
  const log = logger.child({ part: 'console' })
  const openStore = async (): Promise<CredentialStore> => {
    const { openCredentialStore } = await import('../../cameras/secrets/credential-store.ts')
    const { CameraProblem } = await import('../../cameras/talk/camera-problem.ts')
    const { keyFile } = config.pictures
    if (keyFile === undefined) throw new CameraProblem('no-key')
    return openCredentialStore({
      file: join(config.dataDir, 'cameras', 'credentials.json'),
      keyFile,
      dataDir: config.dataDir,
      onDamaged: (keptAs) => log.error({ keptAs }, 'passwords of cameras are damaged: set them anew'),
    })
  }
  return {
    find: async () => {
      const { discoverCameras } = await import('../../cameras/talk/onvif/ws-discovery.ts')
      const found = await discoverCameras({ clock, random: createSystemRandom(), waitMs: searchMs })
      return found.map(({ host, port, isTls, path, name, model }) => ({
        host,
        port,
        tls: isTls,
        path,
        name,
        model,
      }))
    },
    takeTrial: (settings, account) => takeTrial({ clock, logger }, settings, account),
    accountOf: async ({ id, passwordFile, user = '' }) => {
      try {
        if (passwordFile !== undefined)
          return { user, password: (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '') }
        return config.pictures.keyFile === undefined ? undefined : (await openStore()).get(id)
      } catch (error) {
        log.warn({ err: error, camera: id }, 'the password of a camera can not be read')
        return undefined
      }
    },
    storeAccount: async (camera, account) => {
      const { toProblem } = await import('../../cameras/talk/camera-problem.ts')
      try {
        await (await openStore()).set(camera, account)
        return undefined
      } catch (error) {
        log.warn({ err: error, camera }, 'the password of a camera can not be stored')
        return toProblem(error, 'no-key').reason
      }
    },
  }
}

/** In a process of its own that ends with it: what a camera sends is never parsed in the box's process. */
async function takeTrial(
  { clock, logger }: Pick<Base, 'clock' | 'logger'>,
  settings: CameraSettings,
  account: CameraAccount | undefined,
): Promise<CameraTrialAnswer> {
  const { CameraProcess } = await import('../../cameras/process/camera-process.ts')
  const { CameraProblem, toProblem } = await import('../../cameras/talk/camera-problem.ts')
  const { createSignInMemory } = await import('../../cameras/talk/http/http-auth.ts')
  const process = new CameraProcess({ clock, log: logger.child({ part: 'cameras' }) })
  const ended = new AbortController()
  const cancel = clock.after(trialMs, () => ended.abort(new CameraProblem('slow')))
  let pin: string | undefined
  try {
    process.start()
    const camera = process.open(
      { settings: account ? { ...settings, user: account.user } : settings, credentials: account },
      { pin: { get: () => pin, set: (seen) => void (pin = seen) }, signIns: createSignInMemory() },
    )
    const { onvif, snapshotPath, streamPath } = settings
    if (onvif)
      await camera.probe(ended.signal).catch((error: unknown) => {
        if (snapshotPath === undefined && streamPath === undefined) throw error
      })
    let failure: unknown = new CameraProblem('no-picture-source')
    for (const source of await camera.sources(ended.signal))
      try {
        const { raw, finished } = await camera.take(source, [], ended.signal, 'person')
        const { full } = finished
        const { maker, model } = camera.facts ?? {}
        return {
          ok: true,
          picture: Buffer.from(full.bytes).toString('base64'),
          width: full.width,
          height: full.height,
          source: raw.source,
          answerMs: Math.round(raw.answerMs),
          ...(maker === undefined ? {} : { maker }),
          ...(model === undefined ? {} : { model }),
        }
      } catch (error) {
        failure = error
        if (ended.signal.aborted) break
      }
    throw failure
  } catch (error) {
    return { ok: false, reason: toProblem(error, 'work-failed').reason }
  } finally {
    cancel()
    await process.stop()
  }
}
