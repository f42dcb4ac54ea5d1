import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { type ProviderInfo, providerAliases } from '@codepiper/core/providers/provider.ts';
import type { Conversation, Provider } from '@codepiper/providers/provider.ts';
import { providers } from '@codepiper/providers/registry.ts';
import { decideClient, decideCommand, decideFiles, decideScript } from '../panes/decide.ts';
import { PaneFolder, shellQuote } from '../panes/pane-folder.ts';
import { hookScript, paneScript } from '../panes/scripts.ts';
import { spoolKey } from '../panes/spool.ts';
import { readTextFile, writePrivateFile } from '../platform/files.ts';
import { nearestDirectory } from '../platform/nearest-directory.ts';
import { findProgram, packageVersion } from '../platform/programs.ts';
import { paneEnvironment } from './pane-environment.ts';
import type { LaunchRecord, SessionRecord } from './session-record.ts';

export interface LauncherOptions {
  /** Folder of session folders. */
  sessionsDirectory: string;
  spoolDirectory: string;
  /** Folder of the scripts, and of the `codepiper` command that sessions find on their PATH. */
  binDirectory: string;
  socket: string;
  /** The setting as it is now. */
  forwardSshAgent: () => boolean;
  /** Whether Codex has the whole machine, as the setting is now. */
  codexHostAccess: () => boolean;
  /** The daemon's own environment. */
  environment: Readonly<Record<string, string | undefined>>;
  umask: number;
  /** argv of the CLI, for the `codepiper` command in sessions; null when it is not known. */
  cli: readonly string[] | null;
  /** What a tool call meets when the daemon cannot be asked. */
  hookFallback: 'deny' | 'agent';
  /** How long a hook waits for a daemon that is away. */
  hookPatienceSeconds: number;
}

export interface Prepared {
  /** argv of the pane: the wrapper, without any secret. */
  paneArgv: string[];
  conversationId: string | null;
  tokenHash: string;
}

/** Prepares what a pane needs before it is made: folder, environment, the agent's overlay, the launch file. */
export class Launcher {
  readonly #options: LauncherOptions;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /** Writes the scripts; by rename, so that wrappers that run keep reading the one they began with. */
  async install(): Promise<void> {
    const { binDirectory, cli } = this.#options;
    // Only what changed: a daemon must be able to start on a full disk.
    const write = (name: string, content: string, mode: 0o600 | 0o700) => {
      const path = join(binDirectory, name);
      if (readTextFile(path) !== content) writePrivateFile(path, content, mode);
    };
    write('pane.sh', paneScript, 0o600);
    write('hook.sh', hookScript, 0o600);
    write('decide.sh', decideScript, 0o600);
    write('decide-client.cjs', decideClient, 0o600);
    if (cli) {
      const command = `#!/bin/sh\nexec ${cli.map(shellQuote).join(' ')} "$@"\n`;
      write('codepiper', command, 0o700);
    }
  }

  folder(sessionId: string): PaneFolder {
    return new PaneFolder(this.#options.sessionsDirectory, sessionId);
  }

  /** Providers as they are on this machine now. */
  describeProviders(): ProviderInfo[] {
    return Object.values(providers).map((provider) => {
      const path = this.#find(provider);
      return {
        id: provider.id,
        label: provider.label,
        aliases: Object.keys(providerAliases).filter((alias) => providerAliases[alias] === provider.id),
        capabilities: provider.capabilities,
        installed: path !== null,
        path,
        version: path && provider.npmPackage ? packageVersion(path, provider.npmPackage) : null,
        installHint: provider.installHint,
      };
    });
  }

  /** Throws `provider_unavailable` when the agent's program is not on the daemon's PATH. */
  program(provider: Provider): string {
    const path = this.#find(provider);
    if (path) return path;
    throw new CodepiperError(
      'provider_unavailable',
      `${provider.label} is not installed: "${provider.binary}" is not on the daemon's PATH. ${provider.installHint ?? ''}`.trim(),
      { provider: provider.id },
    );
  }

  /** Throws `provider_unavailable` when the command of a `shell` session is no program. */
  checkCommand(provider: Provider, args: readonly string[], cwd: string, env: Record<string, string>): void {
    const [command] = args;
    if (provider.binary !== null || command === undefined) return;
    if (findProgram(command.includes('/') ? resolve(cwd, command) : command, env.PATH)) return;
    throw new CodepiperError(
      'provider_unavailable',
      `"${command}" is no program ${command.includes('/') ? 'that can be run' : "on the session's PATH"}. Check its name, or give its path.`,
      { command },
    );
  }

  environment(
    provider: Provider,
    record: { launch: Pick<LaunchRecord, 'billingMode'> },
    given: Record<string, string>,
  ) {
    return paneEnvironment({
      inherited: this.#options.environment,
      provider,
      billing: record.launch.billingMode,
      forwardSshAgent: this.#options.forwardSshAgent(),
      given,
    });
  }

  /** Whether an agent that is started now has the whole machine without being dangerous. */
  hasHostAccess(provider: Provider, { dangerousMode }: Pick<LaunchRecord, 'dangerousMode'>): boolean {
    return provider.hasHostProfile && !dangerousMode && this.#options.codexHostAccess();
  }

  /** Whether the agent would start in the directory without asking. `trusted` are directories we were told about. */
  async isTrusted(
    provider: Provider,
    cwd: string,
    env: Record<string, string>,
    trusted: readonly string[],
  ): Promise<boolean> {
    if (trusted.includes(cwd)) return true;
    const config = await this.#readConfig(provider, env);
    return provider.isTrusted(config, env, { cwd, repositoryRoot: repositoryRoot(cwd) });
  }

  /** Writes everything the start of this run needs. Throws `CodepiperError` for what the agent cannot do. */
  async prepare(
    provider: Provider,
    record: SessionRecord,
    conversation: Conversation | null,
    given: Record<string, string>,
  ): Promise<Prepared> {
    const { binDirectory, spoolDirectory, socket, hookFallback } = this.#options;
    const folder = this.folder(record.id);
    const env = this.environment(provider, record, given);
    const key = spoolKey({ sessionId: record.id, run: record.run });
    const program = this.program(provider);
    const plan = provider.plan({
      sessionId: record.id,
      program,
      version: provider.npmPackage ? packageVersion(program, provider.npmPackage) : null,
      repositoryRoot: repositoryRoot(record.cwd),
      sessionDir: folder.path,
      cwd: record.cwd,
      model: record.model,
      args: record.launch.args,
      billing: record.launch.billingMode,
      dangerous: record.launch.dangerousMode,
      hostAccess: record.launch.hostAccess === true,
      conversation,
      trusted: record.launch.trusted,
      env,
      config: await this.#readConfig(provider, env),
      hookCommand: ['/bin/sh', join(binDirectory, 'hook.sh'), spoolDirectory, key].map(shellQuote).join(' '),
      decideCommand: decideCommand(join(binDirectory, 'decide.sh'), folder.path, hookFallback),
      hookFallback,
      sha256: (text) => createHash('sha256').update(text).digest('hex'),
    });
    for (const [name, value] of Object.entries(plan.env)) {
      if (value === null) delete env[name];
      else env[name] = value;
    }
    const token = randomBytes(32).toString('base64url');
    Object.assign(env, {
      CODEPIPER_SESSION: record.id,
      CODEPIPER_SOCKET: socket,
      CODEPIPER_TOKEN: token,
      PATH: [env.PATH, binDirectory].filter(Boolean).join(':'),
    });
    await folder.create();
    await folder.writeFile('env.json', JSON.stringify(given));
    const decide = provider.capabilities.nativeHooks ? this.#decideFiles(token) : [];
    for (const file of [...plan.files, ...decide]) {
      await folder.writeFile(file.name, file.content);
    }
    await folder.writeLaunch({ cwd: record.cwd, argv: plan.argv, env, umask: this.#options.umask });
    return {
      paneArgv: ['/bin/sh', join(binDirectory, 'pane.sh'), folder.path, spoolDirectory, key],
      conversationId: plan.conversationId,
      tokenHash: hashToken(token),
    };
  }

  /** The environment that was given when the session was created. */
  async givenEnvironment(sessionId: string): Promise<Record<string, string>> {
    const text = await this.folder(sessionId).read('env.json');
    return text ? (JSON.parse(text) as Record<string, string>) : {};
  }

  #decideFiles(token: string) {
    const { binDirectory, socket, environment, hookFallback, hookPatienceSeconds } = this.#options;
    const curl = findProgram('curl', environment.PATH);
    return decideFiles({
      socket,
      token,
      patience: hookPatienceSeconds,
      fallback: hookFallback,
      // A snap may enter no hidden folder, and our socket lies in one.
      curl: curl?.startsWith('/snap/') ? null : curl,
      node: process.execPath,
      client: join(binDirectory, 'decide-client.cjs'),
    });
  }

  #find(provider: Provider): string | null {
    const { environment } = this.#options;
    if (provider.binary) return findProgram(provider.binary, environment.PATH);
    return findProgram(environment.SHELL ?? '/bin/sh', environment.PATH) ?? '/bin/sh';
  }

  async #readConfig(provider: Provider, env: Record<string, string>): Promise<Record<string, string | null>> {
    const entries = provider.configFiles(env).map(async (file) => [file, await readTextFile(file)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
}

/**
 * Whether the agent could go on with the conversation: it writes its transcript late, and one that was killed right
 * after its first prompt has left nothing to resume.
 */
export async function hasConversation(provider: Provider, transcriptPath: string | null): Promise<boolean> {
  if (transcriptPath === null) return false;
  try {
    await using file = await open(transcriptPath);
    for await (const line of file.readLines()) {
      if (provider.readTranscriptLine(line).some((fact) => fact.kind === 'prompt')) return true;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return false;
}

/** What is stored of a session's token. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A conversation id of our own choosing. */
export function newConversationId(): string {
  return randomUUID();
}

/** Throws `invalid_request` when the directory is not there or cannot be entered. */
export async function checkDirectory(cwd: string): Promise<void> {
  const info = await stat(cwd).catch((error: NodeJS.ErrnoException) => error);
  if (info instanceof Error) {
    const why =
      info.code === 'EACCES'
        ? 'it may not be read.'
        : `there is no such directory. ${await nearestDirectory(cwd)}`;
    throw new CodepiperError('invalid_request', `cwd: ${cwd}: ${why}`);
  }
  if (!info.isDirectory()) throw new CodepiperError('invalid_request', `cwd: ${cwd} is not a directory.`);
}

/** Root of the main repository a directory belongs to, a linked worktree's included; null outside of git. */
export function repositoryRoot(cwd: string): string | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const git = join(folder, '.git');
    if (existsSync(git)) return mainRepository(folder, git);
    if (folder === dirname(folder)) return null;
  }
}

function mainRepository(folder: string, git: string): string {
  try {
    const pointer = /^gitdir: (.+)$/m.exec(readFileSync(git, 'utf8'))?.[1];
    const worktree = pointer && /^(.*)\/\.git\/worktrees\/[^/]+$/.exec(resolve(folder, pointer));
    return worktree?.[1] ?? folder;
  } catch {
    // A directory: the repository itself.
    return folder;
  }
}
