/** Making and changing nodes. Text goes in as text, never as markup. */

export type Attributes = Readonly<Record<string, string>>

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export function shape(tag: string, attributes: Attributes, ...children: readonly Node[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Writes only what differs: an unchanged text costs no layout and is not read out again. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name)
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

/** A row of buttons of which one is pressed. */
export function segments(
  label: string,
  choices: readonly string[],
  onChoose: (choice: string) => void,
): { readonly element: HTMLElement; press(choice: string | null): void } {
  const buttons = choices.map((choice) => {
    const button = element('button', { type: 'button', 'aria-pressed': 'false' }, choice)
    button.addEventListener('click', () => onChoose(choice))
    return button
  })
  return {
    element: element('span', { class: 'seg', role: 'group', 'aria-label': label }, ...buttons),
    press(choice) {
      for (const button of buttons) setAttribute(button, 'aria-pressed', String(button.textContent === choice))
    },
  }
}
