import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';

/** An import that a rule of .dependency-cruiser.cjs forbids. Paths are relative to the tree's root. */
export interface Violation {
  rule: string;
  comment: string;
  from: string;
  to: string;
}

export interface WallsReport {
  violations: Violation[];
  /** How many files of ours were looked at. */
  seen: number;
  /** TypeScript files on disk that were not looked at: a wall nobody guards. Must be empty. */
  unseen: string[];
}

interface CruiseResult {
  modules: { source: string; dependencies: { resolved: string }[] }[];
  summary: { violations: { rule: { name: string }; comment?: string; from: string; to: string }[] };
}

const folders = ['packages', 'e2e', 'scripts'];
const skipped = new Set(['node_modules', 'dist', '.types', '.cache', '.tools', 'fixtures']);

/**
 * Checks every import of a tree against the walls.
 * @param root the tree, with its own .dependency-cruiser.cjs
 * @param options further options of dependency-cruiser
 */
export async function checkWalls(root: string, options: string[] = []): Promise<WallsReport> {
  const program = join(import.meta.dirname, '../node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...options, ...folders],
    { cwd: root, maxBuffer: 1 << 28 },
  );
  const result: CruiseResult = JSON.parse(stdout);
  // Without a TypeScript it can use, dependency-cruiser reads no .ts file, finds nothing and is content.
  const seen = new Set(result.modules.map((module) => module.source));
  const files = await typescriptFiles(root);
  return {
    violations: result.summary.violations.map(({ rule, comment, from, to }) => ({
      rule: rule.name,
      comment: comment ?? '',
      from,
      to,
    })),
    seen: files.filter((file) => seen.has(file)).length,
    unseen: files.filter((file) => !seen.has(file)),
  };
}

async function typescriptFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) await walk(path);
      if (entry.isFile() && /\.tsx?$/.test(entry.name)) found.push(relative(root, path).split(sep).join('/'));
    }
  };
  for (const folder of folders) await walk(join(root, folder));
  return found;
}
