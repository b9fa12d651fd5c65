// A list of boxes as a person writes it at the desk: one a line, with commas, semicolons or tabs between. Pure.
import { isBoxId } from '../../../protocols/domain/names.ts'
import { isSerial, nameCharsMax } from '../../../protocols/enrolment/messages.ts'

export interface ListedBox {
  box: string
  name?: string
  serial?: string
}

/** The boxes, or the first line that is none, from 1. */
export function parseBoxList(text: string): { boxes: ListedBox[] } | { line: number } {
  const boxes: ListedBox[] = []
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [box = '', name = '', serial = '', ...more] = line.split(/[,，;；\t]/).map((part) => part.trim())
    const isGood = isBoxId(box) && name.length <= nameCharsMax && (serial === '' || isSerial(serial))
    if (!isGood || more.length > 0 || boxes.some((one) => one.box === box)) return { line: at + 1 }
    boxes.push({ box, ...(name === '' ? {} : { name }), ...(serial === '' ? {} : { serial }) })
  }
  return { boxes }
}
