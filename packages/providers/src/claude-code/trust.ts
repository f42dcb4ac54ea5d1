import { asArray, asObject, parseObject } from '../json.ts';
import { below, trimSlash, withAncestors } from '../paths.ts';

type Env = Readonly<Record<string, string>>;
type Config = Readonly<Record<string, string | null>>;

/** Claude's state file (trust, approved keys): inside `CLAUDE_CONFIG_DIR` where that is set, else in the home. */
function stateFile(env: Env): string {
  return below(env.CLAUDE_CONFIG_DIR || env.HOME || '/', '.claude.json');
}

function settingsFile(env: Env): string {
  return below(configDirectory(env), 'settings.json');
}

/** Claude's configuration directory. */
export function configDirectory(env: Env): string {
  return env.CLAUDE_CONFIG_DIR || below(env.HOME || '/', '.claude');
}

export function configFiles(env: Env): string[] {
  return [stateFile(env), settingsFile(env)];
}

/**
 * Whether Claude would start in `cwd` without its trust dialog: the person accepted it there, in a directory above, or
 * in the repository of a worktree. Acceptance above a repository does not reach into it. A missing or broken file
 * trusts nothing: at worst the person is asked once more.
 */
export function isTrusted(
  config: Config,
  env: Env,
  { cwd, repositoryRoot }: { cwd: string; repositoryRoot: string | null },
): boolean {
  const projects = asObject(parseObject(config[stateFile(env)])?.projects) ?? {};
  return places(cwd, repositoryRoot).some(
    (place) => asObject(projects[place])?.hasTrustDialogAccepted === true,
  );
}

/** Keys that count for a directory; how far up a worktree outside its repository reaches is not known here. */
function places(cwd: string, repositoryRoot: string | null): string[] {
  const above = withAncestors(cwd);
  if (repositoryRoot === null) return above;
  const root = trimSlash(repositoryRoot);
  const end = above.indexOf(root);
  return end === -1 ? [trimSlash(cwd), root] : above.slice(0, end + 1);
}

/** Whether the person has let Claude use this API key before; otherwise it would ask. */
export function isKeyApproved(config: Config, env: Env, key: string): boolean {
  const answers = asObject(parseObject(config[stateFile(env)])?.customApiKeyResponses);
  const approved = asArray(answers?.approved);
  return approved.includes(key) || approved.includes(key.slice(-20));
}

/** Whether the person's own settings choose a permission mode. */
export function hasDefaultMode(config: Config, env: Env): boolean {
  const permissions = asObject(parseObject(config[settingsFile(env)])?.permissions);
  return typeof permissions?.defaultMode === 'string';
}

/** Whether the person's own settings say if plan mode may ask auto mode's classifier. */
export function hasAutoModeChoice(config: Config, env: Env): boolean {
  return parseObject(config[settingsFile(env)])?.useAutoModeDuringPlan !== undefined;
}
