import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The licences of the packages that a bundle contains: they ask to go along with every copy.
 *
 * @param {string} root where `node_modules` is
 * @param {readonly string[]} inputs the files of the bundle, relative to the root, with forward slashes
 */
export async function thirdPartyNotices(root, inputs) {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const notices = await Promise.all([...folders].sort().map((folder) => noticeOf(join(root, folder))));
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

async function noticeOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const names = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(names.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim()), ''].join('\n\n');
}
