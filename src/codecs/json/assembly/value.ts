import { numberEnd } from './number'
import { QUOTE, spaceEnd, stringEnd } from './text'

export const OPEN_BRACE: u8 = 0x7b
export const CLOSE_BRACE: u8 = 0x7d
export const OPEN_BRACKET: u8 = 0x5b
export const CLOSE_BRACKET: u8 = 0x5d
export const COMMA: u8 = 0x2c
export const COLON: u8 = 0x3a

/** Values nested more deeply are not for this scanner. */
const DEPTH_MAX: i32 = 64

/** Past the value at `p`; 0 when it is not valid, or nested too deeply to say. */
export function valueEnd(p: usize, end: usize): usize {
  const c = load<u8>(p)
  if (c == QUOTE) return stringEnd(p, end)
  if (c < 0x3a) return numberEnd(p, end)
  if (c == OPEN_BRACE || c == OPEN_BRACKET) return nestedEnd(p, end)
  return wordEnd(p, end)
}

function wordEnd(p: usize, end: usize): usize {
  const four = load<u32>(p)
  if (four == 0x6c6c756e || four == 0x65757274) p += 4 // null, true
  else if (four == 0x736c6166 && load<u8>(p, 4) == 0x65) p += 5 // false
  else return 0
  return p <= end ? p : 0
}

/** Past the object or array at `p`. Of each level one bit is kept: whether it is an object. */
function nestedEnd(p: usize, end: usize): usize {
  let objects: u64 = 0
  let depth: i32 = 0
  while (p < end) {
    const c = load<u8>(p)
    if (c == OPEN_BRACE || c == OPEN_BRACKET) {
      if (++depth > DEPTH_MAX) return 0
      objects = (objects << 1) | (c == OPEN_BRACE ? 1 : 0)
      p = spaceEnd(p + 1, end)
      if (load<u8>(p) != c + 2) {
        if (c == OPEN_BRACE) p = memberValue(p, end)
        if (p == 0) return 0
        continue
      }
    } else {
      p = c == QUOTE ? stringEnd(p, end) : c < 0x3a ? numberEnd(p, end) : wordEnd(p, end)
      if (p == 0) return 0
    }
    p = spaceEnd(p, end)
    while (load<u8>(p) == ((objects & 1) != 0 ? CLOSE_BRACE : CLOSE_BRACKET)) {
      if (++p > end) return 0
      if (--depth == 0) return p
      objects >>= 1
      p = spaceEnd(p, end)
    }
    if (load<u8>(p) != COMMA) return 0
    p = spaceEnd(p + 1, end)
    if ((objects & 1) != 0) p = memberValue(p, end)
    if (p == 0) return 0
  }
  return 0
}

/** From a key to its value. */
function memberValue(p: usize, end: usize): usize {
  if (load<u8>(p) != QUOTE) return 0
  p = stringEnd(p, end)
  if (p == 0) return 0
  p = spaceEnd(p, end)
  return load<u8>(p) == COLON ? spaceEnd(p + 1, end) : 0
}
