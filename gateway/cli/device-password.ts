// Creates and stores the password of one device, for the installer's command line.
import { isDeviceId } from '../../protocols/domain/names.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { writePasswordEntry } from '../broker/credentials/password-file.ts'
import { hashPassword } from '../broker/credentials/passwords.ts'

/** Writes a new password for `device` into the file and returns it in clear, once. */
export async function writeDevicePassword(file: string | undefined, device: string): Promise<Result<string>> {
  if (file === undefined) return bad('set mqtt.passwordFile in the config first')
  if (!isDeviceId(device))
    return bad(`${JSON.stringify(device)} is no device id: letters, digits, dot, dash, underscore`)
  const random = createSystemRandom()
  const password = random.hex(12)
  try {
    await writePasswordEntry(file, device, await hashPassword(password, random))
  } catch (error) {
    return bad(`${file}: ${(error as Error).message}`)
  }
  return ok(password)
}
