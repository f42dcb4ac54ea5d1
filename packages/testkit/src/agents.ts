import { access, constants, mkdir, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type AgentName = 'claude' | 'codex';

/** Where the pinned agents' native programs lie, absolute paths. */
export type AgentBinaries = Record<AgentName, string>;

/** What decides which platform package npm installed; a test may pretend another machine. */
export interface Machine {
  platform: NodeJS.Platform;
  arch: string;
  /** Linux with musl instead of glibc (Alpine). */
  musl: boolean;
}

interface Place {
  /** npm package a developer sees in package.json. */
  wrapper: string;
  /** Optional dependency of the wrapper that carries the program. */
  carrier: string;
  /** Path of the program inside the carrier. */
  file: string;
}

const CODEX_TRIPLES: Record<string, string> = {
  'linux-x64': 'x86_64-unknown-linux-musl',
  'linux-arm64': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
};

/** The machine this process runs on. */
export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform, arch, musl: platform === 'linux' && !hasGlibc() };
}

/**
 * Names the package and file that hold an agent's native program on a machine.
 * @throws Error when the agent is not published for that machine
 */
export function placeOf(agent: AgentName, { platform, arch, musl }: Machine): Place {
  const machine = `${platform}-${arch}`;
  const triple = CODEX_TRIPLES[machine];
  if (!triple)
    throw new Error(`The agents are not published for ${machine}; use Linux or macOS on x64 or arm64.`);
  return agent === 'claude'
    ? {
        wrapper: '@anthropic-ai/claude-code',
        carrier: `@anthropic-ai/claude-code-${machine}${musl ? '-musl' : ''}`,
        file: 'claude',
      }
    : {
        wrapper: '@openai/codex',
        carrier: `@openai/codex-${machine}`,
        file: join('vendor', triple, 'bin', 'codex'),
      };
}

/**
 * Finds the real `claude` and `codex` of this package's pinned dependencies. The npm launchers are bypassed:
 * claude's is only put in place by an install script, which this repository does not run.
 * @throws Error naming the missing package and how to get it
 */
export async function locateAgents(machine: Machine = thisMachine()): Promise<AgentBinaries> {
  return { claude: await locate('claude', machine), codex: await locate('codex', machine) };
}

/**
 * Makes `binDir` (created if missing) a directory for PATH that holds `claude` and `codex`, as symbolic links.
 * `codex-linux-sandbox` is linked too: codex looks for that name on PATH when its home lies in a temporary place.
 */
export async function installAgents(binDir: string): Promise<AgentBinaries> {
  const found = await locateAgents();
  await mkdir(binDir, { recursive: true });
  const links: [string, string][] = [
    ['claude', found.claude],
    ['codex', found.codex],
  ];
  if (process.platform === 'linux') links.push(['codex-linux-sandbox', found.codex]);
  for (const [name, target] of links) {
    await rm(join(binDir, name), { force: true });
    await symlink(target, join(binDir, name));
  }
  return { claude: join(binDir, 'claude'), codex: join(binDir, 'codex') };
}

async function locate(agent: AgentName, machine: Machine): Promise<string> {
  const place = placeOf(agent, machine);
  const here = createRequire(import.meta.url);
  // The platform package is a dependency of the wrapper, so only the wrapper can see it (pnpm is strict).
  let program: string;
  try {
    const wrapper = createRequire(here.resolve(`${place.wrapper}/package.json`));
    program = join(dirname(wrapper.resolve(`${place.carrier}/package.json`)), place.file);
    await access(program, constants.X_OK);
  } catch (cause) {
    throw new Error(
      `The ${agent} program is not installed: ${place.carrier} has no executable ${place.file}. ` +
        'Run `pnpm install` without --no-optional.',
      { cause },
    );
  }
  return program;
}

function hasGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
