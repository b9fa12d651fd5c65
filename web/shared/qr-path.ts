// The dark squares of a QR code as one SVG path, one unit per square.
import qrcode from 'qrcode-generator'

/** Squares that stay light around the code, so that a phone finds it (ISO/IEC 18004, 4 at each side). */
const quietSquares = 4
/** A longer text is refused: its squares are too small for a phone at arm's length. */
export const qrTextCharsMax = 600

export interface QrPath {
  /** Squares per side, with the quiet border. */
  side: number
  d: string
}

/** Undefined when the text is empty or too long for a code that a phone can read. */
export function qrPath(text: string): QrPath | undefined {
  if (text === '' || text.length > qrTextCharsMax) return undefined
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  const squares: string[] = []
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++)
      if (code.isDark(row, column)) squares.push(`M${column + quietSquares} ${row + quietSquares}h1v1h-1z`)
  return { side: count + 2 * quietSquares, d: squares.join('') }
}
