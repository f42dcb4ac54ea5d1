import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFile(join(root, path), 'utf8');

/** Markdown files below a folder, relative to the root. */
async function markdownBelow(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

/** Targets of the links in a page, without those in code. */
function linksIn(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(\s*<?([^)>\s]+)>?[^)]*\)/g)];
  const named = [...prose.matchAll(/^\[[^\]]+\]:\s*<?([^>\s]+)/gm)];
  return [...inline, ...named].map((match) => match[1] ?? '');
}

/** Links of a page to files that are not there. */
function brokenLinks(page: string, markdown: string): string[] {
  return linksIn(markdown).filter((link) => {
    const path = decodeURIComponent(link.split('#', 1)[0] ?? '');
    if (path === '' || /^[a-z][a-z0-9+.-]*:/i.test(link)) return false;
    return path.startsWith('/') || !existsSync(join(root, dirname(page), path));
  });
}

const rootPages = ['README.md', 'CLAUDE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
const pages = [...rootPages, 'packages/cli/README.md', ...(await markdownBelow('docs'))].sort();

describe('links', () => {
  test.each(pages)('%s leads only to files that exist', async (page) => {
    expect(brokenLinks(page, await read(page))).toEqual([]);
  });

  test('a broken one is found wherever it stands', () => {
    const page = [
      '[here](../README.md#x) [web](https://example.org/a.md) [top](#top) [root](/README.md)',
      '[gone](no-such.md) ![picture](no-such.png "title") and [named][1]; `[code](no-such-code.md)`',
      '```sh',
      'echo "[block](no-such-block.md)"',
      '```',
      '[1]: ../no-such-name.md',
    ].join('\n');
    expect(brokenLinks('docs/page.md', page)).toEqual([
      '/README.md',
      'no-such.md',
      'no-such.png',
      '../no-such-name.md',
    ]);
  });

  test('every page of docs can be reached from the README', async () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const link of linksIn(await read(page))) {
        const target = join(dirname(page), link.split('#', 1)[0] ?? '');
        if (pages.includes(target)) reached.add(target);
      }
    }
    expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });
});

test('AGENTS.md says what CLAUDE.md says', async () => {
  expect(await read('AGENTS.md')).toBe(await read('CLAUDE.md'));
});

describe('decisions', async () => {
  const folder = 'docs/decisions';
  const files = (await readdir(join(root, folder))).filter((name) => name !== 'README.md').sort();

  test('each is listed, and nothing else', async () => {
    const listed = linksIn(await read(`${folder}/README.md`)).filter((link) => /^\d{4}-/.test(link));
    expect(listed).toEqual(files);
  });

  test.each(files)('%s has its number, and says context, decision and consequences', async (file) => {
    const text = await read(`${folder}/${file}`);
    expect(text).toMatch(new RegExp(`^# ${file.slice(0, 4)} \\S`));
    const sections = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(['Context', 'Decision', 'Consequences']);
  });

  test('no number is used twice', () => {
    const numbers = files.map((file) => file.slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
  });
});
