// Users and passwords of cameras, encrypted with AES-256-GCM; the key is in a separate file outside the data folder, so
// that a copied data folder or backup does not contain the passwords.
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { CameraProblem } from '../talk/camera-problem.ts'
import { readJsonFile, readTextFile } from './json-file.ts'

export interface CameraCredentials {
  user: string
  password: string
}

const keyBytes = 32
const version = 1

interface EncryptedPassword {
  iv: string
  tag: string
  data: string
}

export class CredentialStore {
  readonly #file: string
  readonly #key: Buffer
  readonly #encrypted: Map<string, EncryptedPassword>

  constructor(options: { file: string; key: Buffer; encrypted: Map<string, EncryptedPassword> }) {
    this.#file = options.file
    this.#key = options.key
    this.#encrypted = options.encrypted
  }

  /** Undefined when there are none; throws when they do not open with this key or were modified. */
  get(camera: string): CameraCredentials | undefined {
    const encrypted = this.#encrypted.get(camera)
    if (!encrypted) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(encrypted.iv, 'base64'))
    // Bound to the camera's id: an encrypted entry can not be moved to another camera.
    decipher.setAAD(Buffer.from(camera, 'utf8'))
    decipher.setAuthTag(Buffer.from(encrypted.tag, 'base64'))
    const plain = Buffer.concat([decipher.update(Buffer.from(encrypted.data, 'base64')), decipher.final()])
    return JSON.parse(plain.toString('utf8')) as CameraCredentials
  }

  async set(camera: string, credentials: CameraCredentials): Promise<void> {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv)
    cipher.setAAD(Buffer.from(camera, 'utf8'))
    const data = Buffer.concat([cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()])
    this.#encrypted.set(camera, {
      iv: iv.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      data: data.toString('base64'),
    })
    await this.#write()
  }

  async delete(camera: string): Promise<void> {
    if (this.#encrypted.delete(camera)) await this.#write()
  }

  async #write(): Promise<void> {
    const text = JSON.stringify({ v: version, cameras: Object.fromEntries(this.#encrypted) })
    await replaceFile(this.#file, text, { mode: 0o600 })
  }
}

/** Opens the store; creates the key on first use. Rejects when other users can read the key or it lies in `dataDir`. */
export async function openCredentialStore(options: {
  file: string
  keyFile: string
  dataDir: string
  onDamaged: (keptAs: string) => void
}): Promise<CredentialStore> {
  const inside = relative(resolve(options.dataDir), resolve(options.keyFile))
  if (inside !== '' && !inside.startsWith('..')) {
    throw new CameraProblem('no-key', { detail: 'keyFile inside dataDir' })
  }
  const key = await loadKey(options.keyFile)
  const parsed = await readJsonFile(options.file, options.onDamaged)
  if (isObject(parsed) && parsed['v'] !== undefined && parsed['v'] !== version) {
    throw new CameraProblem('no-key', { detail: 'credentials.json of a newer program' })
  }
  const cameras = isObject(parsed) && isObject(parsed['cameras']) ? parsed['cameras'] : {}
  return new CredentialStore({
    file: options.file,
    key,
    encrypted: new Map(Object.entries(cameras) as [string, EncryptedPassword][]),
  })
}

async function loadKey(keyFile: string): Promise<Buffer> {
  const known = await readTextFile(keyFile)
  if (known !== undefined) {
    const { mode } = await stat(keyFile)
    if ((mode & 0o077) !== 0) throw new CameraProblem('no-key', { detail: 'keyFile: chmod 600' })
    const key = Buffer.from(known.trim(), 'base64')
    if (key.length !== keyBytes) throw new CameraProblem('no-key', { detail: 'keyFile: 32 bytes, base64' })
    return key
  }
  const key = randomBytes(keyBytes)
  // 'wx': two programs that start at the same time must not overwrite each other's key.
  const handle = await open(keyFile, 'wx', 0o600)
  try {
    await handle.writeFile(`${key.toString('base64')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return key
}
