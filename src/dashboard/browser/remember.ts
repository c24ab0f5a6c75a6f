/** The reader's choices, kept in the browser. Without storage (private mode, blocked) they last as long as the page. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`windsock-${name}`, value)
  } catch {
    // Nothing to do: the choice holds for this page.
  }
}

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`windsock-${name}`)
  } catch {
    return null
  }
}
