// The town's directory, if one is configured.
import { readFileSync } from 'node:fs'
import { DirectorySignIn } from '../accounts/directory-sign-in.ts'
import type { Base } from './base.ts'

export function openDirectory({ config, clock }: Base): DirectorySignIn | undefined {
  const { oidc } = config.accounts
  if (!oidc) return undefined
  const { clientSecretFile, ...settings } = oidc
  const clientSecret = readFileSync(clientSecretFile, 'utf8').trim()
  return new DirectorySignIn({ ...settings, clientSecret }, clock)
}
