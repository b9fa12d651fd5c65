// The handover sheet of the box: its facts, and what a person adds. It is stored as it was when it was signed, and sent to the centre.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import {
  emptyHandoverInput,
  handoverBytesMax,
  handoverInputSchema,
  handoverSchema,
  type Handover,
  type HandoverInput,
} from '../../../protocols/enrolment/handover.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'
import type { Installing } from '../installing.ts'
import { parseBody } from '../routes/access-routes.ts'
import { done, installers, json, problems, signedIn, type Route } from '../routes/route.ts'
import { networkFacts } from '../setup/network-facts.ts'

const shape = z.strictObject({ ...handoverInputSchema.shape, by: z.string().min(1).max(80).optional() })
const fileOf = (dataDir: string): string => join(dataDir, 'handover.json')

export interface HandoverRouteOptions {
  installing: Installing
  /** It has changed: the centre is to have it. */
  onStored: () => void
  isAtCentre: () => boolean
}

/** The stored sheet; undefined while there is none, or it can not be read. */
export function readStoredHandover(dataDir: string): Handover | undefined {
  if (!existsSync(fileOf(dataDir))) return undefined
  const parsed = parseJson(readFileSync(fileOf(dataDir)), handoverBytesMax)
  const read = parsed.ok ? fromZod(handoverSchema as z.ZodType<Handover>, parsed.value) : parsed
  return read.ok ? read.value : undefined
}

/** As the centre takes it. */
export function packHandover(dataDir: string): Uint8Array | undefined {
  const sheet = readStoredHandover(dataDir)
  // Without a time in it, so that the same sheet is the same upload.
  return sheet && gzipSync(JSON.stringify(sheet))
}

export function handoverRoutes({ installing, onStored, isAtCentre }: HandoverRouteOptions): Route[] {
  const { dataDir } = installing.config
  const path = /^\/api\/v1\/handover$/
  return [
    {
      method: 'GET',
      path,
      example: '/api/v1/handover',
      who: signedIn,
      run: async ({ caller }) => {
        const stored = readStoredHandover(dataDir)
        const sheet = await sheetOf(installing, stored ?? emptyHandoverInput, caller.name ?? '')
        return json({
          v: 1,
          sheet,
          ...(stored ? { storedAtMs: stored.atMs, storedBy: stored.by, isAtCentre: isAtCentre() } : {}),
        })
      },
    },
    {
      method: 'POST',
      path,
      example: '/api/v1/handover',
      who: installers,
      bytesMax: handoverBytesMax,
      run: async (call) => {
        const asked = parseBody(shape, call, handoverBytesMax)
        if (!asked.ok) return problems(asked.problems)
        const { by = 'at the box', ...given } = asked.value
        const sheet = await sheetOf(installing, given, by)
        replaceFileSync(fileOf(dataDir), JSON.stringify(sheet), 0o600)
        installing.note('handover-stored', { by, pictures: given.pictures.length })
        onStored()
        return done({ storedAtMs: sheet.atMs })
      },
    },
  ]
}

/** The facts of now, with what a person added. */
async function sheetOf(installing: Installing, given: HandoverInput, by: string): Promise<Handover> {
  const { config, walkTest, wallMs, port } = installing
  const { contacts, remarks, receivedBy, pictures } = given
  const health = await installing.health()
  const test = walkTest()
  const tested = new Map(test.devices.map((one) => [one.id, one]))
  const zones = new Map(config.zones.map((zone) => [zone.id, zone]))
  const { state, url, roundTripMs, bytesPerSecond } = health.link
  return {
    v: 1,
    box: config.box.id,
    name: config.box.name ?? config.box.id,
    village: villageOf(config.box.id),
    version: health.box?.version ?? '',
    atMs: Math.round(wallMs()),
    by,
    link: {
      state,
      ...(url === undefined ? {} : { url }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    },
    addresses: networkFacts(port()).addresses.map(({ address }) => address),
    ...(test.by === undefined || test.atMs === undefined ? {} : { test: { by: test.by, atMs: test.atMs } }),
    devices: config.devices.map(({ id, name, kind, zone }) => {
      const { isHeard = false, signalDbm, batteryPercent, receiptMs } = tested.get(id) ?? {}
      const place = zones.get(zone ?? '')?.place
      const text = place && ('lampPost' in place ? (place.lampPost ?? place.text) : place.text)
      const given = { name, zone: zones.get(zone ?? '')?.name ?? zone, place: text }
      const heard = { signalDbm, batteryPercent, receiptMs }
      return {
        id,
        kind,
        isHeard,
        ...(Object.fromEntries(
          Object.entries({ ...given, ...heard }).filter(([, value]) => value !== undefined),
        ) as Partial<Handover['devices'][number]>),
      }
    }),
    cameras: (health.cameras ?? []).map(({ id, name, zone, isOffline }) => ({
      id,
      name,
      zone,
      isFine: !isOffline,
    })),
    contacts,
    remarks,
    receivedBy,
    pictures,
  }
}
