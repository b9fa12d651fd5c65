// Draws small pictures for the map's tests, as PNG: a plan of a village, and tiles that say where they are by their colour.
import { crc32, deflateSync } from 'node:zlib'

type Rgb = readonly [red: number, green: number, blue: number]

export class Drawing {
  readonly width: number
  readonly height: number
  readonly #pixels: Uint8Array

  constructor(width: number, height: number, ground: Rgb) {
    this.width = width
    this.height = height
    this.#pixels = new Uint8Array(width * height * 3)
    this.fill(0, 0, width, height, ground)
  }

  fill(x: number, y: number, width: number, height: number, colour: Rgb): this {
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++)
      for (let column = Math.max(0, x); column < Math.min(this.width, x + width); column++)
        this.#pixels.set(colour, (Math.round(row) * this.width + Math.round(column)) * 3)
    return this
  }

  png(): Buffer {
    const rows = Buffer.alloc(this.height * (this.width * 3 + 1))
    for (let row = 0; row < this.height; row++)
      rows.set(
        this.#pixels.subarray(row * this.width * 3, (row + 1) * this.width * 3),
        row * (this.width * 3 + 1) + 1,
      )
    const head = Buffer.alloc(13)
    head.writeUInt32BE(this.width, 0)
    head.writeUInt32BE(this.height, 4)
    head.set([8, 2, 0, 0, 0], 8)
    const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
    return Buffer.concat([
      signature,
      chunk('IHDR', head),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ])
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** Fields, a river, two roads and houses, as a surveyor would draw them. */
export function drawPlan(): Buffer {
  const plan = new Drawing(900, 600, [238, 240, 228])
  for (let field = 0; field < 6; field++)
    plan.fill(
      20 + (field % 3) * 300,
      20 + Math.floor(field / 3) * 320,
      250,
      240,
      field % 2 === 0 ? [222, 232, 205] : [230, 228, 200],
    )
  for (let x = 0; x < 900; x++) plan.fill(x, 430 + Math.round(30 * Math.sin(x / 120)), 1, 34, [176, 206, 228])
  plan.fill(0, 285, 900, 14, [250, 250, 248]).fill(440, 0, 14, 600, [250, 250, 248])
  for (let house = 0; house < 22; house++) {
    const x = 60 + (house % 11) * 76
    const y = house < 11 ? 238 : 312
    plan.fill(x, y, 44, 32, [150, 140, 130]).fill(x + 3, y + 3, 38, 26, [206, 190, 176])
  }
  return plan.png()
}
