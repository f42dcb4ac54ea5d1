import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { findProgram, packageVersion } from '@codepiper/daemon/platform/programs.ts';
import { type Check, fail, ok, warn } from './check.ts';

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 14)) return ok('node', `Node ${version}`);
  return fail(
    'node',
    `Node ${version} is too old: codepiper needs 22.14 or newer`,
    'Install Node 24: https://nodejs.org',
  );
}

export async function checkTmux(path: string | undefined): Promise<Check> {
  const install = 'Install it: apt-get, dnf, apk or brew install tmux';
  const program = findProgram('tmux', path);
  if (program === null) return fail('tmux', 'tmux is not on PATH', install);
  const said = await output(program, ['-V']);
  const version = tmuxVersion(said ?? '');
  if (version === undefined) {
    return warn(
      'tmux',
      `${program} does not say its version (${JSON.stringify(said)})`,
      'Run tmux -V to see why',
    );
  }
  const { text, number } = version;
  if (number < 300) return fail('tmux', `tmux ${text} is too old: codepiper needs 3.0 or newer`, install);
  const costs = tmuxCosts(number);
  const price = costs.length > 0 ? `; older than 3.7: ${costs.join('; ')}` : '';
  if (number < 302)
    return warn('tmux', `tmux ${text} at ${program}: control mode${price}`, 'Install tmux 3.2 or newer');
  return ok('tmux', `tmux ${text} at ${program}: control mode, flow control${price}`);
}

/**
 * What a tmux lacks that newer ones have, as far as a person may notice.
 *
 * @param number as of {@link tmuxVersion}
 */
export function tmuxCosts(number: number): string[] {
  const costs: [boolean, string][] = [
    [number < 301, 'of several attached terminals the largest decides the size'],
    [number < 302, 'no flow control: a slow viewer holds the program back for a moment'],
    [number < 302, 'titles are looked at every 2 s'],
    [number < 302, 'no pop-ups'],
    [number === 302, 'a session that waits for you does not say so over its attached terminal'],
    [number >= 302 && number < 307, 'tmux may crash when a session ends while a viewer is being attached'],
    [number < 304, 'links on the screen do not survive a restart of the daemon'],
    [number < 306, 'nor does the shape of the cursor'],
    [number < 307, 'nor whether pastes are bracketed, until the program says so again'],
  ];
  return costs.flatMap(([isSo, text]) => (isSo ? [text] : []));
}

/** `tmux 3.3a`, `tmux next-3.5`, `tmux openbsd-7.4`, `tmux master`; as a number 3.3 is 303. */
export function tmuxVersion(said: string): { text: string; number: number } | undefined {
  const text = /^tmux (\S+)/.exec(said)?.[1];
  if (text === undefined) return undefined;
  // Built from the newest source.
  if (text === 'master' || text.startsWith('openbsd-')) return { text, number: Number.POSITIVE_INFINITY };
  const [, major, minor] = /^(?:next-)?(\d+)\.(\d+)/.exec(text) ?? [];
  return major && minor ? { text, number: Number(major) * 100 + Number(minor) } : undefined;
}

const agents = [
  { id: 'claude-code', program: 'claude', package: '@anthropic-ai/claude-code' },
  { id: 'codex', program: 'codex', package: '@openai/codex' },
] as const;

/** The agents that are installed; without any, sessions run plain programs only. */
export async function checkAgents(path: string | undefined): Promise<Check[]> {
  const found = agents.map((agent) => ({ ...agent, path: findProgram(agent.program, path) }));
  const hasAny = found.some((agent) => agent.path !== null);
  return Promise.all(
    found.map(async (agent): Promise<Check> => {
      const install = `npm install -g ${agent.package}`;
      if (agent.path === null) {
        const message = `${agent.program} is not on PATH`;
        return hasAny
          ? ok(agent.id, `${message} (${install})`)
          : warn(agent.id, message, `Install it: ${install}`);
      }
      const version = await agentVersion(agent.path, agent.package);
      if (version !== null) return ok(agent.id, `${agent.program} ${version} at ${agent.path}`);
      return warn(
        agent.id,
        `${agent.path} did not say its version`,
        `Run ${agent.program} --version to see why`,
      );
    }),
  );
}

/** Read from the files where possible: agents take up to a second to say it. */
async function agentVersion(path: string, packageName: string): Promise<string | null> {
  const packaged = packageVersion(path, packageName);
  if (packaged !== null) return packaged;
  // The native installer of Claude Code links to a file named after the version.
  const target = basename(realpathSync(path));
  if (/^\d+\.\d+\.\d+/.test(target)) return target;
  return /\d+\.\d+\.\d+\S*/.exec((await output(path, ['--version'])) ?? '')?.[0] ?? null;
}

function output(program: string, args: string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout: 2000, killSignal: 'SIGKILL', maxBuffer: 65_536 },
      (error, said) => resolve(error ? null : said.trim()),
    );
    child.stdin?.end();
  });
}
