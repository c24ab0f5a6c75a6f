import { installOnce } from './install.mjs'

/**
 * Sees to it that node_modules is what package-lock.json says.
 *
 * @param {string} root
 * @param {string} node the Node that will run npm, so that npm judges the packages' `engines` by the right version
 */
export async function ensurePackages(root, node) {
  await installOnce(root, { title: 'installing packages', node, includes: ['dev', 'optional'], check() {} })
}
