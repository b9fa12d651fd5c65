// Positions in the coordinate systems of Chinese maps, and the conversion between them: stored positions are WGS-84, each map source
// declares its own system. Pure.

/**
 * `gcj-02`: Amap, Tencent, Google in China. `bd-09`: Baidu. `cgcs2000`: Tianditu and the survey offices; it differs from WGS-84
 * by centimetres, so both are the same here.
 */
export const coordinateSystems = ['wgs-84', 'gcj-02', 'bd-09', 'cgcs2000'] as const
export type CoordinateSystem = (typeof coordinateSystems)[number]

/** Degrees; WGS-84 where no system is beside it. */
export interface Position {
  lat: number
  lon: number
}

/** Krasovsky 1940, by which GCJ-02 is defined. */
const semiMajorM = 6_378_245
const eccentricitySquared = 0.006_693_421_622_965_943
const baiduTurn = (Math.PI * 3000) / 180
/** Baidu's map is moved by this many degrees. */
const baiduShift = { lat: 0.006, lon: 0.0065 }
/** About a tenth of a millimetre: the inverse stops there. */
const inverseDegrees = 1e-9
const inverseStepsMax = 20

/** Outside of China the systems are equal. */
const isInChina = ({ lat, lon }: Position): boolean =>
  lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271

const wave = (degrees: number, of: number): number => Math.sin(degrees * of * Math.PI)

function shiftMetres(x: number, y: number): { north: number; east: number } {
  const root = Math.sqrt(Math.abs(x))
  const common = ((20 * wave(x, 6) + 20 * wave(x, 2)) * 2) / 3
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    common +
    ((20 * wave(y, 1) + 40 * wave(y, 1 / 3)) * 2) / 3 +
    ((160 * wave(y, 1 / 12) + 320 * wave(y, 1 / 30)) * 2) / 3
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    common +
    ((20 * wave(x, 1) + 40 * wave(x, 1 / 3)) * 2) / 3 +
    ((150 * wave(x, 1 / 12) + 300 * wave(x, 1 / 30)) * 2) / 3
  return { north, east }
}

function toGcj(position: Position): Position {
  if (!isInChina(position)) return position
  const { lat, lon } = position
  const { north, east } = shiftMetres(lon - 105, lat - 35)
  const latitude = (lat / 180) * Math.PI
  const sine = Math.sin(latitude)
  const curvature = 1 - eccentricitySquared * sine * sine
  const meridianM = (semiMajorM * (1 - eccentricitySquared)) / (curvature * Math.sqrt(curvature))
  const parallelM = (semiMajorM / Math.sqrt(curvature)) * Math.cos(latitude)
  return {
    lat: lat + (north * 180) / (meridianM * Math.PI),
    lon: lon + (east * 180) / (parallelM * Math.PI),
  }
}

function gcjToBaidu({ lat, lon }: Position): Position {
  const radius = Math.sqrt(lon * lon + lat * lat) + 0.00002 * Math.sin(lat * baiduTurn)
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * baiduTurn)
  return { lon: radius * Math.cos(angle) + baiduShift.lon, lat: radius * Math.sin(angle) + baiduShift.lat }
}

/** The position that `forward` moves to `wanted`: the shift changes slowly, so a few steps reach it. */
function inverseOf(forward: (position: Position) => Position, wanted: Position): Position {
  let found = wanted
  for (let step = 0; step < inverseStepsMax; step++) {
    const reached = forward(found)
    const off = { lat: wanted.lat - reached.lat, lon: wanted.lon - reached.lon }
    found = { lat: found.lat + off.lat, lon: found.lon + off.lon }
    if (Math.abs(off.lat) + Math.abs(off.lon) < inverseDegrees) break
  }
  return found
}

/** Baidu's shift applies in China only, as its base does. */
const toBaidu = (position: Position): Position =>
  isInChina(position) ? gcjToBaidu(toGcj(position)) : position

const forwards: Record<CoordinateSystem, (position: Position) => Position> = {
  'wgs-84': (position) => position,
  cgcs2000: (position) => position,
  'gcj-02': toGcj,
  'bd-09': toBaidu,
}

/** A stored position as a map of that system shows it. */
export const fromWgs84 = (position: Position, system: CoordinateSystem): Position =>
  forwards[system](position)

/** A position read from a map of that system, as it is stored. */
export const toWgs84 = (position: Position, system: CoordinateSystem): Position =>
  inverseOf(forwards[system], position)

/** The edges of a plan whose upper edge is north. */
export interface PlanCorners {
  north: number
  south: number
  east: number
  west: number
}

/** `x`, `y`: 0 to 1 from the upper left corner of the plan. */
export interface PlanPoint {
  x: number
  y: number
}

export const positionOnPlan = ({ north, south, east, west }: PlanCorners, { x, y }: PlanPoint): Position => ({
  lat: north - y * (north - south),
  lon: west + x * (east - west),
})
