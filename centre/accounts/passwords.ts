// Stored secrets: passwords as salted scrypt, tokens as a plain SHA-256 (they are 256 random bits already).
import { createHash, scrypt, timingSafeEqual } from 'node:crypto'
import type { Random } from '../../protocols/kit/random.ts'

const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const hashBytes = 32
/** Passwords that the command line generates: 96 random bits. */
const generatedBytes = 12
export const passwordLengthMin = 8

export function hashPassword(password: string, salt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, hashBytes, cost, (error, key) =>
      error ? reject(error) : resolve(key.toString('hex')),
    )
  })
}

export async function isPassword(password: string, salt: string, hash: string): Promise<boolean> {
  const given = Buffer.from(await hashPassword(password, salt), 'hex')
  const stored = Buffer.from(hash, 'hex')
  return given.length === stored.length && timingSafeEqual(given, stored)
}

export const createPassword = (random: Random): string => random.hex(generatedBytes)
export const createSalt = (random: Random): string => random.hex(16)
export const createTokenText = (random: Random): string => random.hex(32)
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex')
