const plain = /^[ !#-[\]-\u007e]*$/

/** JSON text of a string; the plain ones, nearly all, skip the escaper. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** JSON text of a text or a number, as `JSON.stringify` gives it. */
export function jsonOf(value: string | number): string {
  if (typeof value === 'string') return quote(value)
  return Number.isFinite(value) ? String(value) : 'null'
}
