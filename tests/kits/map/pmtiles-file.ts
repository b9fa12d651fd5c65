// Writes a small PMTiles file (version 3, gzip directory, PNG tiles), as `pmtiles convert` does: what a town brings along.
import { gzipSync } from 'node:zlib'
import { zxyToTileId } from 'pmtiles'
import { Drawing } from './draw-png.ts'

export interface Tile {
  z: number
  x: number
  y: number
  png: Buffer
}

const headerBytes = 127

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}

export function pmtilesFile(tiles: readonly Tile[]): Buffer {
  const sorted = tiles
    .map((tile) => ({ ...tile, id: zxyToTileId(tile.z, tile.x, tile.y) }))
    .sort((a, b) => a.id - b.id)
  const bytes: number[] = [...varint(sorted.length)]
  sorted.forEach(({ id }, at) => bytes.push(...varint(id - (sorted[at - 1]?.id ?? 0))))
  for (const _tile of sorted) bytes.push(1)
  for (const { png } of sorted) bytes.push(...varint(png.length))
  // 0 says: right behind the one before.
  sorted.forEach((_tile, at) => bytes.push(at === 0 ? 1 : 0))
  const directory = gzipSync(Buffer.from(bytes))
  const metadata = gzipSync(Buffer.from('{}'))
  const data = Buffer.concat(sorted.map(({ png }) => png))
  const header = Buffer.alloc(headerBytes)
  header.write('PMTiles', 0, 'latin1')
  header.writeUInt8(3, 7)
  const metadataAt = headerBytes + directory.length
  const dataAt = metadataAt + metadata.length
  const places = [headerBytes, directory.length, metadataAt, metadata.length, dataAt, 0, dataAt, data.length]
  places.forEach((value, at) => header.writeBigUInt64LE(BigInt(value), 8 + 8 * at))
  for (const at of [72, 80, 88]) header.writeBigUInt64LE(BigInt(sorted.length), at)
  const zooms = sorted.map(({ z }) => z)
  // Clustered; directories gzip, tiles as they are; PNG; zooms.
  header.set([1, 2, 1, 2, Math.min(...zooms), Math.max(...zooms)], 96)
  header.writeInt32LE(-1_800_000_000, 102)
  header.writeInt32LE(-850_000_000, 106)
  header.writeInt32LE(1_800_000_000, 110)
  header.writeInt32LE(850_000_000, 114)
  return Buffer.concat([header, directory, metadata, data])
}

/** Which tile holds a position, in the scheme of web maps. */
export function tileAt(lat: number, lon: number, z: number): { x: number; y: number } {
  const turn = (lat * Math.PI) / 180
  const size = 2 ** z
  return {
    x: Math.floor(((lon + 180) / 360) * size),
    y: Math.floor(((1 - Math.log(Math.tan(turn) + 1 / Math.cos(turn)) / Math.PI) / 2) * size),
  }
}

/** Fields around a position, on the given zooms. */
export function tilesAround(lat: number, lon: number, zooms: readonly number[], reach = 4): Tile[] {
  return zooms.flatMap((z) => {
    const middle = tileAt(lat, lon, z)
    const tiles: Tile[] = []
    for (let x = middle.x - reach; x <= middle.x + reach; x++)
      for (let y = middle.y - reach; y <= middle.y + reach; y++) {
        const tint = ((x + y) % 3) * 5
        const tile = new Drawing(256, 256, [226 - tint, 233 - tint, 214 - tint])
        tile.fill(0, 118, 256, 8, [246, 246, 240]).fill(60 + ((x * 37) % 90), 0, 6, 256, [246, 246, 240])
        tile.fill(150, 30 + ((y * 53) % 60), 70, 50, [206, 220, 190])
        tiles.push({ z, x, y, png: tile.png() })
      }
    return tiles
  })
}
