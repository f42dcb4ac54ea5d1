import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { buildWeb } from './build-web.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'packages/cli/dist');

/**
 * The programs of the bundle, by the name they get in `dist` (`main` becomes `dist/main.cjs`). A worker or
 * any other file that is started by path, not imported, needs a line here.
 */
const entries: Record<string, string> = {
  main: join(root, 'packages/cli/src/main.ts'),
  'ingest-worker': join(root, 'packages/daemon/src/transcripts/ingest/ingest-worker.ts'),
  'verify-worker': join(root, 'packages/daemon/src/transcripts/verify-worker.ts'),
  'screen-worker': join(root, 'packages/daemon/src/terminals/screen-worker.ts'),
  'query-worker': join(root, 'packages/daemon/src/query-worker.ts'),
  'recording-worker': join(root, 'packages/daemon/src/recording-worker.ts'),
};

/** Native packages: they find their binaries beside themselves, so npm installs them as they are. */
const natives = ['@node-rs/argon2', 'better-sqlite3', 'koffi'];

/**
 * What every command needs and workers or other chunks do too. Each file of it would be a chunk of its own, and a
 * chunk more to load takes a command a third of a millisecond.
 */
const base = /\/packages\/core\/src\/(?:errors|json-text)\.ts$/;

// A process of its own: the two take no longer than one.
const web = buildWeb(root, dist);

/** What Fastify would check and write JSON with, and never loads, as our endpoints have their own schemas (`server.ts`). */
const unused: Plugin = {
  name: 'unused',
  resolveId: (id) => (/^@fastify\/(?:ajv|fast-json-stringify)-compiler$/.test(id) ? `\0${id}` : null),
  load: (id) => (id.startsWith('\0@fastify/') ? 'module.exports = null;' : null),
};

/** What servers and clients of TLS and HTTP/2 are made of: Fastify and ws name it, the daemon's start needs none of it. */
const rarelyUsed = /^(?:node:)?(https|http2|tls)$/;

/** Has what requires a module of `rarelyUsed` load it at the first use of something in it: 5 ms and 2.6 MB of a start. */
const onFirstUse: Plugin = {
  name: 'on-first-use',
  resolveId: (id, _importer, { kind }) => {
    const [, builtin] = rarelyUsed.exec(id) ?? [];
    if (!builtin) return null;
    // The names that an `import` takes are read where it stands; it may be an `import()` instead.
    return kind === 'require-call' ? `\0builtin:${builtin}` : { id: `node:${builtin}`, external: true };
  },
  load: (id) => {
    if (!id.startsWith('\0builtin:')) return null;
    const builtin = JSON.stringify(id.replace('\0builtin', 'node'));
    return `module.exports = new Proxy({}, { get: (_, name) => process.getBuiltinModule(${builtin})[name] });`;
  },
};

/**
 * Bundles the CLI with the daemon into CommonJS chunks, one per dynamic import, so that a command loads only
 * what it needs. CommonJS and ES modules start equally fast; CommonJS lets the published bin refuse an old
 * Node before any modern syntax is read. It has no top-level await.
 */
const bundle = await rolldown({
  input: entries,
  platform: 'node',
  external: (id) => (id.startsWith('node:') && !rarelyUsed.test(id)) || natives.includes(id),
  plugins: [onFirstUse, unused],
  resolve: {
    // `import` here would hand ES modules to packages that are loaded with require (ws).
    conditionNames: ['source', 'node'],
  },
  transform: { target: 'node22' },
  onLog(level, log, report) {
    // A module that was not found would only fail when a user reaches it.
    if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    report(level, log);
  },
});
const { output } = await bundle.generate({
  format: 'cjs',
  minify: true,
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
  codeSplitting: { groups: [{ name: 'base', test: base }] },
});
await bundle.close();

/** Chunks load the bundler's helpers even where they use none; a file less to load is half a millisecond. */
const unusedHelpers = /,require\("\.\/rolldown-runtime-[\w-]+\.cjs"\);/;
const codeOf = (file: { code: string }) => narrow(file.code.replace(unusedHelpers, ';'));

/**
 * Writes characters beyond Latin-1 as escapes. The engine keeps a program's text, and one such character, the dots of a
 * message, makes every other one take two bytes.
 */
function narrow(code: string): string {
  return code.replace(/\\?[^\0-\xff]/g, (found) => {
    // Behind a backslash an escape would be none.
    if (found.length > 1) throw new Error(`the bundle has a backslash before a character: ${found}`);
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

// Chunks first, entries last and by rename: a program started meanwhile sees the old build or the new one.
await mkdir(dist, { recursive: true });
const files = new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file]] : [])));
for (const file of [...files.values()].sort((a, b) => Number(a.isEntry) - Number(b.isEntry))) {
  const partial = join(dist, `.${file.fileName}.${process.pid}`);
  await writeFile(partial, codeOf(file));
  await rename(partial, join(dist, file.fileName));
}
const page = await web;
for (const name of await readdir(dist)) {
  if (name !== page.folder && !files.has(name)) await rm(join(dist, name), { recursive: true });
}

const bytes = [...files.values()].reduce((sum, file) => sum + Buffer.byteLength(codeOf(file)), 0);
console.log(
  `codepiper: built packages/cli/dist: ${files.size} files, ${Math.round(bytes / 1024)} kB; the page ${page.isNew ? 'anew' : 'as it was'}`,
);
