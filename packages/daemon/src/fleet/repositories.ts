import type { Repository } from '@codepiper/core/fleet/fleet.ts';
import { findGitPlace, type GitPlace, readBranch } from '../git/repository.ts';

/** The repository and branch of directories. A place that is known is asked for its branch alone. */
export class Repositories {
  readonly #places = new Map<string, GitPlace>();

  /** What a directory belongs to now; null outside of git. */
  async of(directory: string): Promise<Repository | null> {
    const known = this.#places.get(directory);
    if (known) {
      const branch = await branchOf(known);
      if (branch !== undefined) return toRepository(known, branch);
      this.#places.delete(directory);
    }
    const found = await findGitPlace(directory);
    const branch = found && (await branchOf(found));
    if (!found || branch === undefined) return null;
    this.#places.set(directory, found);
    return toRepository(found, branch);
  }

  /** Forgets all others. */
  keep(directories: ReadonlySet<string>): void {
    for (const directory of this.#places.keys()) {
      if (!directories.has(directory)) this.#places.delete(directory);
    }
  }
}

function toRepository({ root, name, isWorktree }: GitPlace, branch: string | null): Repository {
  return { root, name, branch, isWorktree };
}

/** Undefined where nothing is to be read any more. */
async function branchOf({ gitDir }: GitPlace): Promise<string | null | undefined> {
  return readBranch(gitDir).catch(() => undefined);
}
