import { below, trimSlash } from '../paths.ts';
import { trustLevels } from './toml.ts';

type Env = Readonly<Record<string, string>>;

function configFile(env: Env): string {
  return below(env.CODEX_HOME || below(env.HOME || '/', '.codex'), 'config.toml');
}

export function configFiles(env: Env): string[] {
  return [configFile(env)];
}

/** Whether Codex's own configuration trusts the directory itself, or the repository it belongs to. */
export function isTrusted(
  config: Readonly<Record<string, string | null>>,
  env: Env,
  { cwd, repositoryRoot }: { cwd: string; repositoryRoot: string | null },
): boolean {
  const levels = trustLevels(config[configFile(env)] ?? '');
  const own = levels.get(trimSlash(cwd));
  const level = own ?? (repositoryRoot === null ? undefined : levels.get(trimSlash(repositoryRoot)));
  return level === 'trusted';
}
