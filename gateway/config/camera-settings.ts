// The `cameras` and `pictures` sections of the gateway's configuration: the cameras, and how long pictures are kept.
import { z } from 'zod'
import { deviceIdPattern } from '../../protocols/domain/names.ts'

/** Most cameras of one box. */
export const camerasMax = 64

const port = z.number().int().min(1).max(65535)
const file = z.string().min(1)
const zone = z.string().min(1).max(64)
/** A host name, an IPv4 or a bare IPv6 address: no scheme, no port, no credentials. */
const host = z
  .string()
  .max(253)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/,
    'a host name or an IP address',
  )
const path = z
  .string()
  .max(1000)
  .regex(/^\/[\x21-\x7e]*$/, 'a path that starts with /, without host and credentials')
const fraction = z.number().min(0).max(1)

export const cameraSettingsSchema = z.strictObject({
  id: z.string().regex(deviceIdPattern, 'letters, digits, dot, dash, underscore'),
  name: z.string().max(100).optional(),
  /** The zone, or several, whose red and orange alarms make it take pictures. */
  zone: z
    .union([zone, z.array(zone).min(1).max(16)])
    .transform((one) => (typeof one === 'string' ? [one] : one)),
  host,
  /** The web port; 80, or 443 with `tls`. */
  port: port.optional(),
  tls: z.boolean().default(false),
  user: z.string().max(200).optional(),
  /** Contains the password; without it the one stored by `setCredentials` is used. */
  passwordFile: file.optional(),
  auth: z.enum(['auto', 'basic', 'digest']).default('auto'),
  /** False for a camera without ONVIF: then `snapshotPath` or `streamPath` is the address of its pictures. */
  onvif: z.boolean().default(true),
  onvifPath: path.default('/onvif/device_service'),
  snapshotPath: path.optional(),
  streamPath: path.optional(),
  rtspPort: port.optional(),
  /** A place where people live or wash: no ring, no health pictures unless requested. */
  isPrivate: z.boolean().default(false),
  /** Seconds between pictures of the ring in memory; 0 is off. By default 10, and off for private places. */
  ringSeconds: z.number().int().min(0).max(3600).optional(),
  /** Seconds between health checks. */
  healthSeconds: z.number().int().min(5).max(3600).default(60),
  /** Minutes between scheduled pictures, as of a water gauge; 0 is off. */
  scheduleMinutes: z.number().int().min(0).max(1440).default(0),
  /** Motion, tamper and digital inputs as readings. */
  events: z.boolean().default(false),
  /** Polygons to be blanked, corners as fractions of width and height from the top left. */
  masks: z
    .array(
      z
        .array(z.tuple([fraction, fraction]))
        .min(3)
        .max(32),
    )
    .max(16)
    .default([]),
  quotaMegabytes: z.number().min(1).max(100_000).default(500),
})

export const camerasSettingsSchema = z
  .array(cameraSettingsSchema)
  .max(camerasMax)
  .superRefine((cameras, context) => {
    cameras.forEach((camera, i) => {
      if (cameras.findIndex((other) => other.id === camera.id) !== i) {
        context.addIssue({ code: 'custom', path: [i, 'id'], message: 'another id: this one is used already' })
      }
      if (!camera.onvif && camera.snapshotPath === undefined && camera.streamPath === undefined) {
        context.addIssue({
          code: 'custom',
          path: [i, 'snapshotPath'],
          message: 'snapshotPath or streamPath, because onvif is false',
        })
      }
    })
  })

export const pictureSettingsSchema = z.strictObject({
  /** For all cameras together. */
  quotaMegabytes: z.number().min(1).max(1_000_000).default(2000),
  termDays: z.number().min(1).max(365).default(30),
  /** The key for passwords stored by `setCredentials`: created on first use, must lie outside `dataDir`. */
  keyFile: file.optional(),
})

export type CameraSettings = z.infer<typeof cameraSettingsSchema>
export type PictureSettings = z.infer<typeof pictureSettingsSchema>
