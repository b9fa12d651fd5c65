// The town's PMTiles file as a layer of the map: tiles are drawn on canvases, because the page's policy allows pictures of its own address
// only, and not those of `blob:`.
import { decompressSync } from 'fflate'
import { GridLayer, type Coords, type DoneCallback } from 'leaflet'
import { Compression, PMTiles, type RangeResponse, type Source } from 'pmtiles'

const address = 'api/v1/map/tiles'
const tileSize = 256

/** The library's own source and decompression need `globalThis`, which browsers have from Chrome 71 on. */
const source: Source = {
  getKey: () => address,
  getBytes: async (offset, length): Promise<RangeResponse> => {
    const response = await fetch(address, {
      credentials: 'same-origin',
      headers: { range: `bytes=${offset}-${offset + length - 1}` },
    })
    if (response.status !== 206) throw new Error(`the tiles answered ${response.status}`)
    return { data: await response.arrayBuffer() }
  },
}

async function decompress(data: ArrayBuffer, how: Compression): Promise<ArrayBuffer> {
  if (how === Compression.None || how === Compression.Unknown) return data
  if (how !== Compression.Gzip) throw new Error('the tiles are compressed in another way than gzip')
  return decompressSync(new Uint8Array(data)).slice().buffer
}

async function draw(file: PMTiles, canvas: HTMLCanvasElement, { z, x, y }: Coords): Promise<void> {
  const tile = await file.getZxy(z, x, y)
  if (!tile) return
  const picture = await createImageBitmap(new Blob([tile.data]))
  canvas.getContext('2d')?.drawImage(picture, 0, 0, tileSize, tileSize)
  picture.close()
}

class TileLayer extends GridLayer {
  readonly #file: PMTiles

  constructor(file: PMTiles, zooms: { minNativeZoom: number; maxNativeZoom: number }) {
    super({ ...zooms, tileSize })
    this.#file = file
  }

  async #draw(canvas: HTMLCanvasElement, coords: Coords, done: DoneCallback): Promise<void> {
    let failure: Error | undefined
    try {
      await draw(this.#file, canvas, coords)
    } catch (error) {
      failure = error instanceof Error ? error : new Error('a tile')
    }
    done(failure, canvas)
  }

  protected override createTile(coords: Coords, done: DoneCallback): HTMLElement {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = tileSize
    canvas.setAttribute('aria-hidden', 'true')
    void this.#draw(canvas, coords, done)
    return canvas
  }
}

/** Rejects when the file is not to be read. */
export async function openTiles(): Promise<GridLayer> {
  const file = new PMTiles(source, undefined, decompress)
  const { minZoom, maxZoom } = await file.getHeader()
  return new TileLayer(file, { minNativeZoom: minZoom, maxNativeZoom: maxZoom })
}
