import { spawn } from 'node:child_process';

export interface GitRequest {
  /** Folder of the working tree. */
  root: string;
  /** The daemon's own environment. */
  environment: Readonly<Record<string, string | undefined>>;
  /** In milliseconds. */
  timeoutMs: number;
}

/** Bytes; what a command prints beyond it is not waited for. */
const longestOutput = 1_000_000;

/** Nothing of the repository's configuration may name a program that runs, nor may git ask or write anything. */
const safeConfig = {
  'core.fsmonitor': 'false',
  'core.hooksPath': '/dev/null',
  'core.untrackedCache': 'false',
  'core.sshCommand': 'false',
  'core.askPass': 'false',
  'credential.helper': '',
  'protocol.allow': 'never',
} as const;

/** Whether anything in the working tree is not committed; null when git does not say in time. */
export async function hasUncommittedChanges(request: GitRequest): Promise<boolean | null> {
  const deadline = performance.now() + request.timeoutMs;
  const filters = await filtersOf(request);
  if (filters === null) return null;
  const left = deadline - performance.now();
  if (left <= 0) return null;
  const output = await runGit(
    { ...request, timeoutMs: left },
    // The status of a submodule is found by a git of its own, with the submodule's configuration.
    ['status', '--porcelain', '-z', '--untracked-files=normal', '--ignore-submodules=dirty'],
    { config: filters, untilOutput: true },
  );
  return output === null ? null : output.length > 0;
}

/** Local branches, the last used first; empty when git does not say in time. */
export async function listBranches(request: GitRequest, limit: number): Promise<string[]> {
  const output = await runGit(request, [
    'for-each-ref',
    '--sort=-committerdate',
    `--count=${limit}`,
    '--format=%(refname:lstrip=2)',
    'refs/heads',
  ]);
  return output?.split('\n').filter((line) => line !== '') ?? [];
}

/**
 * Settings that turn off the filters of the repository: `status` compares files by what their filter makes of them, and
 * a filter is a program. Null when git does not answer, or a filter cannot be named.
 */
async function filtersOf(request: GitRequest): Promise<Record<string, string> | null> {
  const output = await runGit(request, ['config', '--includes', '--name-only', '-z', '--list']);
  if (output === null) return null;
  const names = new Set(
    output
      .split('\0')
      .flatMap((key) => /^filter\.(.+)\.(?:clean|smudge|process|required)$/s.exec(key)?.[1] ?? []),
  );
  // What stands before the first "=" of a setting is its key.
  if ([...names].some((name) => name.includes('='))) return null;
  return Object.fromEntries(
    [...names].flatMap((name) => [
      [`filter.${name}.clean`, ''],
      [`filter.${name}.smudge`, ''],
      [`filter.${name}.process`, ''],
      [`filter.${name}.required`, 'false'],
    ]),
  );
}

interface RunOptions {
  config?: Readonly<Record<string, string>>;
  /** Resolves with the first thing that is printed. */
  untilOutput?: boolean;
}

/** What git prints; null when it fails, is not installed, or takes too long. */
function runGit(
  { root, environment, timeoutMs }: GitRequest,
  args: readonly string[],
  { config = {}, untilOutput = false }: RunOptions = {},
): Promise<string | null> {
  const settings = Object.entries({ ...safeConfig, ...config }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  return new Promise((resolve) => {
    const child = spawn('git', ['--no-optional-locks', '--no-pager', '-C', root, ...settings, ...args], {
      env: gitEnvironment(environment),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let isDone = false;
    const done = (result: string | null): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(result);
    };
    const timer = setTimeout(() => done(null), timeoutMs);
    const text = () => Buffer.concat(chunks).toString('utf8');
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (untilOutput || size > longestOutput) done(text());
    });
    child.once('error', () => done(null));
    child.once('close', (code) => done(code === 0 ? text() : null));
  });
}

function gitEnvironment(environment: GitRequest['environment']): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'LANG', 'TMPDIR'];
  const env: NodeJS.ProcessEnv = {};
  for (const name of kept) if (environment[name] !== undefined) env[name] = environment[name];
  return Object.assign(env, {
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    // What a partial clone has left out would be fetched, by programs that it names.
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: '',
  });
}
